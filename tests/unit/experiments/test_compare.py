"""Comparisons: what they find, what they reuse, and what they refuse."""

import csv
import io
import json
import pickle

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from semtool.experiments import Comparison, compare


def closed(store, *texts, **options):
    options.setdefault("presets", ["ridge"])
    return compare(
        texts or ("good", "shuffled", "copy"), ["tfidf"], store=store, dataset="nw-ucla", **options
    )


def between(found, a, b, split="purls-8-2"):
    return next(d for d in found.differences if (d.a, d.b, d.split) == (a, b, split))


def test_the_good_text_is_found_and_the_copy_is_the_same(store, narrow):
    found = closed(store, executor=narrow)
    accuracy = {c.text: c.accuracy.mean for c in found.cells}
    assert accuracy["good"] > 0.8  # chance is 0.5
    assert accuracy["shuffled"] < 0.7
    assert between(found, "good", "shuffled").verdict == "better"
    assert between(found, "shuffled", "copy").verdict == "worse"
    same = between(found, "good", "copy")
    assert (same.verdict, same.mean, same.p) == ("identical", 0, None)
    assert "predict the same class for every sample" in same.words
    assert between(found, "shuffled", "copy").words.startswith("shuffled is worse than copy by ")
    assert len(narrow.done) == 2  # the copy's run is the good one's
    # That the copy differs from the shuffled text is no second question: nothing is corrected for it.
    assert between(found, "good", "shuffled").p_adjusted == between(found, "good", "shuffled").p


def test_closed_forms_are_fitted_once_and_say_so(store, narrow):
    found = closed(store, "good", "shuffled", seeds=(4, 5), executor=narrow)
    assert [c.seeds for c in found.cells] == [[4], [4]]
    entry = between(found, "good", "shuffled")
    assert entry.covers == {"seeds": 0, "persons": 10}
    assert any("does not depend on the seed" in note for note in found.notes)
    assert any("--features-per-seed covers that too" in note for note in found.notes)


def test_the_record_is_what_the_contract_says_and_is_read_back(store, narrow, small):
    found = compare(
        ["good", "shuffled"], ["tfidf"], store=store, presets=["paper"], seeds=(0, 1), name="mine",
        switches=small, executor=narrow,
    )  # fmt: skip
    path = store.root / "comparisons" / "mine" / "comparison.json"
    raw = json.loads(path.read_text())
    assert (raw["schema"], raw["kind"], raw["seeds"]) == (3, "comparison", [0, 1])
    for read in (Comparison.read(store, "mine"), Comparison.read(store, path.parent)):
        assert read.to_dict() == raw == json.loads(json.dumps(found.to_dict()))
        assert pickle.loads(pickle.dumps(read)) == read  # processes may pass it on
        read.check(store)
    cell = raw["cells"][0]
    assert set(cell["runs"]) == {"0", "1"}
    assert set(cell["features"]) == {"0", "1"}
    assert set(cell["accuracy"]) == {"mean", "std", "ci95", "values"}
    assert cell["per_class"]["4"]["name"] == "sit down"
    entry = raw["differences"][0]
    assert entry["pairs"] == 2
    assert entry["covers"] == {"seeds": 2, "persons": 10}
    assert "over 2 seeds and 10 persons" in entry["words"]
    values = [cell["accuracy"]["values"] for cell in raw["cells"]]
    assert entry["mean"] == pytest.approx(sum(values[0][s] - values[1][s] for s in "01") / 2)
    assert list(entry["per_class"]) == ["1", "4"]


def test_one_seed_is_said_and_concludes_nothing(store, narrow, small):
    found = compare(["good", "shuffled"], ["tfidf"], store=store, seeds=(0,), switches=small, executor=narrow)
    entry = found.differences[0]
    assert (entry.verdict, entry.p, entry.p_adjusted) == ("one seed", None, None)
    assert "with one seed nothing is known of how training varies" in entry.words
    assert any("one seed only" in note for note in found.notes)


