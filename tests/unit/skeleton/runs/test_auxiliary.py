"""Auxiliary classes: those near a class that must stay unseen are left out."""

from semtool.catalogue import load_dataset
from skeleton.runs.auxiliary import near


def test_classes_near_a_hidden_one_are_found_by_name_and_by_attributes():
    ntu, utd, ucla = (load_dataset(d) for d in ("ntu60", "utd-mhad", "nw-ucla"))

    def named(dataset, label):
        return dataset.find_class(label).id

    sit = near(ucla, [named(ucla, "sit down")], ntu)
    assert named(ntu, "sitting down") in sit
    assert named(ntu, "kicking something") not in sit
    assert named(ntu, "clapping") in near(utd, [named(utd, "clap")], ntu)
    assert named(ntu, "throw") in near(utd, [named(utd, "throw")], ntu)
    assert near(utd, [], ntu) == ()
