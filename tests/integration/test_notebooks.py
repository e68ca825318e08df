"""The notebooks of the site run as they stand, without a network, and show what they showed."""

import shutil
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra 'dev'")
nbclient = pytest.importorskip("nbclient", reason="needs the extra 'dev'")
pytestmark = pytest.mark.slow
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def shown(book):
    """Return for each code cell the kinds of what it shows."""
    return [
        [sorted(out.get("data", {out.get("name", out.output_type): 0})) for out in cell.outputs]
        for cell in book.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_and_shows_what_it_showed(path, tmp_path):
    kept = nbformat.read(path, as_version=4)
    shutil.copytree(
        path.parent / "answers", tmp_path / "answers"
    )  # a language model's, so that none is asked
    run = nbclient.NotebookClient(
        nbformat.from_dict(kept), timeout=600, resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert shown(run) == shown(kept)
    assert not any("stderr" in kinds for cell in shown(run) for kinds in cell)
    assert not any("/tmp/" in str(cell.get("outputs")) for cell in kept.cells)


def test_there_is_one_for_each_tutorial():
    assert {p.stem for p in NOTEBOOKS} == {"first-hour", "which-text", "benchmark", "language-model"}
