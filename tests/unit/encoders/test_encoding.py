"""Texts to unit vectors, and what an encoder may return."""

import numpy as np
import pytest

from semtool.encoders.checking import check_encoder
from semtool.encoders.encoding import cache_for, encode_texts
from semtool.errors import SemtoolError, UsageError


def returning(letters, value):
    class Odd(letters):
        def encode(self, texts, *, progress=None):
            return value(len(texts))

    return Odd()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda n: np.full((n, 8), np.nan, np.float32), "NaN or infinity for the text"),
        (lambda n: np.full((n, 8), np.inf, np.float32), "NaN or infinity"),
        (lambda n: np.zeros((n, 8), np.float32), "all its numbers are zero"),
        (lambda n: np.ones((n, 7), np.float32), "vectors of length 7, its card says 8"),
        (lambda n: np.ones((n + 1, 8), np.float32), r"shape \(3, 8\) for 2 texts"),
        (lambda n: np.ones(8, np.float32), r"shape \(8,\) for 2 texts"),
        (lambda n: np.ones((n, 0), np.float32), r"shape \(2, 0\)"),
        (lambda n: np.ones((n, 8), np.int64), "int64, not float32"),
        (lambda n: [[1.0] * 8, [1.0]], "no array of numbers"),
        (lambda n: None, r"shape \(\)"),
    ],
)
def test_an_unusable_answer_is_one_sentence(letters, value, message, tmp_path):
    encoder = returning(letters, value)
    cache = cache_for(tmp_path, encoder)
    with pytest.raises(SemtoolError, match=message):
        encode_texts(encoder, ["wave", "kick"], cache=cache)
    assert cache.get(["wave", "kick"]) == {}


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_text_is_refused(letters, text):
    with pytest.raises(UsageError, match="text 2 of 2 is empty"):
        encode_texts(letters(), ["wave", text])


def test_no_texts_give_no_vectors(letters):
    assert encode_texts(letters(), []).vectors.shape[0] == 0


def test_any_unicode_is_a_text_of_its_own(letters, tmp_path):
    texts = ["wave 🙂", "wave 🙃", "挥手", "é", "e\u0301", "x" * 50_000, "\ud800 lone"]
    encoder = letters()
    encoder.encode = lambda texts, progress=None: np.eye(8, dtype=np.float32)[: len(texts)]
    cache = cache_for(tmp_path, encoder)
    first = encode_texts(encoder, texts, cache=cache)
    again = encode_texts(letters(), texts, cache=cache)
    assert (first.new, again.new, again.reused) == (7, 0, 7)
    assert (first.vectors == again.vectors).all()


def test_the_order_is_restored_and_does_not_matter(letters):
    texts = [f"{'long ' * (i % 7)}text {i}" for i in range(50)]
    order = np.random.default_rng(0).permutation(50)
    straight = encode_texts(letters(), texts).vectors
    shuffled = encode_texts(letters(), [texts[i] for i in order]).vectors
    assert (straight[order] == shuffled).all()


def test_what_was_encoded_before_a_failure_is_kept(letters, tmp_path):
    class Unlucky(letters):
        def encode(self, texts, *, progress=None):
            if self.asked:
                raise SemtoolError("the server is away")
            return super().encode(texts)

    texts = [f"text {i}" for i in range(letters().chunk + 10)]
    cache = cache_for(tmp_path, letters())
    with pytest.raises(SemtoolError, match="away"):
        encode_texts(Unlucky(), texts, cache=cache)
    result = encode_texts(letters(), texts, cache=cache)
    assert (result.new, result.reused) == (10, letters().chunk)


def test_progress_counts_different_texts_to_the_end(letters):
    seen = []
    encode_texts(letters(), ["a", "b", "a"], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2, 2)
    assert all(total == 2 for _, total in seen)


def test_the_trial_of_an_encoder_passes_a_good_one(letters):
    assert check_encoder(letters()) == []


def test_the_trial_names_what_is_wrong(letters):
    class Company(letters):
        def encode(self, texts, *, progress=None):
            return super().encode(texts) + len(texts)

    class Constant(letters):
        def encode(self, texts, *, progress=None):
            return np.ones((len(texts), 8), np.float32)

    class Order(letters):
        def encode(self, texts, *, progress=None):
            self.asked += texts
            return np.eye(8, dtype=np.float32)[np.arange(len(self.asked) - len(texts), len(self.asked)) % 8]

    assert any("other texts of the batch" in p for p in check_encoder(Company()))
    assert any("same vector" in p for p in check_encoder(Constant()))
    assert any("order" in p for p in check_encoder(Order()))
