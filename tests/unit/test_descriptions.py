"""Descriptions and description sets."""

import json

import pytest

from semtool.descriptions import FILE, Description, DescriptionSet
from semtool.errors import SemtoolError, UsageError


def make(class_id=0, granularity="label", slot="", variant=0, text="waving", dataset="toy"):
    return Description(dataset, class_id, f"class {class_id}", granularity, slot, variant, text, "label")


def test_classes_come_in_order_and_texts_as_given():
    found = DescriptionSet([make(1, text="b"), make(0, variant=1, text="z"), make(0, text="a")])
    assert [d.text for d in found] == ["z", "a", "b"]
    assert found.class_ids == (0, 1)
    assert found.dataset == "toy"


def test_counts_are_from_coarse_to_fine():
    found = DescriptionSet(
        [make(granularity="phase", slot="end"), make(), make(granularity="part", slot="head")]
    )
    assert list(found.counts().items()) == [("label", 1), ("part", 1), ("phase", 1)]


@pytest.mark.parametrize(
    ("descriptions", "part"),
    [
        ([], "at least one"),
        ([make(), make(dataset="other", class_id=1)], "other, toy"),
        ([make(text="  ")], "is empty"),
        ([make(granularity="essay")], "'essay'"),
        ([make(), make(text="again")], "variant 0 twice"),
    ],
)
def test_what_does_not_fit_is_refused(descriptions, part):
    with pytest.raises(SemtoolError, match=part):
        DescriptionSet(descriptions)


def test_written_sets_read_back_the_same(tmp_path):
    found = DescriptionSet([make(text="naïve “quotes”"), make(1)])
    found.write(tmp_path)
    assert list(DescriptionSet.read(tmp_path)) == list(found)
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 2


@pytest.mark.parametrize("line", ["{", "[]", json.dumps({"text": "x"})])
def test_a_damaged_line_is_named(tmp_path, line):
    DescriptionSet([make()]).write(tmp_path)
    with (tmp_path / FILE).open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(SemtoolError, match=r"jsonl, line 2"):
        DescriptionSet.read(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"descriptions\.jsonl"):
        DescriptionSet.read(tmp_path)


def test_only_the_codes_row_is_codes():
    assert make(granularity="attribute", slot="codes").is_codes
    assert not make(granularity="attribute", slot="arms").is_codes


def test_frame_has_a_row_a_description():
    frame = DescriptionSet([make(), make(1)]).to_frame()
    assert frame["class_id"].tolist() == [0, 1]
