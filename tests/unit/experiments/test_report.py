"""The report page as text: what it says, that nothing in it runs, that it is the same twice."""

import importlib.util
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.report import report

HERE = Path(__file__).resolve()


def load_world():
    spec = importlib.util.spec_from_file_location("report_world", HERE.parents[2] / "report_world.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORLD = load_world()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    return WORLD.build(folder)


@pytest.fixture
def store(built, tmp_path):
    """A copy that a test may damage."""
    shutil.copytree(built.root, tmp_path / "artifacts")
    return Store(tmp_path / "artifacts")


class Page(HTMLParser):
    """Elements of a page, the text of its scripts and the text that shows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.words, self.inside = [], [], [], []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.inside.append((dict(attrs).get("type"), []))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script" and self.inside and self.inside[-1] is not None:
            self.inside[-1][1].append(data)
        else:
            self.words.append(data)

    def handle_endtag(self, tag):
        if tag == "script" and self.inside and self.inside[-1] is not None:
            kind, parts = self.inside[-1]
            self.scripts.append((kind, "".join(parts)))
            self.inside[-1] = None

    @property
    def data(self):
        return json.loads(next(text for kind, text in self.scripts if kind == "application/json"))


def page_of(store, name, tmp_path):
    made = report(name, tmp_path / "page.html", store=store)
    return made, Page(made.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["mla", "ridge-rich-0", "both"])
def test_same_input_gives_same_bytes(store, name, tmp_path):
    first = report(name, tmp_path / "a.html", store=store).path.read_bytes()
    assert report(name, tmp_path / "b.html", store=store).path.read_bytes() == first
    assert str(tmp_path).encode() not in first


@pytest.mark.parametrize("name", ["mla", "both"])
def test_labels_and_texts_stay_text(store, name, tmp_path):
    made, page = page_of(store, name, tmp_path)
    assert made.missing == ()
    # One data block and one script; nothing that a label or a description brought along.
    assert [kind for kind, _ in page.scripts] == ["application/json", None]
    assert not {"img", "b", "i"} & {tag for tag, _ in page.tags}
    assert not [attrs for _, attrs in page.tags if any(key.startswith("on") for key in attrs)]
    assert page.data["datasets"]["odd"]["classes"]["2"]["name"] == WORLD.EVIL_NAME
    strings = {s for t in page.data["texts"] for s in t["strings"]}
    assert any(WORLD.EVIL_TEXT in s for s in strings)
    raw = made.path.read_text(encoding="utf-8")
    block = raw.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert not set(block) & set("<>&\u2028")


def test_the_policy_allows_this_script_and_no_network(store, tmp_path):
    import base64
    import hashlib

    _, page = page_of(store, "mla", tmp_path)
    script = next(text for kind, text in page.scripts if kind is None)
    fingerprint = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{fingerprint}'" in page.policy
    assert page.policy.startswith("default-src 'none'")
    assert "unsafe" not in page.policy
    outside = [a for _, attrs in page.tags for k, a in attrs.items() if k in ("src", "href")]
    assert all(a.startswith(("#", "data:,")) for a in outside)
    assert not re.search(r"https?://|//cdn|@import|url\(", made_text(page))


def made_text(page):
    return "".join(text for _, text in page.scripts) + "".join(page.words)


def test_run_page_says_what_was_measured(store, tmp_path):
    made, page = page_of(store, "mla", tmp_path)
    words = " ".join(" ".join(page.words).split())
    summary = json.loads((store.root / "runs" / "mla" / "summary.json").read_text(encoding="utf-8"))
    assert f"{100 * summary['zsl']['accuracy']['mean']:.1f} %" in words
    assert "Chance is 25.0 %" in words
    assert "Simulated skeletons." in words
    assert "Student's t" in words
    for kind in ("embeddings", "features"):
        assert summary[kind]["sha256"] in words
    assert made.kind == "run"
    cell = page.data["cells"][0]
    assert cell["attention"]["heads"] == [1, 5, 9]
    for found in cell["attention"]["classes"].values():
        for listed in (found["mean"], *found["heads"]):
            assert 0 < sum(share for _, share in listed) <= 1003
        assert sum(share for _, share in found["heads"][0]) == pytest.approx(1000, abs=3)  # k = 1..., top six
    assert all(abs(sum(row) - 1) < 0.01 for row in cell["attention"]["share"])
    matrix = cell["confusion"]["zero_shot"]
    assert sum(n for _, _, n in matrix["seeds"]["0"]) == cell["n"]


def test_comparison_page_says_who_is_better(store, tmp_path):
    made, page = page_of(store, "both", tmp_path)
    words = " ".join(" ".join(page.words).split())
    assert made.kind == "comparison"
    assert "rich is better than plain" in words
    assert "A note <b>with tags</b>." in words
    assert "+12.0" in words
    assert [t["label"] for t in page.data["texts"]] == ["plain", "rich"]
    assert [c["seeds"] for c in page.data["cells"]] == [[0, 1], [0, 1]]


def test_leaky_runs_are_marked(store, tmp_path):
    path = store.root / "runs" / "mla" / "summary.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"leaky": false', '"leaky": true'), encoding="utf-8"
    )
    assert "Leaky selection." in page_of(store, "mla", tmp_path)[1].words


def test_simulated_auxiliary_classes_are_marked(store, tmp_path):
    assert "Simulated auxiliary classes." not in page_of(store, "mla", tmp_path)[1].words
    path = store.root / "runs" / "mla" / "seed-0" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["auxiliary"] = {"source": "combinations", "simulated": True, "classes": [1], "samples": 4}
    path.write_text(json.dumps(metrics), encoding="utf-8")
    assert "Simulated auxiliary classes." in page_of(store, "mla", tmp_path)[1].words


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        ("arrays", "The skeletons of the split half cannot be shown"),
        ("features", "The map cannot be drawn"),
        ("embeddings", "Without its embedding file"),
        ("descriptions", "The descriptions cannot be shown"),
        ("runs/mla/seed-0/checkpoint.safetensors", "The map cannot be drawn"),
        ("runs/mla/seed-0/predictions.csv", "the answers for single samples cannot be shown"),
        ("runs/mla/seed-0/metrics.json", "the files of the run mla are missing or damaged"),
    ],
)
def test_what_is_gone_is_said_and_the_rest_is_there(store, gone, sentence, tmp_path):
    path = store.root / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    made, page = page_of(store, "mla", tmp_path)
    assert any(sentence in said for said in made.missing)
    assert page.data["cells"][0]["numbers"]["accuracy"]["mean"] >= 0
    assert not any(str(tmp_path) in said for said in made.missing)


def test_replaced_inputs_are_not_shown_as_the_run_s_own(store, tmp_path):
    path = store.root / "runs" / "mla" / "seed-0" / "config.yaml"
    text = path.read_text(encoding="utf-8")
    digest = re.search(r"features:\s+reference: \S+\s+sha256: (\w+)", text)[1]
    path.write_text(text.replace(digest, "f" * 64), encoding="utf-8")
    made, _ = page_of(store, "mla", tmp_path)
    assert any("its content differs" in said for said in made.missing)


def test_a_comparison_with_a_damaged_run_says_so(store, tmp_path):
    (store.root / "runs" / "ridge-plain-1" / "seed-1" / "metrics.json").write_text("{", encoding="utf-8")
    made, page = page_of(store, "both", tmp_path)
    assert [p for p in made.missing if "ridge-plain-1" in p] == [
        "Seed 1: the files of the run ridge-plain-1 are missing or damaged."
    ]
    assert "missing" not in page.data["cells"][0]["map"]


def test_a_comparison_whose_run_was_changed_says_so(store, tmp_path):
    path = store.root / "runs" / "ridge-rich-0" / "seed-0" / "metrics.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["zsl"]["accuracy"] = 0.123
    path.write_text(json.dumps(found), encoding="utf-8")
    made, page = page_of(store, "both", tmp_path)
    assert "Seed 0: the run ridge-rich-0 was changed after it was compared; left out." in made.missing
    assert page.data["cells"][1]["shown_seed"] == 1


def test_names(store, tmp_path, cli):
    assert report(None, tmp_path / "a.html", store=store).name in ("both", "mla")
    assert (
        report(str(store.root / "comparisons" / "both"), tmp_path / "a.html", store=store).kind
        == "comparison"
    )
    assert report(str(store.root / "runs" / "mla"), tmp_path / "a.html", store=store).kind == "run"
    with pytest.raises(UsageError, match="did you mean 'mla'"):
        report("mlaa", store=store)
    with pytest.raises(UsageError, match=r"does not end in \.html"):
        report("mla", "page.pdf", store=store)
    with pytest.raises(UsageError, match="no run and no comparison"):
        report(None, store=Store(tmp_path / "empty"))
    with pytest.raises(SemtoolError, match="cannot write"):
        report("mla", tmp_path / "a.html" / "there.html", store=store)
    (store.root / "comparisons" / "both").rename(store.root / "comparisons" / "mla")
    with pytest.raises(UsageError, match="name of a run and of a comparison"):
        report("mla", store=store)
    (store.root / "comparisons" / "mla" / "comparison.json").write_text("[]", encoding="utf-8")
    result = cli("report", store.root / "comparisons" / "mla", "--root", store.root)
    assert result.code == 1
    assert result.err.startswith("error: cannot read the comparison")


def test_command(store, cli, tmp_path):
    result = cli("report", "mla", "--root", store.root, "--json")
    found = result.json()
    assert found["path"] == "mla.html"
    assert found["bytes"] == (tmp_path / "mla.html").stat().st_size
    assert found["missing"] == []
    assert "report of the run mla" in cli("report", "mla", "--root", store.root).out


def test_skeletons_are_bounded(store, tmp_path, monkeypatch):
    monkeypatch.setattr("semtool.experiments.report.collect.CLIPS", 3)
    _, page = page_of(store, "mla", tmp_path)
    assert len(page.data["clips"]["odd"]["samples"]) == 3
    assert len(page.data["cells"][0]["outcomes"]) == 3


def test_one_seed_has_an_interval_over_samples_but_none_for_the_mean_over_classes(store, tmp_path):
    _, page = page_of(store, "ridge-rich-0", tmp_path)
    numbers = page.data["cells"][0]["numbers"]
    assert numbers["accuracy"]["basis"] == "samples"
    assert numbers["class_mean"]["low"] is None
    assert page.data["cells"][0]["attention"] is None
    assert [v["name"] for v in page.data["cells"][0]["map"]["views"]] == ["unseen classes", "all classes"]


def test_samples_of_mla_lie_by_scores_and_by_queries(store, tmp_path):
    _, page = page_of(store, "mla", tmp_path)
    unseen, every = page.data["cells"][0]["map"]["views"]
    assert [layout["name"] for layout in unseen["layouts"]] == ["PCA of scores", "PCA of queries"]
    assert [layout["name"] for layout in every["layouts"]] == ["PCA"]
    assert len(unseen["samples"]) == len(unseen["truth"]) == len(unseen["layouts"][0]["samples"]) // 2
