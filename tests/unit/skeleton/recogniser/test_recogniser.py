"""The shipped recogniser: any labels, any skeleton, no training."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semtool.catalogue import load_bank, load_dataset, load_vocabulary
from semtool.errors import SemtoolError, UsageError
from skeleton import load_recogniser
from skeleton.data.layouts import layout
from skeleton.data.loading import load_sequence
from skeleton.data.sequence import SkeletonSequence
from skeleton.recogniser import EXAMPLE, NONE, Examples, timeline
from skeleton.recogniser.acted import act_out
from skeleton.recogniser.reading import code, read

LABELS = ["wave", "kick", "sit down", "clap"]
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def model():
    return load_recogniser()


@pytest.fixture(scope="module")
def clip():
    return load_sequence(EXAMPLE)[0]


@pytest.fixture(scope="module")
def simulated():
    """Forty clips of four classes, by people whom the recogniser has not met."""
    bank, dataset = load_bank(load_dataset("ntu60")), load_dataset("ntu60")
    names = ["hand waving", "kicking something", "sitting down", "clapping"]
    facts = [bank[dataset.find_class(n).id].attribute for n in names]
    made = [
        SkeletonSequence(f"{n} {k}", "kinect-v2", act_out(f, np.random.default_rng([9, at, k])))
        for at, (n, f) in enumerate(zip(names, facts, strict=True))
        for k in range(10)
    ]
    return names, made, np.repeat(np.arange(4), 10)


def accuracy(answers, names, rows):
    return np.mean([a.labels[0] == names[r] for a, r in zip(answers, rows, strict=True)])


def test_codes_are_read_back():
    attributes = load_vocabulary().complete(
        {"arms": "one", "hand_peak": "overhead", "path": "circle", "speed": "fast"}
    )
    found = read(code([attributes])[0])
    assert {name: r.value for name, r in found.items()} == attributes
    assert all(r.confidence > 0.99 for r in found.values())


def test_the_readme_shows_the_answer(model, clip):
    (answer,) = model.predict(clip, ["wave", "kick", "sit down", "drink"])
    readme, picture = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/answer.svg"))
    assert "docs/answer.svg" in readme
    assert f"{answer.label}    {answer.probabilities[0]:.2f}" in readme
    said = [*answer.labels, *(f"{p:.2f}" for p in answer.probabilities), *answer.because]
    assert all(f">{text}</text>" in picture for text in said)
    assert len(picture) < 60_000


def test_the_example_waves(model, clip):
    (answer,) = model.predict(clip, LABELS)
    assert answer.label == "wave"
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
    assert list(answer.probabilities) == sorted(answer.probabilities, reverse=True)
    assert answer.because
    assert model.predict(clip, LABELS)[0] == answer


def test_simulated_people_are_recognised(model, simulated):
    names, made, rows = simulated
    assert accuracy(model.predict(made, names, act=False), names, rows) > 0.7
    assert accuracy(model.predict(made, names), names, rows) > 0.7


def test_words_without_facts_are_read(model):
    said = model.words.codes(["lift the left leg", "throw a ball"], facts=False)
    lifted, thrown = (read(row) for row in said)
    assert lifted["legs"].value != "none"
    assert thrown["arms"].value != "none"


def test_a_label_of_the_bank_has_its_facts(model):
    bank = load_bank(load_dataset("ntu60"))
    assert np.allclose(model.words.codes(["Hand Waving"]), code([bank[22].attribute]), atol=1e-6)


def test_attributes_need_no_label(model, clip):
    (found,) = model.attributes(clip)
    assert found["arms"].value == "one"
    assert found["hand_peak"].value in ("head", "overhead", "shoulder")


def test_similarity_prefers_what_is_shown(model, clip):
    scores = model.similarity([clip], LABELS)
    assert scores.shape == (1, 4)
    assert scores[0].argmax() == 0


@pytest.mark.parametrize("labels", [["wave"], ["wave", ""], ["wave", "Wave "]])
def test_labels_that_are_no_choice(model, clip, labels):
    with pytest.raises(UsageError, match="label"):
        model.predict(clip, labels)


def test_labels_that_mean_the_same_share_the_answer(model, clip):
    (answer,) = model.predict(clip, ["hand waving", "waving", "kick"], act=False)
    ours = dict(zip(answer.labels, answer.probabilities, strict=True))
    assert ours["hand waving"] == pytest.approx(ours["waving"])


def test_motion_that_is_not_there(model, clip):
    with pytest.raises(SemtoolError, match="no motion"):
        model.predict(replace(clip, positions=np.zeros_like(clip.positions)), LABELS)
    with pytest.raises(SemtoolError, match="two frames"):
        model.predict(replace(clip, positions=clip.positions[:, :1]), LABELS)
    (answer,) = model.predict(replace(clip, positions=clip.positions[:, :2]), LABELS, act=False)
    assert any("2 frames" in note for note in answer.notes)


def test_what_limits_an_answer_is_said(model, clip):
    flat = clip.positions.copy()
    flat[2] = 0
    (answer,) = model.predict(replace(clip, positions=flat), LABELS, act=False)
    assert any("depth" in note for note in answer.notes)
    joints = [
        j for j in layout("kinect-v2").joints if "knee" not in j and "ankle" not in j and "foot" not in j
    ]
    upper = layout("joints:" + ",".join(joints))
    short = clip.positions[:, :, [layout("kinect-v2").index(j) for j in upper.joints]]
    (answer,) = model.predict(replace(clip, layout=upper.name, positions=short), LABELS, act=False)
    assert any("kick" in note for note in answer.notes)
    assert answer.labels[0] == "wave"


def test_nothing_fits_when_much_else_fits_better(model, clip):
    assert model.predict(clip, LABELS)[0].fits
    assert model.predict(clip, ["lie down", "kick a ball"])[0].label == NONE


def test_examples_help(model, simulated):
    _, made, rows = simulated
    # Labels that say nothing: only the examples can tell.
    labels = ["alpha", "beta", "gamma", "delta"]
    shown = np.flatnonzero(np.arange(40) % 10 < 4)
    examples = Examples(tuple(made[i] for i in shown), rows[shown])
    rest = np.setdiff1d(np.arange(40), shown)
    answers = model.predict([made[i] for i in rest], labels, act=False, examples=examples)
    assert accuracy(answers, labels, rows[rest]) > 0.6
    gain = model.gain(examples, labels, act=False)
    assert gain.after > gain.before
    assert "16 examples" in gain.sentence()


def test_a_batch_has_a_level_of_its_own(model, simulated, clip):
    names, made, _ = simulated
    assert len(model.predict(made, names, adapt="batch", act=False)) == 40
    with pytest.raises(UsageError, match="two sequences"):
        model.predict(clip, LABELS, adapt="batch")


def test_a_timeline_finds_the_change(model, simulated):
    names, made, _ = simulated
    waving, sitting = made[0].positions[..., :1], made[20].positions[..., :1]
    sitting = sitting + (waving[:, -1:, :1] - sitting[:, :1, :1])
    gone = np.zeros((3, 60, 25, 1), np.float32)
    whole = np.concatenate([waving, waving, gone, sitting], axis=1)
    long = SkeletonSequence("long", "kinect-v2", np.concatenate([whole, np.zeros_like(whole)], axis=-1))
    window = min(waving.shape[1], sitting.shape[1]) / 30
    parts = timeline(model, long, names, window=window, hop=0.2, act=False)
    assert {p.person for p in parts} == {1}
    assert all(p.start < p.end for p in parts)
    assert [p.start for p in parts] == sorted(p.start for p in parts)
    assert parts[0].label in (names[0], NONE)
    hole = 2 * waving.shape[1] / 30
    assert not any(p.start < hole + 0.9 < p.end and hole + 1.1 < p.end for p in parts)


def test_the_card_says_where_it_comes_from(model):
    assert model.card["made from"]["levels of real data sets"]


def test_the_command(cli, tmp_path):
    done = cli("classify", "example", "--labels", "wave, kick, sit down", "--json")
    assert done.code == 0, done.err
    (found,) = done.json()["predictions"]
    assert found["label"] == "wave"
    assert done.json()["inductive"] is True
    file = tmp_path / "labels.txt"
    file.write_text("wave\n\nkick\n", encoding="utf-8")
    assert "wave" in cli("classify", "example", "--labels-file", file, "--no-act").out
    many = cli("classify", "example", "--labels", "nw-ucla", "--no-act", "--json").json()
    assert len(many["predictions"][0]["probabilities"]) == 10
    assert "wave" in cli("classify", "example", "--no-act").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("example", "--labels", "wave"), 2),
        (("nowhere.json", "--labels", "wave, kick"), 2),
        (("example", "--labels", "wave, kick", "--labels-file", __file__), 2),
        (("example", "--labels", "wave, kick", "--window", "1", "--hop", "2"), 2),
        ((__file__, "--labels", "wave, kick"), 2),
    ],
)
def test_wrong_usage_is_one_sentence(cli, arguments, code):
    done = cli("classify", *arguments)
    assert done.code == code
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


def test_timelines_are_written(cli, tmp_path):
    for name in ("t.csv", "t.json", "t.html"):
        done = cli("classify", "example", "--window", "1", "--no-act", "--out", tmp_path / name, "--json")
        assert done.code == 0, done.err
        assert done.json()["segments"][0]["person"] == 1
    assert json.loads((tmp_path / "t.json").read_text())[0]["start"] == 0
    assert (tmp_path / "t.csv").read_text().startswith("name,person,start,end,label")
    page = (tmp_path / "t.html").read_text()
    assert 'class="row"' in page
    assert "@TIMELINE@" not in page


def test_examples_from_a_folder(cli, tmp_path):
    for label in ("wave", "kick"):
        (tmp_path / "ok" / label).mkdir(parents=True)
        (tmp_path / "ok" / label / "clip.npz").write_bytes(EXAMPLE.read_bytes())
    done = cli(
        "classify", "example", "--labels", "wave, kick", "--no-act", "--examples", tmp_path / "ok", "--json"
    )
    assert done.code == 0, done.err
    assert done.json()["examples"]["examples"] == 2
    wrong = cli("classify", "example", "--labels", "wave, sit", "--examples", tmp_path / "ok")
    assert (wrong.code, "none of the labels" in wrong.err) == (2, True)


def test_card_and_description_commands(cli):
    assert "levels of real data sets" in cli("recogniser", "card").out
    assert cli("recogniser", "card", "--json").json()["made from"]
    found = cli("recogniser", "describe", "example", "--json").json()
    assert found["sequences"][0]["attributes"]["arms"]["value"] == "one"


def test_no_heavy_library_is_loaded():
    code = (
        "import sys; from skeleton import load_recogniser; from skeleton.recogniser import EXAMPLE;"
        "from skeleton.data.loading import load_sequence;"
        "load_recogniser().predict(load_sequence(EXAMPLE)[0], ['wave', 'kick']);"
        "print(sorted({'torch', 'sklearn', 'pandas', 'sentence_transformers', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
