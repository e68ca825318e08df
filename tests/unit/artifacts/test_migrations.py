"""Old manifests are lifted step by step."""

import pytest

from semtool.artifacts.migrations import SCHEMA, STEPS, upgrade
from semtool.errors import SemtoolError


def m001_rename(raw):
    raw["name"] = raw.pop("title")
    return raw


def m002_add(raw):
    return raw | {"counts": {}}


def test_steps_apply_in_order_from_where_the_manifest_is():
    steps = (m001_rename, m002_add)
    assert upgrade({"schema": 1, "title": "a"}, "m", steps) == {"schema": 3, "name": "a", "counts": {}}
    assert upgrade({"schema": 2, "name": "a"}, "m", steps) == {"schema": 3, "name": "a", "counts": {}}
    assert upgrade({"schema": 3, "name": "a"}, "m", steps) == {"schema": 3, "name": "a"}


def test_the_manifest_given_is_not_changed():
    raw = {"schema": 1, "title": "a"}
    upgrade(raw, "m", (m001_rename,))
    assert raw == {"schema": 1, "title": "a"}


@pytest.mark.parametrize("schema", [None, "1", True, 0, -1, 1.0])
def test_a_schema_that_is_no_positive_whole_number(schema):
    with pytest.raises(SemtoolError, match="names no schema"):
        upgrade({"schema": schema}, "the manifest m")


def test_every_schema_up_to_the_present_has_a_step():
    assert len(STEPS) + 1 == SCHEMA
    assert [step.__name__[:4] for step in STEPS] == [f"m{n:03}" for n in range(1, SCHEMA)]
