"""Fixtures for every test: an empty working folder, no network, no settings from outside."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@dataclass
class Result:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch, tmp_path):
    """Run each test in its own empty folder, with no semtool settings and no keys."""
    for name in list(os.environ):
        if (name.startswith("SEMTOOL_") and name != "SEMTOOL_DATA") or name.startswith("OPENAI_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys):
    """Run a semtool command in this process: ``cli("embed", "--encoder", "tfidf").code``."""

    def run(*arguments: str | Path) -> Result:
        from semtool.cli import main

        capsys.readouterr()
        code = 0
        try:
            main([str(a) for a in arguments])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def make_httpserver():
    """The one server behind ``httpserver``: to stop one takes half a second, so tests share it."""
    from pytest_httpserver import HTTPServer

    with HTTPServer(threaded=True) as running:
        yield running


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data; tests that need it are skipped without ``SEMTOOL_DATA``."""
    folder = os.environ.get("SEMTOOL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SEMTOOL_DATA does not point at a folder of real data")
    return Path(folder).resolve()