def test_what_exists_is_reused_and_more_seeds_train_only_those(store, narrow, small):
    def run(seeds, **options):
        narrow.done.clear()
        return compare(
            ["good", "shuffled"],
            ["tfidf"],
            store=store,
            seeds=seeds,
            switches=small,
            executor=narrow,
            **options,
        )

    first = run((0,))
    assert len(narrow.done) == 2
    run((0, 1))
    assert [label.rpartition(", ")[2] for label in narrow.done] == ["seed 1", "seed 1"]
    steps = []
    run((0, 1), progress=lambda done, total: steps.append((done, total)))
    assert narrow.done == []
    run((0,))
    summary = json.loads((store.root / "runs" / first.cells[0].runs[0] / "summary.json").read_text())
    assert summary["seeds"] == [0, 1]  # a smaller comparison does not forget seeds


def test_several_splits_are_also_judged_together(store, narrow, write_features):
    write_features(store, "purls-5-5")
    found = closed(store, "good", "shuffled", splits=["purls-8-2", "purls-5-5"], executor=narrow)
    assert [d.split for d in found.differences] == ["purls-8-2", "purls-5-5", None]
    single, overall = found.differences[:2], found.differences[2]
    assert overall.mean == pytest.approx(sum(d.mean for d in single) / 2)
    assert overall.per_class is None
    assert "nw-ucla, all splits" in overall.words
    assert "corrected for 2 comparisons" in single[0].words


def test_a_prompt_set_is_rendered_if_there_is_no_description_set(store, narrow):
    notes = []
    found = closed(store, "good", "label", executor=narrow, note=notes.append)
    assert "describing nw-ucla with the prompt set label" in notes
    assert [t.descriptions.reference for t in found.texts] == ["nw-ucla/good@v1", "nw-ucla/label@v1"]
    again = closed(store, "nw-ucla/good@v1", "nw-ucla/label", executor=narrow)
    assert [c.runs for c in again.cells] == [c.runs for c in found.cells]
    assert [t.label for t in again.texts] == ["good@v1", "label"]


def test_texts_that_do_not_belong_together_are_refused(store, narrow, write_text):
    write_text(store, "good", lambda c: c.name, dataset="utd-mhad")
    with pytest.raises(
        UsageError, match=r"cannot be compared: the one describes nw-ucla, the other utd-mhad"
    ):
        compare(["nw-ucla/good", "utd-mhad/good"], ["tfidf"], store=store)
    with pytest.raises(UsageError, match=r"utd-mhad/good@v1 describes utd-mhad, not nw-ucla"):
        closed(store, "good", "utd-mhad/good")
    write_text(store, "hole", lambda c: c.name, skip=(4,))
    with pytest.raises(SemtoolError, match=r"nw-ucla/hole@v1 has no text for 1 of the 10 classes .*sit down"):
        closed(store, "good", "hole")
    write_text(store, "other", lambda c: c.name, rename={4: "lie down"})
    with pytest.raises(
        SemtoolError, match=r"calls class 4 'lie down', nw-ucla calls it 'sit down': .*class list"
    ):
        closed(store, "good", "other")
    with pytest.raises(UsageError, match="needs two texts"):
        closed(store, "good")
    with pytest.raises(UsageError, match="'good' is named twice"):
        closed(store, "good", "good")
    with pytest.raises(UsageError, match="unknown prompt set 'god'"):
        closed(store, "good", "god")
    with pytest.raises(UsageError, match=r"no description set nw-ucla/llm-global yet.*--llm MODEL"):
        closed(store, "good", "llm-global")
    assert not (store.root / "runs").exists()


def test_without_skeletons_it_says_where_they_come_from(tmp_path):
    with pytest.raises(UsageError, match=r"semtool prepare .*--raw|semtool prepare"):
        compare(["label", "multi"], ["tfidf"], store=Store(tmp_path / "empty"), dataset="nw-ucla")


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("metrics.json", "{", r"cannot read .*metrics\.json.*; remove the folder .*seed-0"),
        (
            "predictions.csv",
            "name,subset\n",
            r"cannot read .*predictions\.csv: .*; remove the folder .*seed-0",
        ),
        ("predictions.csv", None, r"predictions\.csv does not fit metrics\.json; remove the folder"),
    ],
)
def test_a_damaged_run_is_named(store, narrow, file, content, expected):
    found = closed(store, "good", "shuffled", executor=narrow)
    path = store.root / "runs" / found.cells[0].runs[0] / "seed-0" / file
    path.write_text(path.read_text().replace("unseen-test", "seen-test", 1) if content is None else content)
    with pytest.raises(SemtoolError, match=expected):
        closed(store, "good", "shuffled", executor=narrow)


