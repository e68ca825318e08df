"""Numbers that may stand side by side: one part and one rule in a table."""

from __future__ import annotations

import pytest

from semtool.errors import UsageError
from semtool.experiments.comparison.comparing import _check_parts, compare
from semtool.experiments.comparison.tables import result_views, write_tables
from semtool.experiments.measured import common_rule


@pytest.fixture
def found(store, narrow):
    return compare(
        ["good", "shuffled"], ["tfidf"], store=store, presets=["ridge"], seeds=(0,), executor=narrow
    )


def test_every_table_is_over_one_part_and_by_one_rule(found):
    zero_shot, general, other = result_views(found)
    assert "over all samples" in zero_shot.title
    assert "test part" in other.title
    assert set(general.frame["rule"]) == {"stacking"}
    assert [c.rpartition(" ")[2] for c in general.frame.columns[4:]] == ["S", "U", "H"]
    for form in ("latex", "markdown"):
        text = write_tables(found, form)
        assert "stacking" in text
        assert "not to be mixed" in text
    cells = found.to_frame()
    assert {"stacking_harmonic", "gate_harmonic", "none_harmonic", "test_accuracy"} <= set(cells.columns)


def test_two_parts_in_one_comparison_are_refused(found):
    first, second = found.cells
    with pytest.raises(UsageError, match=r"test part, .* on all samples: .* do not stand in one comparison"):
        _check_parts([first, second.model_copy(update={"part": "test"})])


def test_the_common_rule_is_one_that_every_row_has():
    assert common_rule([{"none": 1, "stacking": 1}, {"none": 1, "gate": 1}]) == "none"
    assert common_rule([{"none": 1, "stacking": 1}] * 2) == "stacking"
    assert common_rule([{"none": 1}, None]) is None
