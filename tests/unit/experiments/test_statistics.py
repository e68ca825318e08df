"""Intervals hold the truth as often as they say; corrections correct; persons count, not samples."""

from dataclasses import replace

import numpy as np
import pytest

from semtool.experiments.comparison.statistics import PairedOutcomes, estimate, holm, pooled_variance


def pairs_of(differences, persons=8, classes=2, seeded=True):
    n = differences.shape[1]
    return PairedOutcomes(
        differences=differences,
        class_id=np.arange(n) % classes,
        person=[str(i * persons // n) for i in range(n)] if persons else [""] * n,
        sample=[str(i) for i in range(n)],
        seeded=seeded,
    )


def drawn(rng, seeds, n=160, persons=8):
    """Draw two texts that are equally good on average: seeds, persons and both together differ by chance."""
    person = np.arange(n) * persons // n
    z = 0.4 + rng.normal(0, 0.3, (2, seeds, 1)) + rng.normal(0, 0.4, (2, 1, persons))[:, :, person]
    z = z + rng.normal(0, 0.5, (2, seeds, n)) + rng.normal(0, 1, (1, 1, n))
    right = (z > 0).astype(float)
    return right[0] - right[1]


@pytest.mark.parametrize("seeds", [2, 3, 6])
def test_intervals_hold_the_truth_even_with_few_seeds(seeds):
    rng = np.random.default_rng(seeds)
    found = [estimate([pairs_of(drawn(rng, seeds))], resamples=1000, seed=i) for i in range(300)]
    assert np.mean([e.low <= 0 <= e.high for e in found]) >= 0.93
    assert np.mean([e.p < 0.05 for e in found]) <= 0.07


def test_a_plain_bootstrap_of_three_seeds_would_not():
    """Why the seeds are not simply resampled: such intervals miss the truth far more often than 5 %."""
    rng = np.random.default_rng(0)
    misses = 0
    for _ in range(300):
        means = drawn(rng, 3).mean(axis=1)
        draws = rng.choice(means, size=(1000, 3)).mean(axis=1)
        misses += not np.quantile(draws, 0.025) <= 0 <= np.quantile(draws, 0.975)
    assert misses / 300 > 0.15


def test_a_clear_difference_is_found_and_p_agrees_with_the_interval():
    rng = np.random.default_rng(1)
    found = estimate([pairs_of(np.clip(drawn(rng, 3) + (rng.random((3, 160)) < 0.6), -1, 1))])
    assert found.low > 0
    assert found.p < 0.05
    assert found.covers == {"seeds": 3, "persons": 8}


def test_no_difference_at_all_is_zero_and_certain():
    found = estimate([pairs_of(np.zeros((3, 40)))])
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_samples_of_one_person_count_as_one_observation():
    one = np.sign(np.repeat([1, 1, 1, 0, 1, -1, 1, 0], 20)).astype(float)[None].repeat(3, axis=0)
    by_person = estimate([pairs_of(one)])
    by_sample = estimate([pairs_of(one, persons=0)])
    assert by_sample.covers["samples"] == 160
    assert by_person.high - by_person.low > 2 * (by_sample.high - by_sample.low)


def test_few_persons_are_not_resampled():
    assert estimate([pairs_of(drawn(np.random.default_rng(0), 3, persons=4), persons=4)]).covers["samples"]


def test_one_row_that_no_seed_changes_has_no_part_for_seeds():
    differences = drawn(np.random.default_rng(2), 1)
    assert estimate([pairs_of(differences, seeded=False)]).covers["seeds"] == 0
    assert estimate([pairs_of(differences)]).covers["seeds"] == 0


def test_over_splits_a_person_is_one_person():
    rng = np.random.default_rng(3)
    first = pairs_of(drawn(rng, 3))
    one, two = estimate([first]), estimate([first, first])
    assert two.mean == pytest.approx(one.mean)
    assert two.covers["persons"] == one.covers["persons"] == 8
    rest = pairs_of(-first.differences)
    assert estimate([first, rest]).mean == pytest.approx(0)


def test_the_same_numbers_give_the_same_interval():
    pairs = [pairs_of(drawn(np.random.default_rng(4), 3))]
    assert estimate(pairs) == estimate(pairs)
    assert estimate(pairs) != estimate(pairs, seed=1)


def test_holm():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_spread_over_seeds_is_pooled_over_texts():
    rng = np.random.default_rng(5)
    tables = [rng.normal(size=(4, 3)) + rng.normal(size=(1, 3)) for _ in range(300)]
    found = [pooled_variance([t]) for t in tables]
    assert {freedom for _, freedom in found} == {6}
    assert np.mean([v for v, _ in found]) == pytest.approx(2, rel=0.1)  # of a difference; seeds alone cancel
    assert pooled_variance([tables[0][:2]]) == (pytest.approx(np.var(tables[0][0] - tables[0][1], ddof=1)), 2)
    assert pooled_variance(tables[:2])[1] == 12
    assert pooled_variance([tables[0][:1]]) is None


def test_a_pooled_spread_narrows_the_interval_but_never_below_the_pairs_own():
    pairs = pairs_of(drawn(np.random.default_rng(6), 3))
    own = float(pairs.differences.mean(axis=1).var(ddof=1))

    def width(pooled):
        found = estimate([replace(pairs, pooled=pooled)])
        return found.high - found.low

    assert width((own, 8)) < width(None)
    assert width((own / 100, 8)) == width((own, 8))
    assert width((own * 4, 8)) > width((own, 8))
