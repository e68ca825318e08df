"""An encoder without a model, and description sets to feed it."""

import hashlib

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet
from semtool.encoders import Card, Encoder


class LetterEncoder(Encoder):
    """A vector from the hash of the text; remembers what it was asked."""

    family = "letters"
    dim = 8
    limit = None

    def __init__(self, model="", options=None):
        super().__init__(model, options)
        self.asked = []

    @property
    def card(self):
        return Card(
            f"letters:{self.model or 'a'}", "letters", self.model or "a", dim=self.dim, max_tokens=self.limit
        )

    def encode(self, texts, *, progress=None):
        self.asked += texts
        seeds = [int.from_bytes(hashlib.sha256(t.encode()).digest()[:4], "big") for t in texts]
        return np.array([np.random.default_rng(s).normal(size=self.dim) for s in seeds], dtype=np.float32)

    def count_tokens(self, texts):
        return np.array([len(t.split()) for t in texts])


@pytest.fixture
def letters():
    return LetterEncoder


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def describe(store):
    """Write a description set; ``describe({0: {"label": ["wave"], "part/arms": [...]}})``."""

    def make(classes, name="ntu60/demo"):
        rows = [
            Description(
                name.split("/")[0], c, f"class {c}", *[*key.split("/"), ""][:2], variant, text, "test"
            )
            for c, texts in classes.items()
            for key, values in texts.items()
            for variant, text in enumerate(values)
        ]
        with store.create("descriptions", name, parameters={"rows": [r.text for r in rows]}) as draft:
            DescriptionSet(rows).write(draft.folder)
        return draft.result

    return make
