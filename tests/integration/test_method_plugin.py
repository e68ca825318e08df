"""The example method: installed into a folder of its own, it is trained, measured, compared and reported."""

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from semtool.artifacts import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "bring_your_own_method"


def run(folder, *arguments):
    code = "from semtool.cli import main; main()"
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def install(folder, value=None):
    """Lay out what an installation of the example leaves behind, without a package index."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    folder.mkdir()
    (folder / "semtool_contrastive.py").write_text((EXAMPLE / "semtool_contrastive.py").read_text())
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata)
    points = project["entry-points"]["semtool.methods"]
    lines = "".join(f"{k} = {value or v}\n" for k, v in points.items())
    (info / "entry_points.txt").write_text(f"[semtool.methods]\n{lines}")


@pytest.fixture
def inputs(tmp_path):
    path = ROOT / "tests" / "unit" / "skeleton" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_worlds", path)
    worlds = importlib.util.module_from_spec(spec)
    sys.modules["small_worlds"] = worlds
    spec.loader.exec_module(worlds)
    store = Store(tmp_path / "artifacts")
    return store, worlds.embeddings_of(store, "utd-mhad"), worlds.features_of(store, "utd-mhad")


def test_the_example_is_trained_measured_again_and_reported(tmp_path, inputs):
    store, _, _ = inputs
    site, root = tmp_path / "site", ("--root", store.root)
    install(site)
    trained = run(
        site, "train", "--preset", "contrastive", "--set", "epochs=60", "--seeds", "2", "--json", *root
    )
    assert trained.returncode == 0, trained.stderr
    summary = json.loads(trained.stdout)
    assert (summary["method"], summary["seeds"]) == ("contrastive", [0, 1])
    assert summary["zsl"]["accuracy"]["mean"] > 0.4  # chance is 0.2
    values = summary["zsl"]["accuracy"]["values"]
    again = run(site, "train", "--preset", "contrastive", "--set", "epochs=60", "--seeds", "2", *root)
    assert "was trained before" in again.stderr
    measured = run(site, "evaluate", "--json", *root)
    assert measured.returncode == 0, measured.stderr
    assert json.loads(measured.stdout)["zsl"]["accuracy"]["values"] == values
    chosen = run(
        site, "train", "--preset", "contrastive-sharp", "--epochs", "20", "--select", "validation",
        "--calibrate", "--json", *root,
    )  # fmt: skip
    assert chosen.returncode == 0, chosen.stderr
    assert list(json.loads(chosen.stdout)["gzsl"]) == ["stacking", "gate", "none"]
    page = run(site, "report", summary["name"], *root)
    assert page.returncode == 0, page.stderr
    wrong = run(site, "train", "--preset", "contrastive", "--kernel", "whole", *root)
    assert wrong.returncode == 2
    assert "the method contrastive has no switch 'kernel'; its own are" in wrong.stderr
    gone = run(tmp_path / "nothing", "evaluate", summary["name"], *root)
    assert gone.returncode == 2
    assert "unknown method 'contrastive'" in gone.stderr


def test_the_example_runs_in_a_table_and_its_figure_is_saved(tmp_path, inputs):
    store, _, _ = inputs
    for split in ("purls-18-9", "purls-14-13"):
        sys.modules["small_worlds"].features_of(store, "utd-mhad", split)
    install(tmp_path / "site")
    figures = [tmp_path / "bars.svg", tmp_path / "bars.pdf"]
    for figure in figures:  # the second time everything is there
        made = run(
            tmp_path / "site", "table", "purls", "-d", "utd-mhad", "--presets", "contrastive,ridge",
            "--texts", "utd-mhad/tiny/random", "--set", "epochs=5", "--seeds", "1", "--jobs", "1",
            "--figure", figure, "--root", store.root,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    assert "| contrastive, " in made.stdout
    assert [f.read_bytes()[:4] for f in figures] == [b"<?xm", b"%PDF"]


def test_one_that_raises_at_import_is_a_sentence_and_the_rest_works(tmp_path, inputs):
    store, _, _ = inputs
    site = tmp_path / "site"
    install(site, "semtool_contrastive_missing:Contrastive")
    broken = run(site, "train", "--preset", "contrastive", "--root", store.root)
    assert broken.returncode == 2
    assert "of the package semtool-contrastive cannot be used" in broken.stderr
    assert run(site, "train", "--preset", "ridge", "--root", store.root).returncode == 0
