"""The figures of class vectors, on cases whose answer is known."""

import numpy as np
import pytest

from semtool.descriptions import Description
from semtool.diagnosis import geometry
from semtool.diagnosis.agreement import agreement, matching
from semtool.diagnosis.leakage import forms, leakage


def at_angles(*degrees):
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def test_margins_and_nearest_pairs_find_the_twins():
    similarity = geometry.cosines(at_angles(0, 5, 120, 240))
    assert geometry.nearest_pairs(similarity, 1) == [(0, 1)]
    assert geometry.margins(similarity)[0] == pytest.approx(1 - np.cos(np.radians(5)))
    assert geometry.margins(similarity)[2] == pytest.approx(1.5 - 0.0, abs=0.1)
    twins = geometry.cosines(at_angles(0, 0, 90))
    assert geometry.margins(twins)[:2] == pytest.approx([0, 0])


def test_a_prototype_is_the_unit_mean():
    vectors = at_angles(10, 30, 200)
    found = geometry.prototypes(vectors, np.array([0, 0, 1]), 2)
    assert found == pytest.approx(at_angles(20, 200))


def test_hubs_are_seen():
    # Class 0 is everybody's nearest, and the others are far from each other.
    spokes = np.eye(9)[1:] + 0.0
    vectors = geometry.unit(np.vstack([np.ones(9), spokes]))
    counts = geometry.occurrences(geometry.cosines(vectors), k=1)
    assert counts[0] == 8
    assert geometry.hubness(counts) > 2
    ring = geometry.occurrences(geometry.cosines(at_angles(*range(0, 360, 40))), k=2)
    assert geometry.hubness(ring) == 0


def test_effective_rank_is_one_for_a_simplex_and_low_on_a_line():
    assert geometry.effective_rank(np.eye(6)) == pytest.approx(1)
    line = np.linspace(0, 1, 6)[:, None] * np.ones(4)
    assert geometry.effective_rank(line) == pytest.approx(1 / 5, abs=1e-3)
    assert geometry.effective_rank(np.ones((3, 4))) == 0


def test_retrieval_leaves_the_asking_text_out_and_shares_ties():
    # The odd text of class 0 lies with class 1: only by counting itself would it find home.
    vectors = at_angles(0, 2, 95, 90, 92, 88)
    rows = np.array([0, 0, 0, 1, 1, 1])
    assert geometry.retrieval(vectors, rows, 2).tolist() == [1, 1, 0, 1, 1, 1]
    alone = geometry.retrieval(at_angles(0, 90, 92), np.array([0, 1, 1]), 2)
    assert np.isnan(alone[0])
    same = geometry.retrieval(np.tile(at_angles(0), (4, 1)), np.array([0, 0, 1, 1]), 2)
    assert same == pytest.approx([0.5] * 4)


def test_rank_correlation_is_that_of_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    for _ in range(20):
        left, right = rng.integers(0, 6, 30), rng.integers(0, 6, 30)
        assert geometry.rank_correlation(left, right) == pytest.approx(spearmanr(left, right).statistic)
    assert geometry.rank_correlation(np.ones(5), np.arange(5)) == 0


def test_agreement_knows_the_same_geometry_from_a_shuffled_one():
    rng = np.random.default_rng(1)
    points = geometry.unit(rng.normal(size=(14, 6)))
    similarity = geometry.cosines(points)
    same = agreement(
        similarity, geometry.cosines(geometry.unit(points + 0.2 * rng.normal(size=points.shape)))
    )
    assert same.rho > 0.6
    assert same.p < 0.01
    assert same.matching > 0.9
    assert same.classes == 14
    found = []
    for _ in range(10):
        order = rng.permutation(14)
        other = agreement(similarity, similarity[np.ix_(order, order)])
        found.append((other.rho, other.p, other.matching))
    rho, p, matched = np.mean(found, axis=0)
    assert abs(rho) < 0.2
    assert p > 0.2
    assert 0.3 < matched < 0.7


def test_too_few_classes_cannot_be_matched():
    assert matching(np.eye(3), np.eye(3)) is None


def test_profiles_compare_classes_through_the_known_ones():
    # 0 and 1 stand in the same relation to the known classes 2, 3, 4, whatever they are to each other.
    vectors = geometry.unit(
        np.array([[1, 0, 0, 5.0, 0], [1, 0, 0, -5.0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]])
    )
    assert geometry.cosines(vectors)[0, 1] < -0.8
    assert geometry.profile_cosines(vectors, np.array([2, 3, 4]))[0, 1] == pytest.approx(1)


def described(name, text, granularity="global", slot=""):
    return Description("mine", 0, name, granularity, slot, 0, text, "test")


def test_leakage_finds_labels_in_any_ending_and_counts_no_label_or_codes():
    found = leakage(
        [
            described("wave", "The person is waving."),
            described("wave", "The hand moves from side to side.", "motion"),
            described("wave", "wave", "label"),
            described("wave", "wave=yes", "attribute", "codes"),
        ]
    )
    assert (found.texts, found.named) == (2, 0.5)
    assert found.by_granularity == {"global": 1.0, "motion": 0.0}
    assert found.examples["global"] == ("wave", "The person is waving.")
    assert leakage([described("wave", "wave", "label")]) is None


def test_names_with_slashes_and_parentheses_are_several_names():
    assert forms("nod head/bow (once)") == ["nod head", "bow"]
    found = leakage([described("nod head/bow", "Somebody bows.")])
    assert found.named == 1
    assert found.words == pytest.approx(1 / 3)
    # Small words of a name say nothing.
    assert leakage([described("sit down on the floor", "The hand lies on the table.")]).words == 0
