"""The store under several processes at once, and the artifacts commands."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from semtool.artifacts import Store

HOLD = """
import signal
import sys
from pathlib import Path
from semtool.artifacts import Store
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell runs in the background
with Store(sys.argv[1]).create("descriptions", "ntu60/set", parameters={"n": sys.argv[3]}) as draft:
    (draft.folder / "descriptions.jsonl").write_text(sys.argv[2])
    print("open", flush=True)
    sys.stdin.readline()
print(draft.result.reference)
"""


def hold(root, text, parameter="same"):
    """Start a process that waits with an open draft; give it a line to let it finish."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root), text, parameter],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    return process


def test_two_processes_making_the_same_thing_get_one_version(tmp_path):
    # Both drafts are open at once, and their bytes differ as those of a threaded encoder may.
    first, second = hold(tmp_path, "a"), hold(tmp_path, "b")
    assert second.communicate("\n", timeout=60)[0] == "ntu60/set@v1\n"
    assert first.communicate("\n", timeout=60)[0] == "ntu60/set@v1\n"
    (only,) = Store(tmp_path).artifacts("descriptions")
    assert (only.verify().path / "descriptions.jsonl").read_text() == "b"


def test_two_processes_making_different_things_get_two_versions(tmp_path):
    first, second = hold(tmp_path, "a", "one"), hold(tmp_path, "b", "two")
    assert second.communicate("\n", timeout=60)[0] == "ntu60/set@v1\n"
    assert first.communicate("\n", timeout=60)[0] == "ntu60/set@v2\n"
    assert [a.verify().manifest.parameters["n"] for a in Store(tmp_path).artifacts("descriptions")] == [
        "two",
        "one",
    ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_writer_leaves_nothing_that_counts(tmp_path, cli, number):
    process = hold(tmp_path, "half")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert Store(tmp_path).references("descriptions") == []
    assert cli("artifacts", "gc", "--root", tmp_path).code == 0
    assert [p.name for p in tmp_path.iterdir()] == [".lock"]


@pytest.fixture
def smie(tmp_path, cli):
    """Two versions of a description set of nw-ucla, imported from line files."""
    for version in ("one", "two"):
        (tmp_path / "des.txt").write_text(
            "".join(f"text {i} {version if i == 3 else ''}\n" for i in range(10))
        )
        assert cli("artifacts", "import", "des.txt", "--dataset", "nw-ucla", "--name", "set").code == 0


def test_list_show_and_verify(cli, smie):
    listed = cli("artifacts", "list", "--json").json()["artifacts"]
    assert [(a["kind"], a["reference"], a["counts"]) for a in listed] == [
        ("descriptions", "nw-ucla/set@v1", {"global": 10}),
        ("descriptions", "nw-ucla/set@v2", {"global": 10}),
    ]
    assert "nw-ucla/set@v2" in cli("artifacts", "list", "--kind", "descriptions", "--dataset", "nw-ucla").out
    assert cli("artifacts", "list", "--dataset", "ntu60", "--json").json()["artifacts"] == []
    shown = cli("artifacts", "show", "nw-ucla/set", "--json").json()
    assert shown["manifest"]["reference"] == "nw-ucla/set@v2"
    assert "inputs:" in cli("artifacts", "show", "nw-ucla/set@v1").out
    assert cli("artifacts", "verify", "--json").json() == {"checked": 2, "problems": []}


def test_verify_names_the_flipped_byte_and_fails(cli, smie):
    path = Store().resolve("descriptions", "nw-ucla/set@v1").path / "descriptions.jsonl"
    raw = bytearray(path.read_bytes())
    raw[20] ^= 4
    path.write_bytes(raw)
    everything = cli("artifacts", "verify")
    assert everything.code == 1
    assert everything.out == "nw-ucla/set@v1: descriptions.jsonl does not match its checksum\n"
    assert cli("artifacts", "verify", "nw-ucla/set@v2").code == 0
    answer = cli("artifacts", "verify", "nw-ucla/set@v1", "--json")
    assert (answer.code, len(answer.json()["problems"])) == (1, 1)


def test_one_unreadable_manifest_does_not_hide_the_others(cli, smie):
    path = Store().resolve("descriptions", "nw-ucla/set@v2").path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 7}))
    listed = cli("artifacts", "list")
    assert listed.code == 0
    assert "nw-ucla/set@v1" in listed.out
    assert "unreadable" in listed.out
    assert "upgrade semtool" in listed.err
    checked = cli("artifacts", "verify")
    assert checked.code == 1
    assert "upgrade semtool" in checked.out


def test_diff(cli, smie):
    for arguments in (["nw-ucla/set"], ["nw-ucla/set@v1"], ["nw-ucla/set@v1", "nw-ucla/set@v2"]):
        answer = cli("artifacts", "diff", *arguments)
        assert answer.code == 0
        assert answer.out.splitlines()[:2] == ["nw-ucla/set@v1 -> nw-ucla/set@v2", "global: 1 changed"]
        assert "  - text 3 one\n  + text 3 two\n" in answer.out
    found = cli("artifacts", "diff", "nw-ucla/set", "--json").json()
    assert [(c["kind"], c["class_id"], c["after"]) for c in found["changes"]] == [
        ("changed", 3, "text 3 two")
    ]
    assert (
        cli("artifacts", "diff", "nw-ucla/set@v1", "nw-ucla/set@v1").out.splitlines()[1]
        == "the texts are the same"
    )


def test_gc_of_old_versions(cli, smie):
    assert len(cli("artifacts", "gc", "--old", "--dry-run", "--json").json()["removed"]) == 1
    assert cli("artifacts", "gc", "--old", "--json").json()["removed"][0]["path"].endswith("set/v1")
    assert Store().references("descriptions") == ["nw-ucla/set@v2"]
    only = cli("artifacts", "diff", "nw-ucla/set")
    assert only.code == 2
    assert "only version" in only.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "nw-ucla/sett"), 1, "did you mean 'nw-ucla/set'"),
        (("verify", "nothing/here"), 1, "unknown artifact"),
        (("list", "--kind", "description"), 2, "did you mean 'descriptions'"),
        (("import", "none.txt", "--dataset", "ntu60"), 2, "cannot read none.txt"),
        (("import", "des.txt", "--dataset", "ntu61"), 2, "did you mean 'ntu60'"),
        (("import", "des.txt", "--dataset", "ntu60"), 1, "10 rows, ntu60 has 60 classes"),
        (("export", "nw-ucla/set", "--as", "mean"), 2, "made from embeddings"),
        (("export", "nw-ucla/set", "--as", "pile"), 2, "unknown export layout"),
    ],
)
def test_errors_are_one_sentence(cli, smie, arguments, code, says):
    answer = cli("artifacts", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert says in answer.err
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1


def test_a_word_that_is_no_choice_is_wrong_usage(cli, smie):
    answer = cli("artifacts", "import", "des.txt", "--dataset", "nw-ucla", "--by", "luck")
    assert (answer.code, answer.out) == (2, "")
    assert "--by" in answer.err
    assert "'label'" in answer.err  # what it may be


def test_an_empty_store_is_no_error(cli):
    assert cli("artifacts", "list", "--json").json()["artifacts"] == []
    assert "no artifacts" in cli("artifacts", "list").err
    assert cli("artifacts", "verify", "--json").json() == {"checked": 0, "problems": []}
    assert cli("artifacts", "gc", "--json").json()["removed"] == []
    assert not Path("artifacts").exists()