def test_a_damaged_comparison_is_named(store, narrow, cli):
    found = closed(store, "good", "shuffled", executor=narrow, name="mine")
    metrics = store.root / "runs" / found.cells[0].runs[0] / "seed-0" / "metrics.json"
    whole = metrics.read_text()
    metrics.write_text(whole[:40])
    shown = cli("compare", "--root", store.root, "--name", "mine")
    assert shown.code == 1
    assert shown.err.count("\n") == 1
    assert "cannot read" in shown.err
    changed = json.loads(whole)
    changed["zsl"]["accuracy"] = 0.123
    metrics.write_text(json.dumps(changed))
    assert "was changed after the comparison mine was made" in cli("compare", "--root", store.root).err
    metrics.unlink()
    assert "which is not there any more" in cli("compare", "--root", store.root).err
    (store.root / "comparisons" / "mine" / "comparison.json").write_text("[]")
    assert "cannot read the comparison" in cli("compare", "--root", store.root, "--name", "mine").err
    assert "did you mean 'mine'" in cli("compare", "--root", store.root, "--name", "mime").err


def test_a_training_that_fails_is_said_and_the_others_are_kept(store, narrow, small):
    with pytest.raises(
        SemtoolError, match=r"seed 0: .*not a number.*\(2 of 2 failed; what was done is kept\)"
    ):
        compare(
            ["good", "shuffled"], ["tfidf"], store=store, seeds=(0,), executor=narrow,
            switches={**small, "lr": 1e30, "warmup": 0, "attention_inverse": 0},
        )  # fmt: skip


def test_the_command_prints_tables_and_files(store, cli, tmp_path):
    common = ("compare", "--root", store.root, "--encoder", "tfidf", "--preset", "ridge", "--jobs", "1")
    texts = ("--descriptions", "good", "--descriptions", "shuffled")
    made = cli(*common, *texts, "--name", "mine", "--json", "--out", tmp_path / "out.tex")
    assert made.code == 0, made.err
    assert made.json()["name"] == "mine"
    latex = (tmp_path / "out.tex").read_text()
    assert r"\begin{tabular}" in latex
    assert r"in \%" in latex
    shown = cli("compare", "--root", store.root)
    assert "good is better than shuffled" in " ".join(shown.out.split())
    assert "comparison: mine" in shown.out
    rows = list(csv.DictReader(io.StringIO(cli("compare", "--root", store.root, "--format", "csv").out)))
    assert [r["kind"] for r in rows] == ["run", "run", "difference"]
    markdown = cli("compare", "--root", store.root, "--format", "markdown").out
    assert "| good | tfidf | ridge | **" in markdown
    assert cli("compare", "--root", store.root, "--out", "x.pdf").code == 2
    assert cli(*common, *texts, "--seeds", "x").code == 2
    assert "did you mean 'kernel'" in cli(*common, *texts, "--switch", "kernl=whole").err
    assert "unknown switch of ridge 'max_k'" in cli(*common, *texts, "--switch", "max-k=3").err
    assert "should be a valid integer" in cli(*common, *texts, "--switch", "validation-classes=few").err


@pytest.fixture
def skeletons(tmp_path, monkeypatch):
    """A store with simulated skeletons, and an ST-GCN of two blocks trained for one epoch on them."""
    from skeleton import simulate
    from skeleton.visual import stgcn

    monkeypatch.setitem(stgcn.ARCHITECTURES, "compact", stgcn.Architecture(((4, 4), (8, 4)), kernel=3))
    monkeypatch.setattr(stgcn.StgcnEncoder, "settings_of", lambda given: stgcn.StgcnSettings(epochs=1))
    store = Store(tmp_path / "artifacts")
    simulate("ntu60", subjects=2, reps=1, store=store)
    return store


