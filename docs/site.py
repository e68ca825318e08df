"""The generated part of the site: written from the code when the site is built, so that it cannot be stale."""

from __future__ import annotations

import ast
import html
import re
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any

import notebooks
import pictures
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
ROOMS = (
    "semtool", "skeleton", "skeleton.data", "skeleton.simulation", "skeleton.visual", "skeleton.methods",
    "skeleton.runs", "skeleton.recogniser", "semtool.catalogue", "semtool.generation", "semtool.encoders",
    "semtool.artifacts", "semtool.exchange", "semtool.diagnosis", "semtool.experiments",
)  # fmt: skip


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages, and the results of the benchmarks that pages quote."""
    pages: dict[str, str | bytes] = {
        "reference/commands.md": commands(),
        "reference/python.md": python(),
        "reference/files.md": schemas(),
        "reference/vocabulary.md": vocabulary(),
        "reference/prompt-sets.md": prompt_sets(),
        "architecture.md": architecture(),
        **notebooks.pages(),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    drawn = {name: getattr(pictures, name)() for name in ("flow", "strip", "accuracy", "attention")}
    drawn |= {f"vocabulary/{field}": drawing for field, drawing in pictures.vocabulary().items()}
    for name, drawing in drawn.items():
        files.append(File.generated(config, f"pictures/{name}.svg", content=drawing))
    for page in sorted(RESULTS.glob("*.md")):
        text = _own_links(page.read_text(encoding="utf-8"), 0)
        files.append(File.generated(config, f"results/{page.name}", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Point links that leave the folder of pages to where the site has them; others become plain text."""
    return _own_links(markdown, page.file.src_uri.count("/"))


def _own_links(text: str, depth: int) -> str:
    """Return the text of a page that lies ``depth`` folders below that of all pages."""
    up = "../" * depth
    text = re.sub(r"\]\((?:\.\./)+benchmarks/results/([\w.-]+\.md)\)", rf"]({up}results/\1)", text)
    text = re.sub(r"\]\((?:\.\./)+README\.md(#[\w-]+)?\)", rf"]({up}index.md)", text)
    return re.sub(rf"\[([^\]]+)\]\((?:\.\./){{{depth + 1},}}[^)]*\)", r"\1", text)


def commands() -> str:
    """Return every command with its options, as its own help says."""
    import typer
    from typer.cli import get_docs_for_click

    from semtool.cli.app import app

    command = typer.main.get_command(app)
    context = command.make_context("semtool", [], resilient_parsing=True)
    text = get_docs_for_click(obj=command, ctx=context, name="semtool")
    text = re.sub(r"^(#+) ", r"#\1 ", text, flags=re.M)
    text = re.sub(r"<(\w[\w ]*(\[\w+\])?)>", r"\1", text)
    return "# Commands\n\n" + re.sub(r"^Example: (.*)$", r"```\n\1\n```", text, flags=re.M)


def python() -> str:
    """Return the public names, room by room, each where it is shown first."""
    parts = ["# Python\n\nWhat the doors of both packages export; everything else may change.\n"]
    seen: set[str] = set()
    for room in ROOMS:
        door = import_module(room)
        parts.append(f"## {room}\n\n{(door.__doc__ or '').split(chr(10) * 2)[0]}\n")
        for name in door.__all__:
            exported = getattr(door, name)
            where = f"{getattr(exported, '__module__', room)}.{getattr(exported, '__qualname__', name)}"
            # Constants and types have their say where they are used.
            if (isfunction(exported) or isclass(exported)) and where not in seen:
                seen.add(where)
                parts.append(f"::: {where}\n    options:\n      heading_level: 3\n")
    return "\n".join(parts)


def schemas() -> str:
    """Return the files that semtool writes and reads, field by field."""
    from semtool.artifacts import Manifest
    from semtool.catalogue import Dataset
    from semtool.experiments import Comparison
    from semtool.generation import PromptSet
    from skeleton.runs.records import Metrics, Summary

    described = {
        "manifest.json (of every artifact)": Manifest,
        "metrics.json (of a seed)": Metrics,
        "summary.json (of a run)": Summary,
        "comparison.json (of a comparison)": Comparison,
        "A data set of your own (YAML)": Dataset,
        "prompt.yaml (of a prompt set)": PromptSet,
    }
    parts = ["# Files\n\nTensors are safetensors, tables CSV, records JSON. `embeddings.safetensors` holds `embeddings`"
             " float32 (n, d) and `class_id` int64 (n,), with granularity, slot and variant of each row in the"
             " header; `features.safetensors` holds `features` float32 (n, Dv), `class_id`, `subject`, `view`,"
             " `subset` and names.\n"]  # fmt: skip
    for title, model in described.items():
        parts.append(
            f"## {title}\n\n{_first_sentences(model)}\n\n{_fields(model.model_json_schema(by_alias=True))}"
        )
    return "\n".join(parts)


