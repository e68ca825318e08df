"""The page on skeleton data names every format and every outcome, as the code does."""

from __future__ import annotations

from pathlib import Path

from skeleton.data.formats import OUTCOMES, readers

PAGE = (Path(__file__).parents[3] / "docs" / "skeleton-data.md").read_text(encoding="utf-8")


def test_every_outcome_is_explained():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 4]
    found = {
        cells[1].strip(" `"): (cells[2].strip(), cells[3].strip()) for cells in (r.split("|") for r in rows)
    }
    for outcome, explained in OUTCOMES.items():
        assert found[outcome] == explained


def test_every_format_is_named():
    for reader in readers():
        assert f"| `{reader.name}` |" in PAGE
