"""``semtool embed`` and ``semtool encoders`` from the command line."""

import pytest

TWO = {0: {"label": ["wave"], "global": ["a hand waves"]}, 1: {"label": ["kick"], "global": ["a leg kicks"]}}


@pytest.fixture
def root(store):
    return ("--root", store.root)


def test_embed_prints_one_json_object(cli, describe, root):
    describe(TWO)
    done = cli("embed", "--encoder", "tfidf", "--json", *root)
    assert done.code == 0
    answer = done.json()
    assert answer["reference"] == "ntu60/demo/tfidf@v1"
    assert (answer["rows"], answer["classes"], answer["found"]) == (4, 2, False)
    assert answer["texts"] == {"new": 4, "reused": 0}
    assert cli("embed", "--encoder", "tfidf", "--json", *root).json()["found"] is True


def test_embed_says_what_was_done(cli, describe, root):
    describe(TWO)
    assert "4 texts encoded, 0 reused" in cli("embed", "--encoder", "tfidf", *root).out
    assert "already there" in cli("embed", "--encoder", "tfidf", *root).out


def test_a_dry_run_writes_nothing(cli, describe, root, store):
    describe(TWO)
    plan = cli("embed", "--encoder", "tfidf", "--dry-run", "--json", *root).json()
    assert (plan["rows"], plan["new"], plan["existing"]) == (4, 4, None)
    assert "4 to encode" in cli("embed", "--encoder", "tfidf", "--dry-run", *root).out
    assert store.artifacts("embeddings") == []
    cli("embed", "--encoder", "tfidf", *root)
    assert "nothing to do" in cli("embed", "--encoder", "tfidf", "--dry-run", *root).out


@pytest.mark.parametrize(
    ("reference", "message"),
    [("ntu60/dema", "did you mean 'ntu60/demo'"), ("ntu60/demo@v9", "has no version 'v9'")],
)
def test_text_that_is_not_there_is_exit_1(cli, describe, root, reference, message):
    describe(TWO)
    done = cli("embed", "--encoder", "tfidf", "--descriptions", reference, *root)
    assert done.code == 1
    assert message in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--encoder", "mimilm"), "did you mean 'minilm'"),
        (("--encoder", "tfidf", "--prefix", "x"), "--prefix means nothing"),
        (("--encoder", "tfidf", "--overwrite", "maybe"), "maybe"),
    ],
)
def test_wrong_usage_is_exit_2(cli, describe, root, arguments, message):
    describe(TWO)
    done = cli("embed", *arguments, *root)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_clip_without_weights_is_exit_1_and_one_sentence(cli, describe, root, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    describe(TWO)
    done = cli("embed", "--encoder", "clip", *root)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "give a checkpoint by path" in done.err


def test_list_show_check(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    entries = {e["alias"]: e for e in cli("encoders", "list", "--json").json()["encoders"]}
    assert entries["clip"]["max_tokens"] == 77
    assert entries["clip"]["available"] is False
    assert entries["attributes"]["available"] is True
    assert "clip-l" in cli("encoders", "list").out
    assert cli("encoders", "show", "sbert", "--json").json()["dim"] == 768
    assert len(cli("encoders", "show", "sbert+attributes", "--json").json()["parts"]) == 2
    assert "768" in cli("encoders", "show", "sbert").out
    assert cli("encoders", "check", "attributes", "--run").code == 0
    missing = cli("encoders", "check", "clip", "--json")
    assert missing.code == 1
    assert missing.json()["available"] is False


def test_truncation_is_a_warning_or_an_error(cli, describe, root, letters, monkeypatch):
    from semtool.encoders import registry

    class Short(letters):
        family = "letters"
        aliases = {"letters": ""}  # noqa: RUF012
        limit = 2

    known = {**registry.built_in(), "letters": Short}
    monkeypatch.setattr(registry, "built_in", lambda: known)
    describe(TWO)
    failed = cli("embed", "--encoder", "letters", "--on-truncation", "error", *root)
    assert failed.code == 1
    assert "has 3 tokens and letters:a reads 2" in failed.err
    done = cli("embed", "--encoder", "letters", "--json", *root)
    assert done.json()["truncated"] == {"global": 2}
    assert "reads 2 tokens; cut short: 2 global" in done.err