def test_each_seed_may_train_its_own_visual_encoder(skeletons, narrow):
    store = skeletons
    steps = []

    def run(seeds, **options):
        narrow.done.clear()
        return compare(
            ["label", "global"], ["tfidf"], store=store, presets=["ridge"], seeds=seeds, executor=narrow,
            features_per_seed=True, progress=lambda done, total: steps.append((done, total)), **options,
        )  # fmt: skip

    found = run((0, 1))
    assert sum(label.startswith("features of ntu60") for label in narrow.done) == 2
    for cell in found.cells:
        assert cell.seeds == [0, 1]  # a closed form, but of two visual encoders
        assert len({f.reference for f in cell.features.values()}) == 2
        assert len(set(cell.runs.values())) == 2
    entry = found.differences[0]
    assert entry.covers["seeds"] == 2
    assert found.method["features"] == "per seed"
    assert found.simulated
    assert any("simulated" in note for note in found.notes)
    assert not any("--features-per-seed" in note for note in found.notes)
    run((0, 1, 2))
    assert [label.startswith("features") for label in narrow.done] == [True, False, False]


def test_features_older_than_the_skeletons_are_noted(skeletons, narrow):
    from skeleton import features, preset, simulate, train

    store = skeletons
    features("ntu60", store=store)
    simulate("ntu60", subjects=2, reps=1, seed=1, store=store)
    notes = []
    found = compare(
        ["label", "global"], ["tfidf"], store=store, presets=["ridge"], executor=narrow, note=notes.append
    )
    expected = "were made from the skeletons ntu60/simulated@v1, but there are ntu60/simulated@v2 now"
    assert sum(expected in note for note in notes) == 1
    assert any(expected in note for note in found.notes)
    notes.clear()
    train("ntu60/label/tfidf", store=store, settings=preset("ridge"), note=notes.append)
    assert any(expected in note for note in notes)


def test_whoever_learned_from_simulated_classes_is_named():
    from types import SimpleNamespace

    from semtool.experiments.comparison.differences import general_notes
    from semtool.experiments.comparison.tables import result_marks

    grid = SimpleNamespace(settings=[], texts=[], seeds=(0, 1, 2), features_per_seed=True)
    plain = {"simulated": False, "leaky": False}
    assert not any("simulated" in n for n in general_notes(grid, ["kinematics"], **plain, auxiliary=[]))
    notes = general_notes(grid, ["kinematics"], **plain, auxiliary=["best"])
    assert any(n.startswith("best learned from simulated") for n in notes)
    found = SimpleNamespace(simulated=False, leaky=False, auxiliary=["best"], cells=[])
    assert result_marks(found).endswith("best: learned from simulated classes too")


def test_imported_vectors_are_compared_to_the_end(store, narrow, tmp_path, cli):
    from semtool.exchange import import_embeddings

    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(10, 8)).astype(np.float32))
    import_embeddings(tmp_path / "a.npy", "nw-ucla", "smie", store=store, encoder="sbert")
    texts = ["nw-ucla/smie/sbert", "nw-ucla/good"]
    found = compare(
        texts, ["tfidf"], store=store, presets=["ridge"], seeds=[0], executor=narrow, resamples=50
    )
    assert [(t.label, t.descriptions.reference) for t in found.texts] == [
        ("smie/sbert", "nw-ucla/smie/sbert@v1"),
        ("good", "nw-ucla/good@v1"),
    ]
    assert any("smie/sbert are imported vectors" in note for note in found.notes)
    assert cli("report", found.name, "--root", store.root).code == 0
    shown = cli("diagnose", "nw-ucla/smie/sbert", "--root", store.root)
    assert shown.code == 0
    assert "semtool optimise" not in shown.err
    with pytest.raises(UsageError, match="is made from nw-ucla/good@v1: name that"):
        compare(["nw-ucla/good/tfidf", "nw-ucla/copy"], ["tfidf"], store=store, presets=["ridge"])
