"""Every command that the documentation shows is one that the program takes."""

import re
import shlex
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for place in ("*.md", "docs/**/*.md", "prompts/*.md", "examples/**/*.md")
    for page in ROOT.glob(place)
)


def commands(page):
    """Return the commands of a page: lines of code blocks, and what inline code says with an option."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    lines += [line for line in re.findall(r"`(semtool [^`]*)`", text) if " -" in line]
    return [line.strip() for line in lines if re.match(r"\s*semtool [a-z-]", line)]


CASES = [(page, line) for page in PAGES for line in commands(page)]


@pytest.fixture(scope="module")
def program():
    from semtool.cli.app import app

    return typer.main.get_command(app)


def parse(program, words):
    """Parse as the program would, without running anything."""
    context = program.make_context("semtool", list(words), resilient_parsing=False)
    while isinstance(context.command, typer.core.TyperGroup):
        rest = [*context._protected_args, *context.args]
        if not rest:
            assert context.command.invoke_without_command or context.command.no_args_is_help
            return
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None, name
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("page", "line"), CASES, ids=[f"{p.name}: {line}"[:80] for p, line in CASES])
def test_the_program_takes_it(program, page, line):
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((i for i, w in enumerate(words) if w in ("|", ">", "&&", ";")), len(words))]
    if any("..." in w or "|" in w for w in words):
        return  # a pattern, not a command
    try:
        parse(program, words)
    except Exception as error:
        # Pages name commands and options without their arguments, and files of the reader; help is an exit.
        of_the_reader = type(error).__name__ == "BadParameter" and "does not exist" in str(error)
        if not of_the_reader and type(error).__name__ not in ("MissingParameter", "BadOptionUsage", "Exit"):
            raise


def test_the_search_finds_commands_and_the_parser_refuses_wrong_ones(program):
    assert len(CASES) > 20
    with pytest.raises(Exception, match="No such option"):
        parse(program, ["train", "--sedes", "0"])
