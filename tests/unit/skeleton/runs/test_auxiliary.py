"""Auxiliary classes: those near a class that must stay unseen are left out."""

import numpy as np

from semtool.catalogue import load_bank, load_dataset, load_vocabulary
from skeleton.runs.auxiliary import _agreement, _codes, near


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


def test_combinations_of_attributes_are_acted_the_same_each_time():
    from skeleton.simulation import act_out, combine

    some = combine(5, np.random.default_rng(0))
    assert some == combine(5, np.random.default_rng(0))
    assert len({tuple(c.items()) for c in some}) == 5
    assert all(c["people"] == "one" and not load_vocabulary().problems(c) for c in some)
    one, again = (act_out(some[0], np.random.default_rng(1)).positions for _ in range(2))
    assert (one.shape[0], one.shape[2]) == (3, 25)
    np.testing.assert_array_equal(one, again)


def test_agreement_is_that_of_the_vocabulary_and_ignores_how_sure_a_field_is():
    ntu = load_dataset("ntu60")
    codes = _codes(ntu, [0, 5, 40], None)
    facts = load_bank(ntu)
    expected = [load_vocabulary().agreement(facts[c].attribute, facts[5].attribute) for c in (0, 5, 40)]
    np.testing.assert_allclose(_agreement(codes, codes[1:2]), expected, atol=1e-5)
    unsure = codes[1:2].copy()
    unsure[:, :20] *= 0.2
    assert _agreement(codes, unsure)[1] > 0.95
