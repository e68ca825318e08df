"""Sweeps: the file, the plan, what is trained once and what is trained again."""

import csv
import json

import pytest

from semtool.artifacts import Store
from semtool.cli.sweep import show
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.grid import grid_of, sweep, unfinished
from semtool.experiments.grid.sweep_file import read_sweep

GRID = """
datasets: nw-ucla
prompts: [good, shuffled]
encoders: tfidf
presets: [paper, ridge]
switches: {lr: [1e-3, 2e-3], epochs: 2, warmup: 1, batch: 16, max_k: 1, codebook: label, hidden: "16,8"}
seeds: 2
"""


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(GRID)
    return path


def test_every_cell_is_trained_once_and_tabled(store, narrow, grid, capsys):
    left = unfinished(grid_of(grid, store), store)
    assert (len(left), sum(len(seeds) for _, seeds in left)) == (6, 10)
    found = sweep(grid, store=store, executor=narrow)
    assert (found.trained, found.reused, found.failures) == (10, 0, [])
    with (store.root / "sweeps" / "grid" / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 10
    assert {(r["preset"], r["lr"]) for r in rows} == {("paper", "0.001"), ("paper", "0.002"), ("ridge", "")}
    assert json.loads((store.root / "sweeps" / "grid" / "table.json").read_text())["rows"] == found.rows
    assert unfinished(grid_of(grid, store), store) == []
    narrow.done.clear()
    again = sweep(grid, store=store, executor=narrow)
    assert (again.trained, again.reused, narrow.done) == (0, 10, [])
    assert again.rows == found.rows
    show(found)
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("ridge", "0.001", "0.002"))  # also what lacks a switch has rows


def test_what_is_missing_is_trained_and_failures_do_not_stop_the_rest(store, narrow, grid):
    sweep(grid, store=store, executor=narrow)
    narrow.done.clear()
    grid.write_text(GRID.replace("2e-3", "1e30").replace("warmup: 1", "warmup: 0, attention_inverse: 0"))
    found = sweep(grid, store=store, executor=narrow)
    assert len(found.failures) == 4
    assert len(found.rows) == 6
    assert found.reused == 2  # the closed form


def test_a_dry_run_writes_nothing(store, narrow, grid, cli):
    grid.write_text(GRID.replace("good", "label"))
    before = sorted(store.root.rglob("*"))
    shown = cli("sweep", grid, "--dry-run", "--root", store.root)
    assert shown.code == 0, shown.err
    assert "6 cells, 10 trainings: 0 finished, 10 to do" in shown.out
    assert "embedding" in shown.out
    assert [p for p in sorted(store.root.rglob("*")) if "cache" not in p.parts] == [
        p for p in before if "cache" not in p.parts
    ]
    grid.write_text(GRID.replace("switches", "# ").replace("paper, ", ""))
    listed = cli("sweep", grid, "--dry-run", "--root", store.root, "--json").json()
    assert listed["sweeps"][0]["runs"] == 2
    assert listed["all"]["seconds"] > 0


def test_what_does_not_fit_together_is_left_out(store, narrow, grid):
    grid.write_text(GRID + "exclude: [{prompts: shuffled, encoder: tfidf}]\n")
    assert {r["text"] for r in sweep(grid, store=store, executor=narrow).rows} == {"good"}


