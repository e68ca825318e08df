"""An encoder gives what its own library gives: small random models of every kind, saved by the library.

Each configuration is saved by the installed library, loaded by it again for reference, and encoded by semtool
in mixed batches; vectors, limits and counts have to agree.
"""

import json
import shutil

import numpy as np
import pytest

from semtool.encoders import Options, encode_texts, find_encoder
from semtool.encoders.checking import TOLERANCE
from semtool.errors import SemtoolError

SENTENCE_WORDS = "a person waves with the right hand then kicks sits down slowly and turns left"

WORDS = tuple(SENTENCE_WORDS.split(" "))
LONG = " ".join(WORDS * 6)
TEXTS = ["wave", "A person waves with the right hand.", "kick", LONG, "sit down", LONG + " kick", "turns"]
WIDTH = 32


@pytest.fixture(scope="session")
def tokenizer():
    """Return a small word-piece tokenizer that knows the words of these texts."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    pieces = [*marks, *letters, *(f"##{c}" for c in letters), ".", ":", *dict.fromkeys(WORDS)]
    numbers = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    plain = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    plain.normalizer = normalizers.BertNormalizer()
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return BertTokenizerFast(tokenizer_object=plain, model_max_length=512)


@pytest.fixture(scope="session")
def base(tokenizer, tmp_path_factory):
    """Return the folder of a random BERT with its tokenizer."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("base")
    settings = BertConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=96, initializer_range=0.3,
    )  # fmt: skip
    BertModel(settings).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def module():
    from sentence_transformers.sentence_transformer import modules

    return modules


def pooled(*modes, limit=48, more=lambda m: [], dim=WIDTH, **settings):
    """Return how to make a transformer with a pooling and what follows it."""

    def make(base):
        import torch

        m = module()
        torch.manual_seed(1)
        mode = modes[0] if len(modes) == 1 else list(modes)
        first = m.Transformer(str(base), max_seq_length=limit)
        return [first, m.Pooling(WIDTH, pooling_mode=mode, **settings), *more(m)]

    return make


def static(base):
    import torch
    from transformers import AutoTokenizer

    torch.manual_seed(2)
    return [module().StaticEmbedding(AutoTokenizer.from_pretrained(base), embedding_dim=WIDTH)]


def words(limit):
    def make(base):
        m = module()
        from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer

        vectors = np.random.default_rng(3).normal(size=(len(set(WORDS)), WIDTH)).astype(np.float32)
        vocabulary = WhitespaceTokenizer(list(dict.fromkeys(WORDS)), stop_words=[])
        return [m.WordEmbeddings(vocabulary, vectors, max_seq_length=limit), m.Pooling(WIDTH, "mean")]

    return make


DENSE = {"more": lambda m: [m.Dense(WIDTH, 16)]}
PROMPTS = {"prompts": {"action": "the action: ", "other": "x"}, "default_prompt_name": "action"}
SENTENCE = {
    "mean": (pooled("mean"), {}),
    "last token": (pooled("lasttoken"), {}),
    "concatenated": (pooled("mean", "max"), {}),
    "dense": (pooled("mean", **DENSE), {}),
    "normalize": (pooled("mean", more=lambda m: [m.Normalize()]), {}),
    "prompt in pooling": (pooled("mean"), PROMPTS),
    "prompt out of pooling": (pooled("mean", include_prompt=False), PROMPTS),
    "prompts without a default": (pooled("mean"), {"prompts": {"action": "the action: "}}),
    "short limit": (pooled("mean", limit=8), {}),
    "short limit with prompt": (pooled("mean", limit=16, include_prompt=False), PROMPTS),
    "the limit of the positions": (pooled("mean", limit=None), {}),
    "long limit": (pooled("lasttoken", limit=96), {}),
    "static": (static, {}),
    "static with prompt": (static, PROMPTS),
    "word vectors": (words(1_000_000), {}),
    "word vectors with a limit": (words(10), {}),
    "bag of words": (lambda base: [module().BoW(list(dict.fromkeys(WORDS)))], {}),
}  # fmt: skip


