"""The whole flow as the README types it: on simulated skeletons, and on real ones where there are some."""

import json

import pytest

REAL = [("utd-mhad", "purls-22-5", 160), ("nw-ucla", "purls-8-2", 300)]


def run(cli, *arguments):
    done = cli(*arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out), done.err


@pytest.mark.real
@pytest.mark.parametrize(("dataset", "split", "unseen"), REAL)
def test_from_action_names_to_an_accuracy_on_real_skeletons(
    cli, data_folder, monkeypatch, dataset, split, unseen
):
    monkeypatch.setenv("SEMTOOL_DATA", str(data_folder))
    run(cli, "generate", "--dataset", dataset, "--prompts", "attributes")
    run(cli, "embed", "--encoder", "attributes")
    prepared, _ = run(cli, "prepare", "--dataset", dataset)
    assert prepared["samples"] == {"utd-mhad": 861, "nw-ucla": 1484}[dataset]
    assert not prepared["rejected"]
    made, _ = run(cli, "features", "--dataset", dataset, "--split", split, "--epochs", "1")
    assert made["counts"]["unseen-test"] == unseen
    summary, _ = run(cli, "train", "--split", split, "--preset", "ridge")
    assert summary["zsl"]["n"] == unseen
    assert summary["part"] == "all"
    assert summary["test"]["zsl"]["n"] < unseen
    assert 0 <= summary["zsl"]["accuracy"]["mean"] <= 1
    assert summary["simulated"] is False


def test_train_says_what_is_missing_and_goes_on_with_simulated_skeletons(cli):
    run(cli, "generate", "--dataset", "ntu60", "--prompts", "attributes")
    run(cli, "embed", "--encoder", "attributes")
    missing = cli("train")
    assert missing.code == 1
    assert "semtool prepare" in missing.err
    assert "semtool simulate" in missing.err
    run(cli, "simulate", "--dataset", "ntu60", "--subjects", "2", "--reps", "1")
    run(cli, "features", "--epochs", "1")
    trained = cli("train", "--preset", "ridge")
    assert trained.code == 0, trained.err
    assert "SIMULATED" in trained.out
    summary, _ = run(cli, "train", "--preset", "ridge")
    assert summary["simulated"] is True
    assert summary["zsl"]["chance"] == pytest.approx(1 / 5)


def test_the_same_command_and_seed_give_the_same_bytes(cli, tmp_path):
    import torch

    names = {"embeddings.safetensors", "features.safetensors", "checkpoint.safetensors", "predictions.csv"}
    before, made = torch.get_num_threads(), []
    for root in (tmp_path / "one", tmp_path / "two"):
        at = ("--root", root)
        run(cli, "generate", "--dataset", "ntu60", "--prompts", "attributes", *at)
        run(cli, "embed", "--encoder", "attributes", *at)
        run(cli, "simulate", "--dataset", "ntu60", "--subjects", "2", "--reps", "1", *at)
        run(cli, "features", "--epochs", "1", "--device", "cpu", *at)
        run(cli, "train", "--epochs", "2", "--seeds", "3", "--device", "cpu", *at)
        made.append({p.name: p.read_bytes() for p in root.rglob("*") if p.name in names})
    assert set(made[0]) == names
    assert [n for n in names if made[0][n] != made[1][n]] == []
    assert torch.get_num_threads() == before


def test_demo_ends_with_the_accuracy_on_unseen_classes(cli):
    done = cli("demo", "--subjects", "2", "--seeds", "1", "--epochs", "2", "--encoder", "attributes")
    assert done.code == 0, done.err
    for text in ("SIMULATED", "synse-55-5", "chance", "artifacts/embeddings/ntu60/multi/attributes/v1"):
        assert text in done.out
