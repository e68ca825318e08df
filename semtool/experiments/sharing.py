"""Runs on a Hugging Face repository: results, predictions and small checkpoints, with checksums."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.disk import file_sha256
from semtool.errors import SemtoolError, UsageError
from semtool.hub import Pushed, Repository, upload
from semtool.packaged import rendered

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from skeleton.runs import Run

__all__ = ["pull_run", "push_run"]

INDEX = "run.json"
_FILE = re.compile(
    r"summary\.json|seed-\d+/(config\.yaml|metrics\.json|predictions\.csv|checkpoint\.safetensors)"
)
LARGEST = 50_000_000
"""Bytes of a checkpoint that is pushed along."""


def push_run(run: Run, repo: str, *, private: bool = False, licence: str = "unknown") -> Pushed:
    """Upload a run's results, predictions, checkpoints up to `LARGEST` and a card to ``repo`` in one commit.

    Raises:
        UsageError: if ``repo`` is no name.
        SemtoolError: if the run cannot be read, or the server cannot be reached or refuses.
    """
    found = {p.relative_to(run.path).as_posix(): p for p in sorted(run.path.rglob("*"))}
    files = {n: p for n, p in found.items() if _FILE.fullmatch(n) and p.stat().st_size <= LARGEST}
    index = {"schema": 1, "name": run.name, "files": {n: file_sha256(p) for n, p in files.items()}}
    known = {"name": run.name, "headline": run.summary.headline(), "index": INDEX}
    card = rendered("semtool.experiments", "run_card.md.j2", licence=licence, repo=repo, **known)
    sources: dict[str, str | bytes] = {n: str(p) for n, p in files.items()}
    sources |= {INDEX: json.dumps(index, indent=2).encode(), "README.md": card.encode()}
    return upload(repo, sources, private=private, message=f"semtool push {run.name}")


def pull_run(source: Repository, *, store: Store) -> Run:
    """Download the run in a repository below ``runs/``, unless the same one is there already.

    Raises:
        FileNotFoundError: if the repository holds no run.
        UsageError: if another run of that name is there.
        SemtoolError: if the connection is lost or something does not fit its checksum.
    """
    from skeleton.runs import check_name, open_run, runs_folder

    with tempfile.TemporaryDirectory(prefix="semtool-") as folder:
        here = Path(folder)
        files, name = _index(source.fetch(INDEX, here), source.name)
        target = runs_folder(store) / check_name(name)
        for file, wanted in files.items():
            if file_sha256(source.fetch(file, here / "run")) != wanted:
                raise SemtoolError(
                    f"{source.name} is damaged, nothing was kept: {file} does not match its checksum"
                )
        run = open_run(store, str(here / "run"))
        for seed in run.seeds:
            run.metrics(seed)
        if target.exists():
            if any(not (target / f).is_file() or file_sha256(target / f) != w for f, w in files.items()):
                raise UsageError(f"there is another run {name} below {target.parent}; rename one of them")
        else:
            shutil.rmtree(here / "run" / ".cache", ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Beside it first: a run that is half there would be ranked.
            with tempfile.TemporaryDirectory(prefix=".tmp-", dir=target.parent) as beside:
                shutil.copytree(here / "run", Path(beside) / name).rename(target)
    return open_run(store, name)


def _index(path: Path, repo: str) -> tuple[dict[str, str], str]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        files, name = dict(index["files"]), str(index["name"])
        if index["schema"] == 1 and "summary.json" in files and all(map(_FILE.fullmatch, files)):
            return files, name
    except (ValueError, KeyError, TypeError):
        pass
    raise SemtoolError(
        f"{repo} is damaged, nothing was kept: its {INDEX} is not one that semtool push writes"
    )
