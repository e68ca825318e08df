"""What commands say of artifacts that are missing or damaged, and of data sets of the user's own."""

import errno
from pathlib import Path

import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset

OWN = """\
name: gym
title: A gym
classes: [wave, kick, jump, squat]
splits: {mine: {unseen: [2, 3]}}
"""


@pytest.fixture
def described(cli, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gym.yaml").write_text(OWN)
    assert cli("generate", "-d", "data/gym.yaml", "--prompts", "label").code == 0
    return Store("artifacts")


def test_a_file_of_ones_own_is_found_again_by_the_data_sets_name(described, tmp_path, monkeypatch):
    assert load_dataset(described.dataset_file("gym")).name == "gym"
    assert described.dataset_file("ntu60") == "ntu60"
    monkeypatch.chdir(tmp_path / "data")
    assert load_dataset(Store("../artifacts").dataset_file("gym")).name == "gym"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("generate --dataset gym --prompts label --overwrite always", "gym/label@v1"),
        (
            "compare --dataset gym --split mine --descriptions label --descriptions words -e tfidf",
            "no skeletons",
        ),
        ("train --dataset gym --split mine", "no skeletons of gym"),
        ("features --dataset gym --split mine", "gym has no sample protocol"),
        ("features --dataset gym --split mine --dry-run", "gym has no sample protocol"),
        ("diagnose gym/label --split mine", "gym, 4 classes, split mine"),
        ("table synse --dataset gym", "gym has no class split of the family synse"),
        ("sweep grid.yaml --dry-run", "gym has no sample protocol"),
    ],
)
def test_every_command_knows_a_data_set_of_ones_own_by_its_name(cli, described, command, said):
    assert cli("embed", "--encoder", "tfidf").code == 0
    Path("grid.yaml").write_text(
        "datasets: {gym: [mine]}\nprompts: [label]\nencoders: [tfidf]\npresets: [ridge]\n"
    )
    done = cli(*command.split())
    assert said in done.out + done.err
    assert "unknown data set" not in done.err


def test_training_without_a_name_reads_the_file(cli, described):
    assert cli("embed", "--encoder", "tfidf").code == 0
    done = cli("train", "--split", "mine")
    assert done.code == 1
    assert "no skeletons of gym" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ("embed", "--descriptions", "ntu60/multi"),
        ("train",),
        ("evaluate",),
        ("evaluate", "newest"),
        ("features",),
        ("report",),
        ("compare",),
        ("artifacts", "show", "ntu60/multi"),
    ],
)
def test_what_is_not_made_yet_ends_with_one(cli, command):
    done = cli(*command)
    assert done.code == 1
    assert done.err.startswith("error: ")


def test_show_says_that_an_artifact_is_damaged(cli, described):
    assert cli("artifacts", "show", "gym/label").code == 0
    text = described.root / "descriptions/gym/label/v1/descriptions.jsonl"
    text.write_text(text.read_text().replace("wave", "wove"))
    done = cli("artifacts", "show", "gym/label")
    assert done.code == 1
    assert "does not match its checksum" in done.err
    assert cli("artifacts", "show", "gym/label", "--json").json()["problems"]


def test_a_full_disk_on_an_export_names_out(cli, described, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    done = cli("artifacts", "export", "gym/label", "--as", "lines", "--out", "elsewhere")
    assert done.code == 1
    assert "use another --out" in done.err
    assert "--root" not in done.err
