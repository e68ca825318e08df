"""What work will take: scaling, what is refused for lack of room, and the log of how far it is."""

from dataclasses import replace

import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import SemtoolError
from skeleton.methods import preset
from skeleton.runs import estimate
from skeleton.runs.estimate import Estimate, Sizes, duration, grown, least, refuse_short, total
from skeleton.runs.progress_log import logged
from skeleton.runs.rehearsal import bank_of, rehearse

SMALL = Sizes(train=60, test=40, widths=(8,))


def test_work_side_by_side_takes_as_long_as_the_longest_or_its_share():
    one = Estimate("one", 10, 100, 1)
    assert total([one] * 6, 3) == Estimate("all", 20, 300, 6)
    assert total([one, replace(one, seconds=90)], 2).seconds == 90
    assert total([one, one, replace(one, alone=True)], 2).seconds == 20


def test_short_memory_and_disk_are_refused_with_figures_and_a_way_out(monkeypatch, tmp_path):
    monkeypatch.setattr(estimate, "_memory", lambda: 3e9)
    store = Store(tmp_path / "not there yet")
    refuse_short(Estimate("all", 1, 2e9, 0), store)
    with pytest.raises(SemtoolError, match=r"4\.0 GB of memory, of which 3\.0 GB.*--jobs 3 fits"):
        refuse_short(Estimate("all", 1, 4e9, 0), store, jobs=4)
    with pytest.raises(SemtoolError, match=r"GB of disk, of which .* --root"):
        refuse_short(Estimate("all", 1, 0, 1e18), store)


@pytest.mark.parametrize("name", ["paper", "ridge", "best"])
def test_more_of_everything_takes_more(name):
    settings, most, data = preset(name), replace(SMALL, train=6000, test=2000), load_dataset("nw-ucla")
    bank = bank_of(None, [c.id for c in data.classes], settings, dim=6, several=3)
    rehearsal = rehearse(settings, data, data.split("purls-8-2"), most, bank, auxiliary=name == "best")
    small, large = rehearsal.stretch(SMALL), rehearsal.stretch(most)
    assert 0 < small.seconds < large.seconds
    assert small.memory < large.memory
    assert 0 < small.disk < large.disk
    assert least(settings, SMALL).memory < large.memory


def test_samples_beyond_the_exact_solution_cost_no_more_memory_than_landmarks():
    many = replace(SMALL, train=36_000)
    assert least(preset("ridge"), many).memory < 4e9
    assert least(preset("ridge"), many).memory < least(preset("ridge"), replace(SMALL, train=8000)).memory
    assert grown(preset("eszsl"), 36_000, 256).flops < grown(preset("ridge"), 36_000, 256).flops / 100


def test_the_log_says_how_far_it_is(tmp_path):
    heard = []
    tell = logged(lambda *at: heard.append(at), tmp_path / "progress.log")
    for step in range(1, 5):
        tell(step, 4)
    lines = (tmp_path / "progress.log").read_text().splitlines()
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "1 of 4 steps" in lines[0]
    assert "4 of 4 steps" in lines[-1]
    assert len(lines) == 2  # not a line a step


def test_times_are_said_in_units_that_suit():
    assert [duration(s) for s in (5, 100, 9000)] == ["5 s", "1.7 min", "2.5 h"]
