"""``semtool simulate`` from the outside, and the way of its files through ``semtool prepare``."""

from __future__ import annotations

from skeleton.data.arrays import ArraySet


def test_arrays(cli):
    command = ("simulate", "--subjects", "2", "--reps", "1", "--classes", "A001, hand waving, 49")
    first = cli(*command, "--json").json()
    assert first["simulated"] is True
    assert first["arrays"] == "ntu60/simulated@v1"
    assert (first["samples"], first["classes"], first["reused"]) == (6, 3, False)
    assert cli(*command, "--json").json()["reused"] is True
    again = cli(*command)
    assert "nothing to do" in again.err
    assert "simulated" in again.out


def test_files_go_through_prepare_and_stay_simulated(cli, tmp_path):
    folder = tmp_path / "files"
    made = cli(
        "simulate", "--format", "ntu", "--out", folder, "--subjects", "2", "--reps", "1", "--json"
    ).json()
    assert made["samples"] == 120
    prepared = cli("prepare", "--dataset", "ntu60", "--raw", folder, "--json").json()
    assert prepared["simulated"] is True
    assert prepared["samples"] == 120
    assert prepared["rejected"] == []
    arrays = ArraySet.open(prepared["path"])
    assert sorted(set(arrays.class_id.tolist())) == list(range(60))
    assert arrays.simulated


def test_wrong_usage(cli):
    for arguments in (
        ("--dataset", "nw-ucla"),
        ("--classes", "flying"),
        ("--format", "ntu"),
        ("--format", "csv"),
        ("--subjects", "0"),
    ):
        result = cli("simulate", *arguments)
        assert result.code == 2, arguments
        assert result.out == ""
        assert result.err


def test_help_has_an_example(cli):
    result = cli("simulate", "--help")
    assert result.code == 0
    assert "Example" in result.out
