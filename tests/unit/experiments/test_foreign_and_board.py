"""Predictions made elsewhere, and results of several people, ranked only where they may be compared."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from semtool.experiments.board import board
from semtool.experiments.comparison.foreign import compare_predictions
from semtool.experiments.grid.sweep_file import SweepFile
from semtool.experiments.grid.sweeping import sweep


@pytest.fixture
def runs(store, narrow):
    wanted = SweepFile(
        name="x", datasets="nw-ucla", prompts=("good", "shuffled"), encoders="tfidf", presets="ridge", seeds=1
    )
    return [row["run"] for row in sweep(wanted, store=store, executor=narrow).rows]


def foreign(store, run, path):
    """Write the predictions of a run as somebody else would."""
    table = pd.read_csv(store.root / "runs" / run / "seed-0" / "predictions.csv")
    table = table[table["subset"] == "unseen-test"]
    scores = {c: c.removeprefix("score_") for c in table.columns if c.startswith("score_")}
    names = {number: load_dataset("nw-ucla").classes[int(number)].name for number in scores.values()}
    table = table[["name", *scores]].rename(columns={"name": "sample"} | scores).rename(columns=names)
    table.to_csv(path, index=False)
    return table


def test_predictions_of_a_run_are_compared_with_it_and_with_another(store, runs, tmp_path):
    path = tmp_path / "theirs.csv"
    foreign(store, runs[0], path)
    same = compare_predictions(path, store=store, run=runs[0])
    assert (same.verdict, same.difference) == ("identical", 0.0)
    other = compare_predictions(path, store=store, run=runs[1])
    assert other.theirs == same.ours
    assert other.difference == pytest.approx(other.theirs - other.ours)


def test_bad_predictions_are_one_sentence(store, runs, tmp_path):
    path = tmp_path / "theirs.csv"
    table = foreign(store, runs[0], path)
    table.iloc[3:].to_csv(path, index=False)
    with pytest.raises(UsageError, match=r"lacks 3 of the 20 samples that decide on nw-ucla purls-8-2"):
        compare_predictions(path, store=store, run=runs[0])
    table.rename(columns={table.columns[1]: "carry"}).to_csv(path, index=False)
    with pytest.raises(UsageError, match=r"has scores for carry, .* one column each"):
        compare_predictions(path, store=store, run=runs[0])
    pd.concat([table, table.iloc[:1]]).to_csv(path, index=False)
    with pytest.raises(UsageError, match="twice"):
        compare_predictions(path, store=store, run=runs[0])


def test_a_board_keeps_apart_what_may_not_be_compared(store, runs):
    (group,), problems = board(store.root / "runs")
    assert problems == []
    assert group.rule == "stacking"
    assert [row["accuracy"] for row in group.rows] == sorted(
        (r["accuracy"] for r in group.rows), reverse=True
    )
    copy = store.root / "runs" / "theirs"
    shutil.copytree(store.root / "runs" / runs[0], copy)
    raw = json.loads((copy / "summary.json").read_text())
    (copy / "summary.json").write_text(json.dumps(raw | {"inductive": False}))
    (store.root / "runs" / "torn").mkdir()
    (store.root / "runs" / "torn" / "summary.json").write_text("{")
    groups, problems = board(store.root / "runs")
    assert sorted(len(g.rows) for g in groups) == [1, 2]
    assert len(problems) == 1
    with pytest.raises(UsageError, match="no result"):
        board(store.root / "embeddings")
