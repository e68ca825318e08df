"""The tables of the page on skeleton data are those that the code would write."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from skeleton.data.formats import OUTCOMES, readers
from skeleton.data.formats.hints import Hints
from skeleton.data.layouts import LAYOUTS

PAGE = (Path(__file__).parents[3] / "docs" / "skeleton-data.md").read_text(encoding="utf-8")
TABLES = {
    "formats": [("format", "files"), *((f"`{r.name}`", r.looks_like) for r in readers())],
    "layouts": [
        ("layout", "joints", "frames a second"),
        *((f"`{n}`", str(len(x)), f"{x.fps:g}") for n, x in LAYOUTS.items() if n != "body"),
    ],
    "outcomes": [("outcome", "kind", "meaning"), *((f"`{n}`", *said) for n, said in OUTCOMES.items())],
}


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_a_table_is_the_codes_own(rows):
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    table = "\n".join([head, "|---" * len(rows[0]) + "|", *body])
    assert table in PAGE, f"paste into docs/skeleton-data.md:\n{table}"


def test_the_file_of_settings_on_the_page_is_one_and_shows_every_setting():
    block = PAGE.split("```yaml")[1].split("```")[0]
    assert set(Hints(**yaml.safe_load(block)).model_fields_set) == set(Hints.model_fields)