def _first_sentences(model: type) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def _fields(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = ["| field | type | |", "|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        about = " ".join(str(field.get("description", "")).split())
        rows.append(
            f"| `{name}` | {_type(field)} | {'' if name in required else 'optional. '}{html.escape(about)} |"
        )
    return "\n".join(rows) + "\n"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_type(f) for f in field["anyOf"])
    if "enum" in field or "const" in field:
        return ", ".join(f"`{v}`" for v in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return str(field.get("type", "any"))


def vocabulary() -> str:
    """Return the attribute vocabulary, field by field."""
    from semtool.catalogue import load_vocabulary

    fields = load_vocabulary().fields
    parts = [
        "# Attribute vocabulary\n\nThe typed kinematic facts in which every class is described. Left and right are the"
        f" person's own. There are {len(fields)} fields; the value in bold is the body at rest, which a class may"
        " leave out. Values of an *ordered* field are steps of one scale, lowest first. The drawings are acted by the"
        " simulator: pale where the movement begins, strong at its widest, thin lines for the ways of one person's hands and feet; the"
        " person's left is blue, the right orange. Each shows the class with that value that is otherwise nearest to rest.\n"
    ]
    for name, field in fields.items():
        rows = "\n".join(
            f"| {f'**{value}**' if known.default else value} | {known.means} | {known.says} |"
            for value, known in field.values.items()
        )
        about = f"{field.about[0].upper()}{field.about[1:]} ({field.kind}{f', {field.part}' if field.part else ''})."
        drawing = f"![Values of {name}, acted out](../pictures/vocabulary/{name}.svg)"
        parts.append(
            f"## {name}\n\n{about}\n\n{drawing}\n\n| value | means | says |\n|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def prompt_sets() -> str:
    """Return what each prompt set says of three classes."""
    from semtool.catalogue import load_bank, load_dataset
    from semtool.generation import describe, load_prompt_set, prompt_set_names

    text = (ROOT / "prompts" / "README.md").read_text(encoding="utf-8")
    parts = [text, "\n## What they say\n"]
    data = load_dataset("utd-mhad")
    bank = load_bank(data)
    shown = [c for c in data.classes if c.id in (0, 16, 22)]
    for name in prompt_set_names():
        chosen = load_prompt_set(name)
        if chosen.source != "template":
            continue
        found = list(describe(chosen, data, bank))
        parts.append(f"### {name}\n")
        for cls in shown:
            said = [d.text for d in found if d.class_id == cls.id]
            parts.append(f"*{cls.name}*, {len(said)} texts:\n")
            parts += [f"- {html.escape(t)}" for t in said[:4]]
            parts.append("")
    return "\n".join(parts)


def architecture() -> str:
    """Return the rooms of both packages, and which room imports which."""
    rooms: dict[str, str] = {}
    knows: dict[str, set[str]] = {}
    for package in ("semtool", "skeleton"):
        for path in sorted((ROOT / package).rglob("*.py")):
            room = _room(path.relative_to(ROOT).with_suffix("").parts)
            if path.name == "__init__.py" and len(path.relative_to(ROOT).parts) == 3:
                rooms[room] = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split(
                    "\n\n"
                )[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    ("semtool.", "skeleton.")
                ):
                    other = _room(tuple((node.module or "").split(".")))
                    if other != room:
                        knows.setdefault(room, set()).add(other)
    rows = [f"| `{r}` | {' '.join(said.split())} | {', '.join(f'`{o}`' for o in sorted(knows.get(r, ())) if o in rooms)} |"
            for r, said in sorted(rooms.items())]  # fmt: skip
    text = (ROOT / "docs" / "architecture.md.in").read_text(encoding="utf-8")
    return text.replace(
        "<!-- rooms -->", "\n".join(["| room | what it is for | imports |", "|---|---|---|", *rows])
    )


def _room(parts: tuple[str, ...]) -> str:
    return ".".join(parts[:2])
