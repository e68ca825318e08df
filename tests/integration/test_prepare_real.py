from __future__ import annotations

import pytest

from skeleton.data.arrays import ArraySet

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("dataset", "samples", "classes", "subjects"), [("utd-mhad", 861, 27, 8), ("nw-ucla", 1484, 10, 10)]
)
def test_every_file_of_the_public_data_sets_is_read(cli, data_folder, dataset, samples, classes, subjects):
    first = cli("prepare", "--dataset", dataset, "--json")
    assert first.code == 0, first.err
    found = first.json()
    assert (found["created"], found["samples"], found["read"], found["outcomes"]) == (
        True,
        samples,
        samples,
        {},
    )
    arrays = ArraySet.open(found["path"])
    assert set(arrays.class_id.tolist()) == set(range(classes))
    assert len(set(arrays.subject.tolist())) == subjects
    # A person: the head above the feet, by a person's height, in most frames.
    head, foot = (arrays.padded()[:, 1, 0, joint, 0] for joint in (3, 15))
    assert 1.0 < float((head - foot).mean()) < 2.0
    again = cli("prepare", "--dataset", dataset, "--json").json()
    assert (again["created"], again["read"], again["arrays"]) == (False, 0, found["arrays"])
