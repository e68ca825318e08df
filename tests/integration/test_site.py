"""The site builds without a warning, and its generated pages have what the code has."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra 'dev'")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_command_has_its_section_and_every_option_a_help(site):
    import typer

    from semtool.cli.app import app

    page = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")

    def walk(command, words):
        assert f'id="{"-".join(words)}"' in page
        for option in command.params:
            assert getattr(option, "hidden", False) or option.param_type_name == "argument" or option.help, (
                words,
                option.name,
            )
        for name, sub in getattr(command, "commands", {}).items():
            walk(sub, [*words, name])

    walk(typer.main.get_command(app), ["semtool"])


def test_public_functions_are_described(site):
    page = (site / "reference" / "python" / "index.html").read_text(encoding="utf-8")
    for name in ("semtool.embedding.embed", "skeleton.runs.training.train"):
        assert f'id="{name}"' in page


def test_fields_and_values_are_those_of_the_vocabulary(site):
    from semtool.catalogue import load_vocabulary

    page = (site / "reference" / "vocabulary" / "index.html").read_text(encoding="utf-8")
    assert all(f'id="{name}"' in page for name in load_vocabulary().fields)


def test_pictures_are_small_whole_and_shown(site):
    import xml.etree.ElementTree as tree

    pages = "".join(page.read_text(encoding="utf-8") for page in site.rglob("index.html"))
    drawn = sorted((site / "pictures").rglob("*.svg"))
    assert len(drawn) > 40
    for picture in drawn:
        assert picture.stat().st_size < 200_000
        assert len(list(tree.parse(picture).iter())) > 10, picture.name
        assert f'pictures/{picture.relative_to(site / "pictures")}"' in pages
