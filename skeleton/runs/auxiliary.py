"""Auxiliary classes: simulated motion that teaches what attributes look like, beside the seen classes.

The motion programs of `skeleton.simulation` were written from what NTU-60's actions are, before any result.
Classes that come near a class that must stay unseen are left out (`near`): the simulated "sit down" never
helps to recognise a real one.

This module writes and embeds text, as `classification` does: auxiliary classes need text of the run's own
kind. All of it lives in ``<root>/cache/auxiliary`` and can be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.catalogue import ActionClass, Dataset, load_bank, load_dataset, load_vocabulary
from semtool.catalogue.dataset import plain
from semtool.errors import SemtoolError, UsageError
from skeleton.methods import Examples, read_text
from skeleton.methods.text import encoder_of
from skeleton.runs.task import open_embeddings, open_features
from skeleton.visual.kinematics import NAME as KINEMATICS

__all__ = ["NEAR", "SOURCE", "near", "simulated_classes"]

SOURCE = "ntu60"
SUBJECTS = 10
NEAR = 0.85
"""Share of agreeing attributes from which on two classes count as the same."""


def simulated_classes(
    embeddings: Artifact,
    dataset: Dataset,
    hidden: Sequence[int],
    *,
    store: Store,
    seed: int,
    codebook: Sequence[str] | None = None,
    motion: str | None = None,
) -> tuple[Examples, dict[str, Any]]:
    """Return simulated examples of NTU-60 classes with text of the same prompt set and encoder.

    Args:
        embeddings: the run's embedding file.
        dataset: the run's data set.
        hidden: its classes that the model must not have met; what is near one of them is left out.
        store: where the run's artifacts live.
        seed: of the simulated people, cameras and performances.
        codebook, motion: as the run reads its own text.

    Returns:
        the examples, and the record of them (`skeleton.runs.records.Auxiliary`).

    Raises:
        UsageError: if the run's text cannot be made for other classes (an import, or a language model's).
    """
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.simulation import simulate
    from skeleton.visual.extraction import features

    side = Store(store.root / "cache" / "auxiliary")
    prompts = embeddings.name.split("/")[0]
    try:
        encoder = encoder_of(embeddings)
        described = generate(SOURCE, prompts, store=side).artifact
    except SemtoolError as error:
        raise UsageError(
            f"the auxiliary classes need text of the same kind as {embeddings.reference}, which cannot be "
            f"made ({error}); use --auxiliary none"
        ) from error
    text = open_embeddings(embed(described, encoder, store=side).artifact)
    skeletons = simulate(SOURCE, subjects=SUBJECTS, reps=1, seed=seed, store=side).artifact
    assert skeletons is not None
    source = load_dataset(SOURCE)
    made = features(source.name, store=side, visual=KINEMATICS, arrays=skeletons.reference)
    file = open_features(made)
    kept = _kept(dataset, hidden, source)
    bank = read_text(text, kept, codebook=codebook, motion=motion)
    at = np.flatnonzero(np.isin(file.class_id, kept))
    rows: NDArray[np.int64] = np.searchsorted(kept, file.class_id[at]).astype(np.int64)
    record = {"source": SOURCE, "simulated": True, "classes": list(kept), "samples": len(rows)}
    return Examples(file.features[at], rows, bank), record


def near(dataset: Dataset, hidden: Sequence[int], source: Dataset) -> tuple[int, ...]:
    """Return the classes of ``source`` that are, or nearly are, a hidden class of ``dataset``.

    Near means: a name or alias in common, or agreement in at least `NEAR` of the attributes.
    """
    ours, theirs = load_bank(dataset), load_bank(source)
    vocabulary = load_vocabulary()

    def names(action: ActionClass) -> set[str]:
        return {plain(name) for name in (action.name, *action.aliases)}

    def alike(mine: ActionClass, other: ActionClass) -> bool:
        if names(mine) & names(other):
            return True
        if mine.id not in ours or other.id not in theirs:
            return False
        facts, their_facts = ours[mine.id].attribute, theirs[other.id].attribute
        return bool(facts and their_facts) and vocabulary.agreement(facts, their_facts) >= NEAR

    return tuple(c.id for c in source.classes if any(alike(dataset.classes[h], c) for h in hidden))


def _kept(dataset: Dataset, hidden: Sequence[int], source: Dataset) -> tuple[int, ...]:
    """Return the classes of ``source`` that may help: not near a hidden one, no more people than here."""
    excluded = set(near(dataset, hidden, source))
    if dataset.bodies < 2:
        excluded |= {c for c, facts in load_bank(source).items() if facts.attribute.get("people") == "two"}
    return tuple(c.id for c in source.classes if c.id not in excluded)