def saved(modules, folder, **settings):
    """Save a model and return it as the library loads it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(modules=modules, device="cpu", **settings)
    model.save(str(folder))
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def agrees(encoder, expected, texts=TEXTS):
    """Assert that an encoder gives ``expected`` whole, alone and backwards, and that its card stays true."""
    before, key = encoder.card, encoder.vector_key()
    np.testing.assert_allclose(encode_texts(encoder, texts).vectors, unit(expected), atol=TOLERANCE)
    alone = np.concatenate([encode_texts(encoder, [text]).vectors for text in texts])
    np.testing.assert_allclose(alone, unit(expected), atol=TOLERANCE)
    assert encoder.card.max_tokens == before.max_tokens
    assert before.dim in (None, expected.shape[1])
    assert encoder.vector_key() == key


def really_cut(encode, text):
    """Return whether the end of a text does not matter to a library."""
    return np.allclose(encode([text]), encode([text + " kicks sits"]), atol=1e-7)


@pytest.mark.parametrize("name", SENTENCE)
def test_sentence_transformers(name, base, tmp_path):
    make, settings = SENTENCE[name]
    library = saved(make(base), tmp_path / "model", **settings)
    encoder = find_encoder(f"sentence-transformers:{tmp_path / 'model'}")
    # Models of whole words know neither of these two: no vector, which `encode_texts` refuses.
    whole = "word" in name
    texts = [text for text in TEXTS if not (whole and text in ("wave", "kick"))]
    agrees(encoder, library.encode(texts), texts)
    counts, limit = encoder.count_tokens(texts), encoder.card.max_tokens
    stated = library.max_seq_length
    assert limit == (int(stated) if stated and stated < 100_000 else None)
    if limit is None:
        assert counts is None
        assert not really_cut(library.encode, LONG)
        return
    assert counts[texts.index("sit down")] <= limit
    cut = counts[texts.index(LONG)] > limit
    assert cut == really_cut(library.encode, LONG)
    if cut:
        with pytest.raises(SemtoolError, match=f"reads {limit}"):
            encode_texts(encoder, texts, on_truncation="error")


def test_a_prompt_of_ones_own_is_the_librarys_prompt(base, tmp_path):
    library = saved(pooled("mean", include_prompt=False)(base), tmp_path / "model", **PROMPTS)
    for prefix in ("then: ", ""):
        encoder = find_encoder(f"sentence-transformers:{tmp_path / 'model'}", Options(prefix=prefix))
        agrees(encoder, library.encode(TEXTS, prompt=prefix))
        assert encoder.card.prefix == prefix


def test_a_tokenizer_setting_of_the_model_is_a_limit_too(base, tmp_path):
    from sentence_transformers import SentenceTransformer

    saved(pooled("mean")(base), tmp_path / "model")
    path = tmp_path / "model" / "sentence_bert_config.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "processing_kwargs": {"text": {"max_length": 9}}})
    )
    library = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    encoder = find_encoder(f"sentence-transformers:{tmp_path / 'model'}")
    agrees(encoder, library.encode(TEXTS))
    assert encoder.card.max_tokens == 9
    assert encode_texts(encoder, [LONG]).tokens[0] > 9


def test_a_folder_without_modules_is_a_transformer_with_mean_pooling(base):
    from sentence_transformers import SentenceTransformer

    library = SentenceTransformer(str(base), device="cpu")
    agrees(find_encoder(f"sentence-transformers:{base}"), library.encode(TEXTS))


def test_shorter_vectors(base, tmp_path):
    library = saved(pooled("mean", more=lambda m: [m.Normalize()])(base), tmp_path / "model")
    encoder = find_encoder(f"sentence-transformers:{tmp_path / 'model'}", Options(dimensions=8))
    agrees(encoder, library.encode(TEXTS, truncate_dim=8))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision(kind, base, tmp_path):
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(modules=pooled("mean")(base), device="cpu").to(getattr(torch, kind))
    model.save(str(tmp_path / "model"))
    library = SentenceTransformer(str(tmp_path / "model"), device="cpu", local_files_only=True)
    encoder = find_encoder(f"sentence-transformers:{tmp_path / 'model'}")
    agrees(encoder, np.concatenate([library.encode([text]) for text in TEXTS]).astype(np.float32))


def test_static_vectors_are_those_of_the_library(base, tmp_path):
    library = saved(static(base), tmp_path / "model")
    encoder = find_encoder(f"static:{tmp_path / 'model'}")
    agrees(encoder, library.encode(TEXTS))
    assert encoder.card.family == "static"


# ---- open_clip

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "head_width": 64, "patch_size": 32},
    "text_cfg": {"context_length": 40, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def text(**changes):
    return {**TINY, "text_cfg": {**TINY["text_cfg"], **changes}}


def hf(base, **changes):
    names = {"hf_model_name": str(base), "hf_tokenizer_name": str(base), "context_length": 40}
    return {**TINY, "text_cfg": {**names, "hf_proj_type": "mlp", "hf_pooler_type": "mean_pooler", **changes}}


def siglip(base, **changes):
    own = {"hf_tokenizer_name": str(base), "vocab_size": 128, "no_causal_mask": True, "proj_bias": True}
    own |= {"pool_type": "last", "norm_kwargs": {"eps": 1e-6}, "tokenizer_kwargs": {"clean": "canonicalize"}}
    return {**text(**own, **changes), "custom_text": True, "init_logit_bias": -10}


CLIP = {
    "plain": lambda base: TINY,
    "quick gelu": lambda base: {**TINY, "quick_gelu": True},
    "short context": lambda base: text(context_length=12),
    "custom text": lambda base: {**TINY, "custom_text": True},
    "average pooling": lambda base: {**text(pool_type="last", no_causal_mask=True), "custom_text": True},
    "siglip": siglip,
    "siglip 2": lambda base: siglip(base, act_kwargs={"approximate": "tanh"}),
    "siglip, short": lambda base: siglip(base, context_length=9),
    "hf, mean": hf,
    "hf, class token": lambda base: hf(base, hf_pooler_type="cls_pooler"),
    "hf, linear": lambda base: hf(base, hf_proj_type="linear", hf_pooler_type="cls_last_hidden_state_pooler"),
    "hf, short": lambda base: hf(base, context_length=7),
}


@pytest.fixture
def clip(base, tmp_path):
    """Return how to save a random CLIP model of given settings into a folder."""
    import open_clip
    import torch
    from safetensors.torch import save_model

    def make(settings, folder="clip", name="open_clip_model.safetensors"):
        folder = tmp_path / folder
        folder.mkdir(parents=True)
        (folder / "open_clip_config.json").write_text(
            json.dumps({"model_cfg": settings, "preprocess_cfg": {}})
        )
        if "hf_tokenizer_name" in settings["text_cfg"]:
            for path in base.glob("*token*"):
                shutil.copy(path, folder)
        torch.manual_seed(6)
        model = open_clip.create_model(f"local-dir:{folder}", pretrained_text=False)
        with torch.no_grad():  # random weights are smaller than trained ones
            for parameter in model.parameters():
                if parameter.ndim == 2:
                    parameter.mul_(3)
        save_model(model, str(folder / name))
        return folder

    return make


def by_open_clip(name, texts=TEXTS, **settings):
    import open_clip
    import torch

    model = open_clip.create_model(name, **settings).eval()
    with torch.no_grad():
        return model.encode_text(open_clip.get_tokenizer(name)(texts), normalize=True).numpy()


@pytest.mark.parametrize("name", CLIP)
def test_open_clip(name, base, clip):
    folder = clip(CLIP[name](base))
    encoder = find_encoder(f"open_clip:local-dir:{folder}")
    expected = by_open_clip(f"local-dir:{folder}")
    agrees(encoder, expected)
    limit = encoder.card.max_tokens
    counts = encoder.count_tokens([LONG, "kick"])
    assert counts[0] > limit > counts[1]
    cut = by_open_clip(f"local-dir:{folder}", [LONG, LONG + " kick"])
    np.testing.assert_allclose(cut[0], cut[1], atol=1e-6)
    assert not hasattr(encoder._model[0], "visual")


@pytest.mark.parametrize("marked", [True, False], ids=["refs/main", "a commit alone"])
def test_open_clip_from_the_hubs_cache(marked, clip, base, tmp_path, monkeypatch):
    folder = clip({**TINY, "quick_gelu": True})
    expected = by_open_clip(f"local-dir:{folder}")
    home = tmp_path / "hub" / "models--acme--clip"
    (home / "snapshots").mkdir(parents=True)
    folder.rename(home / "snapshots" / "abc")
    if marked:
        (home / "refs").mkdir()
        (home / "refs" / "main").write_text("abc")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    encoder = find_encoder("open_clip:hf-hub:acme/clip")
    agrees(encoder, expected)
    assert encoder.card.name == "open_clip:hf-hub:acme/clip"


@pytest.mark.parametrize("quick", [True, False], ids=["quick gelu", "gelu"])
def test_settings_beside_a_checkpoint_count(quick, clip, caplog, monkeypatch):
    from semtool.encoders import openclip

    monkeypatch.setattr(openclip, "architecture_settings", lambda name: TINY)
    folder = clip({**TINY, "quick_gelu": quick}, name="mine.safetensors")
    (folder / "older.safetensors").write_bytes(b"another checkpoint")
    encoder = find_encoder(f"open_clip:tiny/{folder / 'mine.safetensors'}")
    caplog.clear()
    vectors = encode_texts(encoder, TEXTS).vectors
    (folder / "older.safetensors").unlink()
    expected = by_open_clip(f"local-dir:{folder}")
    np.testing.assert_allclose(vectors, expected, atol=TOLERANCE)
    assert "initialized randomly" not in caplog.text
    assert encoder.card.max_tokens == 40


def test_settings_that_contradict_the_name_are_refused(clip):
    folder = clip(TINY)
    with pytest.raises(SemtoolError, match="describes another model than ViT-S-32-alt"):
        find_encoder(f"open_clip:ViT-S-32-alt/{folder / 'open_clip_model.safetensors'}")
