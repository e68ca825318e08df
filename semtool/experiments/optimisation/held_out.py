"""How well a text recognises seen classes that were left out of training; no sample of an unseen class is
read.

The seen classes are parted at random into groups of about as many classes as the split has unseen ones
(at most a third). Each group is held out once: a closed form is fitted on the others' training samples
and tells the samples of the held-out classes apart. Several partings are averaged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import DescriptionSet
from semtool.embedding import embed
from semtool.embedding_file import EmbeddingFile, write_embeddings
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from skeleton.methods import MethodSettings, TextBank
    from skeleton.runs import Task

__all__ = ["LEAST_SEEN", "HeldOut", "Judge", "partings"]

LEAST_SEEN = 4
"""Two classes to hold out, two to train on."""
FOLDS = 20
"""At least so many trainings are averaged."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """What became of the seen classes (n) while they were held out.

    Attributes:
        accuracy: (n,) share of each class's samples that was right.
        confused: (n, n) share of the samples of a class (row) that was taken for another (column).
        margins: (n, n) how much better the samples of a class (row) fit its text than that of another one:
            mean difference of scores, in deviations; NaN on the diagonal and where two were never held out
            together.
    """

    accuracy: Floats
    confused: Floats
    margins: Floats


def partings(seen: Sequence[int], unseen: int, seed: int, least: int = FOLDS) -> list[tuple[int, ...]]:
    """Return groups of seen classes to hold out; every class is in as many.

    Raises:
        UsageError: if there are too few seen classes.
    """
    if len(seen) < LEAST_SEEN:
        raise UsageError(
            f"{len(seen)} seen classes are too few to hold any out: two must be held out and two remain; "
            "choose a split with at least four"
        )
    groups = len(seen) // max(2, min(unseen, len(seen) // 3))
    rng = np.random.default_rng(seed)
    return [
        tuple(sorted(group.tolist()))
        for _ in range(-(-least // groups))
        for group in np.array_split(rng.permutation(seen), groups)
    ]


class Judge:
    """Measures texts on held-out seen classes.

    Args:
        task: features of the split; its own text is not read.
        settings: of a closed form.
        encoder: reads the texts, through its cache of vectors.
        store: where that cache is.
        seed: of the partings.
    """

    def __init__(
        self, task: Task, settings: MethodSettings, encoder: str, store: Store, seed: int = 0
    ) -> None:
        self.task, self.settings, self.encoder, self.store, self.seed = task, settings, encoder, store, seed
        partings(task.seen, len(task.unseen), seed)

    def bank(self, texts: DescriptionSet, classes: Sequence[int]) -> TextBank:
        """Return the text of some classes as the method reads it."""
        from skeleton.methods import read_text

        rows = [d for d in texts if not d.is_codes]
        vectors = embed([d.text for d in rows], self.encoder, store=self.store)
        with tempfile.TemporaryDirectory() as folder:
            write_embeddings(
                Path(folder),
                vectors=vectors,
                class_id=np.array([d.class_id for d in rows], dtype=np.int64),
                granularity=[d.granularity for d in rows],
                slot=[d.slot for d in rows],
                variant=[d.variant for d in rows],
                dataset=texts.dataset,
                encoder=self.encoder,
            )
            present = {d.granularity for d in rows}
            book = tuple(g for g in self.settings.codebook or () if g in present) or None
            motion = self.settings.motion if self.settings.motion in {*present, "none"} else None
            return read_text(EmbeddingFile(Path(folder)), classes, codebook=book, motion=motion)

    def measure(self, texts: DescriptionSet, least: int = FOLDS) -> HeldOut:
        """Return what becomes of the held-out classes with a text."""
        from skeleton.methods import Context, Examples, method_of

        seen, train, bank = self.task.seen, self.task.train, self.bank(texts, self.task.seen)
        at = {c: i for i, c in enumerate(seen)}
        n = len(seen)
        taken, margins, together = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
        for held in partings(seen, len(self.task.unseen), self.seed, least):
            kept = tuple(c for c in seen if c not in held)
            known, asked = train.of(kept), train.of(held)
            rows = np.searchsorted(kept, known.labels).astype(np.int64)
            scorer = method_of(self.settings).fit(
                Examples(known.features, rows, bank.take(kept)),
                Context(dataset=self.task.dataset.name, widths=self.task.widths),
            )
            scores = scorer.scores(asked.features, bank.take(held)).astype(np.float64)
            best = scores.argmax(axis=1)
            centred = scores - scores.mean(axis=1, keepdims=True)
            centred /= max(float(centred.std()), 1e-12)
            columns = [at[c] for c in held]
            for place, c in enumerate(held):
                own = asked.labels == c
                taken[at[c], columns] += np.bincount(best[own], minlength=len(held)) / own.sum()
                mean = centred[own].mean(axis=0)
                margins[at[c], columns] += mean[place] - mean
                together[at[c], columns] += 1
        times = np.diag(together)[:, None]
        with np.errstate(invalid="ignore"):
            margins /= np.where(np.eye(n, dtype=bool), np.nan, together)
        return HeldOut(np.diag(taken) / times[:, 0], taken / times, margins)
