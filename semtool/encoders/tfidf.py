"""The lexical baseline that any encoder has to beat: tf-idf of words and word pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.base import Card, Encoder, Options, Progress
from semtool.errors import SemtoolError

__all__ = ["TfidfEncoder"]


class TfidfEncoder(Encoder):
    """Counts of words and word pairs, weighted by rarity, reduced to ``dimensions`` axes by a truncated SVD.

    It is fitted on the description set itself (all classes, text only): a vector depends on the whole set, so
    vectors of different sets cannot be compared and none is reused.
    """

    family: ClassVar[str] = "tfidf"
    aliases: ClassVar[Mapping[str, str]] = {"tfidf": ""}
    corpus_bound: ClassVar[bool] = True
    settings: ClassVar[frozenset[str]] = frozenset({"dimensions"})

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        super().__init__(model, options)
        self._pipeline: Any = None

    @property
    def card(self) -> Card:
        """The identity card."""
        return Card(
            name="tfidf",
            family=self.family,
            model="words-1-2",
            dim=self.options.dimensions,
            pooling="sum",
            licence="BSD-3-Clause (scikit-learn)",
            note="fitted on the description set itself; 256 axes unless --dimensions says otherwise",
        )

    def fit(self, texts: Sequence[str]) -> None:
        """Learn vocabulary, rarity and axes from all texts of a set."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        try:
            table = words.fit_transform(texts)
        except ValueError as error:
            raise SemtoolError(f"tfidf finds no words in the texts: {error}") from error
        axes = min(self.options.dimensions or 256, table.shape[0], table.shape[1])
        if axes == min(table.shape):
            self._pipeline = words
        else:
            self._pipeline = make_pipeline(words, TruncatedSVD(axes, random_state=0).fit(table))

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d); `fit` comes first."""
        if self._pipeline is None:
            self.fit(texts)
        table = self._pipeline.transform(texts)
        if progress:
            progress(len(texts), len(texts))
        return np.asarray(table.toarray() if hasattr(table, "toarray") else table, dtype=np.float32)