def test_all_problems_of_a_file_are_listed_at_once(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("datasets: nw-ucla\nprompts: [label]\nencoder: tfidf\nseeds: [0, x]\n")
    with pytest.raises(UsageError) as raised:
        read_sweep(path, Store(tmp_path))
    message = str(raised.value)
    assert message.startswith("the sweep bad.yaml has 2 problems: ")
    assert "unknown key 'encoder'; did you mean 'encoders'" in message
    assert "seeds.1" in message
    path.write_text(
        "datasets: {nw-uclaa: [], utd-mhad: [purls-1]}\nprompts: [label]\nencoders: [tfidff]\n"
        "presets: [papr]\nswitches: {lr: fast, hiden: 3}\nexclude: [{prompts: multi, encoder: tfidff}]\n"
    )
    with pytest.raises(UsageError) as raised:
        read_sweep(path, Store(tmp_path))
    parts = (
        "7 problems", "'nw-uclaa'", "'purls-1'", "'tfidff'", "'papr'", "lr: should be a valid number",
        "'hiden'", "'multi'",
    )  # fmt: skip
    for part in parts:
        assert part in str(raised.value)
    wrong = {
        "- 1\n": "must hold a mapping of keys",
        "a: [": "bad.yaml, line 2: ",
        "prompts: x": "datasets is missing",
    }
    for text, expected in wrong.items():
        path.write_text(text)
        with pytest.raises(UsageError, match=expected):
            read_sweep(path, Store(tmp_path))
    with pytest.raises(UsageError, match="cannot read the sweep"):
        read_sweep(tmp_path / "nothing.yaml", Store(tmp_path))


@pytest.mark.slow
def test_the_command_trains_and_says_what_failed(store, grid, cli):
    grid.write_text(GRID.replace("good, shuffled", "good").replace("[1e-3, 2e-3]", "1e-3"))
    made = cli("sweep", grid, "--root", store.root, "--jobs", "2")
    assert made.code == 0, made.err
    assert "trained 3, reused 0, failed 0" in made.out
    assert cli("sweep", grid, "--root", store.root, "--json").json()["reused"] == 3
    grid.write_text(GRID.replace("good, shuffled", "good").replace("[1e-3, 2e-3]", "1e30"))
    failed = cli("sweep", grid, "--root", store.root, "--jobs", "1")
    assert failed.code == 1
    assert "2 of 2 trainings failed, the first: nw-ucla-purls-8-2-paper-" in failed.err


@pytest.mark.parametrize("text", ["good", "nw-ucla/good@v1"])
def test_texts_may_be_references(store, narrow, grid, text):
    grid.write_text(
        GRID.replace("good, shuffled", text)
        .replace("presets: [paper, ridge]", "presets: ridge")
        .replace("lr: [1e-3, 2e-3], epochs: 2, warmup: 1, batch: 16, max_k: 1, ", "")
        .replace(', hidden: "16,8"', "")
    )
    assert len(sweep(grid, store=store, executor=narrow).rows) == 1


def test_a_text_that_cannot_be_embedded_stops_before_training(store, narrow, grid):
    grid.write_text(GRID.replace("tfidf", "attributes"))
    with pytest.raises(SemtoolError, match="codes"):
        sweep(grid, store=store, executor=narrow)
    assert narrow.done == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GRID.replace("seeds: 2", "seeds: 99999999999"), "99999999999 seeds are more than the 1000"),
        ("[" * 5000, "is nested more than"),
        ("a: \x00", "cannot read the sweep: grid.yaml"),
    ],
)
def test_what_nobody_can_train_is_one_sentence(store, grid, cli, text, expected):
    grid.write_text(text)
    shown = cli("sweep", grid, "--root", store.root, "--dry-run")
    assert shown.code == 2
    assert expected in shown.err
    assert shown.err.count("\n") == 1


def test_no_spreadsheet_takes_a_name_for_a_formula():
    from pandas import DataFrame

    from semtool.experiments.tables import neutralised

    table = DataFrame({"text": ["=1+1", "+a", "-b", "@c", "plain"], "mean": [-0.1, 0.2, 0.3, 0.4, 0.5]})
    shown = neutralised(table)
    assert shown["text"].tolist() == ["'=1+1", "'+a", "'-b", "'@c", "plain"]
    assert shown["mean"].tolist() == table["mean"].tolist()


def test_features_that_no_encoder_makes_are_named_as_the_encoders_are(store, narrow, grid):
    only = "datasets: nw-ucla\nprompts: good\nencoders: tfidf\npresets: ridge\nvisual: {}\n"
    grid.write_text(only.format("random"))  # as imported features are: only their name is known
    assert len(sweep(grid, store=store, executor=narrow).rows) == 1
    grid.write_text(only.format("synse"))
    for run in (
        lambda: unfinished(grid_of(grid, store), store),
        lambda: sweep(grid, store=store, executor=narrow),
    ):
        with pytest.raises(UsageError, match=r"'synse'.*imported features, nw-ucla/purls-8-2 has none"):
            run()


def test_a_grid_that_memory_does_not_hold_is_refused_before_it_trains(store, grid, monkeypatch):
    from skeleton.runs import estimate
    from skeleton.runs.parallel import Processes

    monkeypatch.setattr(estimate, "_memory", lambda: 5e8)
    with pytest.raises(SemtoolError, match=r"GB of memory, of which 0\.5 GB are free here; --jobs 1 fits"):
        sweep(grid, store=store, executor=Processes(2))
    assert not list(store.root.glob("runs/*/*/metrics.json"))
