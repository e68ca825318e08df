"""YAML as people write it: one sentence, or read as it is meant."""

import os

import pytest

from semtool.catalogue import load_dataset
from semtool.errors import UsageError


def write(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name: a\nclasses: [yes, no]", "quote it"),
        ("name: a\ntitle: 手势\nclasses: [x, y]".encode("gbk"), "not UTF-8; save it as UTF-8"),
        ("a: " + "[" * 50_000, "a.yaml"),
        ("name: a\nclasses: [x, y]\nbodies: " + "9" * 5000, "a.yaml"),
        ("? [a, b]\n: 1", "a.yaml"),
        (b"\x00\x01", "a.yaml"),
    ],
)
def test_one_sentence(tmp_path, content, sentence):
    with pytest.raises(UsageError, match=sentence):
        load_dataset(write(tmp_path, content))


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(UsageError, match="a pipe or a device"):
        load_dataset(tmp_path / "a.yaml")


def test_names_of_any_script_and_signs_are_distinct(tmp_path):
    names = ["挥手", "踢腿", "turn +", "turn -"]
    data = load_dataset(write(tmp_path, "\ufeffname: a\nclasses: " + str(names)))
    assert [data.find_class(name).id for name in names] == [0, 1, 2, 3]


def test_no_protocols_is_said(tmp_path):
    with pytest.raises(UsageError, match="has no sample protocol; add"):
        load_dataset(write(tmp_path, "name: a\nclasses: [x, y]")).protocol()


def test_an_unknown_name_says_how_own_data_sets_are_named():
    with pytest.raises(UsageError, match=r"named by the path of its \.yaml file"):
        load_dataset("tiny")
