"""The text tower of CLIP, with random weights."""

import pickle

import numpy as np
import pytest

from semtool.encoders import find_encoder
from semtool.encoders import openclip as module
from semtool.encoders.encoding import encode_texts
from semtool.errors import SemtoolError, UsageError

SMALL = "ViT-S-32-alt"
TEXTS = ["wave", "A person waves with the right hand.", "kick 🙂", "挥手"]


@pytest.fixture(scope="module")
def model():
    """Return a small CLIP model with random weights."""
    import open_clip
    import torch

    torch.manual_seed(0)
    return open_clip.create_model(SMALL, load_weights=False).eval()


@pytest.fixture(scope="module")
def checkpoint(model, tmp_path_factory):
    import torch

    path = tmp_path_factory.mktemp("clip") / "random.pt"
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, path)
    return path


def test_a_checkpoint_by_path_gives_the_vectors_of_open_clip(model, checkpoint):
    import open_clip
    import torch

    encoder = find_encoder(f"open_clip:{SMALL}/{checkpoint}")
    with torch.inference_mode():
        expected = model.encode_text(open_clip.get_tokenizer(SMALL)(TEXTS), normalize=True).numpy()
    np.testing.assert_allclose(encode_texts(encoder, TEXTS).vectors, expected, atol=1e-5)


def test_only_the_text_tower_stays_in_memory(checkpoint):
    encoder = find_encoder(f"open_clip:{SMALL}/{checkpoint}")
    encoder.encode(["wave"])
    assert not hasattr(encoder._model[0], "visual")


def test_the_card_says_what_is_read_without_the_path(checkpoint):
    card = find_encoder(f"open_clip:{SMALL}/{checkpoint}").card
    assert (card.name, card.dim, card.max_tokens) == (f"open_clip:{SMALL}/random.pt", 256, 77)
    assert len(card.revision) == 16


def test_tokens_are_counted_with_start_and_end(checkpoint):
    encoder = find_encoder(f"open_clip:{SMALL}/{checkpoint}")
    assert encoder.count_tokens(["wave", "wave wave", "wave " * 100]).tolist() == [3, 4, 102]


def test_a_relative_path_and_safetensors_and_a_folder_of_models(model, tmp_path, monkeypatch):
    from safetensors.torch import save_file

    folder = tmp_path / "models" / SMALL
    folder.mkdir(parents=True)
    save_file(model.state_dict(), folder / "mine.safetensors")
    relative = find_encoder(f"open_clip:{SMALL}/models/{SMALL}/mine.safetensors")
    assert relative.availability().now
    monkeypatch.setenv("SEMTOOL_MODELS", str(tmp_path / "models"))
    named = find_encoder(f"open_clip:{SMALL}/mine")
    assert named.place()[0] == folder / "mine.safetensors"
    assert encode_texts(named, TEXTS).vectors.shape == (4, 256)


def test_another_architecture_is_named(checkpoint):
    with pytest.raises(SemtoolError, match="does not fit the architecture ViT-B-32"):
        find_encoder(f"open_clip:ViT-B-32/{checkpoint}").encode(["wave"])


def test_a_missing_checkpoint_names_every_path_that_was_tried():
    with pytest.raises(SemtoolError, match=r"no CLIP checkpoint weights/x.pt or /weights/x.pt"):
        find_encoder("open_clip:ViT-B-32/weights/x.pt").encode(["wave"])


def test_missing_weights_are_one_sentence_that_names_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(SemtoolError, match=r"HF_HUB_OFFLINE is set; give a checkpoint by path"):
        find_encoder("clip").encode(["wave"])
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SemtoolError, match=r"http://127.0.0.1:9 does not answer; give a checkpoint by path"):
        find_encoder("clip").encode(["wave"])


def test_the_hub_cache_is_used(model, tmp_path, monkeypatch):
    from safetensors.torch import save_file

    base = tmp_path / "hub" / "models--some--clip"
    (base / "snapshots" / "abc").mkdir(parents=True)
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text("abc")
    save_file(model.state_dict(), base / "snapshots" / "abc" / "open_clip_model.safetensors")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(module, "repository_of", lambda family, model: "some/clip")
    encoder = find_encoder(f"open_clip:{SMALL}/tag")
    assert encoder.availability().where == "the Hugging Face cache"
    assert encode_texts(encoder, TEXTS).vectors.shape == (4, 256)


def test_unknown_architectures_and_tags_name_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'ViT-B-32"):
        find_encoder("open_clip:ViT-B-33/openai").fetch()
    with pytest.raises(UsageError, match="did you mean 'openai'"):
        find_encoder("open_clip:ViT-B-32/opennai").fetch()


class Evil:
    """Runs code when it is unpickled by anything but a restricted loader."""

    def __reduce__(self):
        return (open, ("executed", "w"))


@pytest.mark.parametrize("kind", ["pickle", "torch", "garbage", "empty", "script"])
def test_a_checkpoint_with_code_or_garbage_is_refused(kind, tmp_path):
    import torch

    path = tmp_path / "evil.pt"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Evil()))
    elif kind == "torch":
        torch.save({"state_dict": Evil()}, path)
    elif kind == "script":
        torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    else:
        path.write_bytes(b"" if kind == "empty" else b"not a checkpoint")
    with pytest.raises(SemtoolError, match=r"cannot load open_clip:ViT-B-32/evil.pt"):
        find_encoder("open_clip:ViT-B-32/evil.pt").encode(["wave"])
    assert not (tmp_path / "executed").exists()


def test_a_list_is_no_checkpoint(tmp_path):
    import torch

    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    with pytest.raises(SemtoolError, match="cannot load open_clip:ViT-B-32/list"):
        find_encoder("open_clip:ViT-B-32/list.pt").encode(["wave"])
