"""A field's table: published rows beside ours, with marks."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from semtool.artifacts import Store
from semtool.cli.app import app
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.grid import SweepFile, estimate_grid, grid_of, sweep, unfinished
from semtool.experiments.table import families
from semtool.experiments.table.tabulating import TableRequest, tabulate
from semtool.experiments.table.views import published
from skeleton.simulation import simulate


@pytest.fixture
def request_(store, write_features):
    write_features(store, "purls-5-5")
    return TableRequest(
        family="purls", datasets="nw-ucla", prompts=("good", "shuffled"), encoders="tfidf",
        presets=("ridge", "eszsl"), seeds=(0,),
    )  # fmt: skip


def estimates(request, store):
    (wanted,) = request.sweeps(store)
    return estimate_grid(grid_of(wanted, store), store=store)


def test_a_table_is_made_once_and_holds_rows_rules_parts_and_marks(store, request_, narrow):
    (wanted,) = request_.sweeps(store)
    assert sum(len(seeds) for _, seeds in unfinished(grid_of(wanted, store), store)) == 8
    found = tabulate(request_, store=store, executor=narrow)
    assert (found.trained, found.reused, found.failures) == (8, 0, [])
    again = tabulate(request_, store=store, executor=narrow)
    assert (again.trained, again.reused) == (0, 8)
    text = (found.path / "table.md").read_text()
    assert "nw-ucla purls-8-2 (all samples)" in text
    assert "| PURLS | not said |  | quoted, part not said | 75.8 | 49.5 |" in text
    assert "epoch chosen on test" in text
    assert text.count("| calibrated stacking |") == 4  # every row of ours by the same rule
    assert r"\toprule" in (found.path / "table.tex").read_text()
    assert "<h2>zero-shot accuracy" in (found.path / "table.html").read_text()
    assert "is highest in the mean over splits" in text
    assert "Ours, text x encoder x split" in text
    assert "@software{semtool" in (found.path / "table.html").read_text()
    log = (found.path / "log.txt").read_text()
    assert "embedding nw-ucla/good@v1 with tfidf" in log


def test_every_family_is_of_the_catalogue_and_its_rows_of_splits_that_exist():
    from semtool.catalogue import load_dataset

    for family in families():
        for row in published(family):
            for dataset, values in (row.zsl | row.h).items():
                splits = load_dataset(dataset).splits
                assert all(splits[name].family == family for name in values)


def test_a_split_of_another_family_and_unknown_features_are_refused(store):
    with pytest.raises(UsageError, match="nw-ucla has no class split of the family synse"):
        TableRequest(family="synse", datasets="nw-ucla").sweeps(store)
    with pytest.raises(SemtoolError, match="imported features, nw-ucla/purls-8-2 has none"):
        sweep(SweepFile(name="x", datasets="nw-ucla", prompts="good", visual="synse"), store=store)


def test_imported_features_are_chosen_by_name(store, narrow):
    wanted = SweepFile(
        name="x",
        datasets="nw-ucla",
        prompts="good",
        encoders="tfidf",
        presets="ridge",
        visual="random",
        seeds=1,
    )
    assert sweep(wanted, store=store, executor=narrow).trained == 1


def test_the_cost_is_measured_and_falls_to_nothing_once_all_is_there(store, request_, narrow):
    found = estimates(request_, store)
    of = [e.what.partition(" of seed")[0] for e in found]
    assert of.count("training, nw-ucla purls-8-2 ridge") == 2  # one a text
    assert [w for w in of if "embedding" in w] == [
        f"embedding nw-ucla/{t}@v1 with tfidf" for t in ("good", "shuffled")
    ]
    assert all(e.seconds > 0 for e in found if "training" in e.what)
    tabulate(request_, store=store, executor=narrow)
    assert estimates(request_, store) == []


def test_without_codes_a_preset_is_estimated_without_its_auxiliary_classes(tmp_path):
    store = Store(tmp_path / "artifacts")
    simulate("ntu60", subjects=1, reps=1, store=store)
    wanted = TableRequest(
        family="synse", datasets="ntu60", prompts="label", encoders="tfidf", presets="best", seeds=(0,)
    )
    found = [e.what for e in estimates(wanted, store)]
    assert "training, ntu60 synse-55-5 best of seed 0" in found
    assert not [w for w in found if "auxiliary" in w]


def test_a_figure_that_cannot_be_written_is_refused_before_anything_is_trained(tmp_path):
    options = ["table", "purls", "--figure", str(tmp_path / "rows.xyz"), "--root", str(tmp_path / "root")]
    refused = CliRunner().invoke(app, options)
    assert isinstance(refused.exception, UsageError)
    assert "must end in .svg, .pdf, .png" in str(refused.exception)
    assert not (tmp_path / "root").exists()
