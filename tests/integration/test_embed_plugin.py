"""The example plug-in: installed into a folder of its own, it appears and encodes."""

import json
import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "bring_your_own_encoder"


def run(folder, *arguments):
    code = "from semtool.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(folder), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def install(folder):
    """Lay out what an installation of the example leaves behind, without a package index."""
    import tomllib

    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    (folder / "semtool_letters.py").write_text((EXAMPLE / "semtool_letters.py").read_text())
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["semtool.encoders"]
    (info / "entry_points.txt").write_text(
        "[semtool.encoders]\n" + "".join(f"{k} = {v}\n" for k, v in points.items())
    )


def test_the_example_appears_and_passes_the_trial(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    before = json.loads(run(site, "encoders", "list", "--json").stdout)
    assert "letters" not in {e["alias"] for e in before["encoders"]}
    install(site)
    after = json.loads(run(site, "encoders", "list", "--json").stdout)
    assert "letters" in {e["alias"] for e in after["encoders"]}
    assert after["problems"] == []
    check = run(site, "encoders", "check", "letters", "--run")
    assert check.returncode == 0, check.stderr
    assert run(site, "encoders", "show", "letter").returncode == 2
