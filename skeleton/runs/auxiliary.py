"""Auxiliary classes: simulated motion that teaches what attributes look like, beside the seen classes.

Where the run's text is attribute codes, they are combinations of attributes acted out
(`skeleton.simulation.combine`): arms of one class of the catalogue with legs of another, no action that has a
name. Any other text has to be written for them: then they are the classes of NTU-60, whose motion programs
were written from what the actions are.

What comes near a class that must stay unseen is left out (`near`, `NEAR`): a simulated "sit down" never helps
to recognise a real one. Combinations are compared by the run's own codes, whoever or whatever wrote these.

This module writes and embeds text, as `classification` does: auxiliary classes need text of the run's own
kind. All of it lives in ``<root>/cache/auxiliary`` and can be made again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Store
from semtool.catalogue import ActionClass, Dataset, load_bank, load_dataset, plain
from semtool.disk import atomic, digest
from semtool.embedding_file import EmbeddingFile
from semtool.errors import SemtoolError, UsageError
from semtool.tensors import save_tensors
from skeleton.data import ArraySet, SkeletonSequence, in_image
from skeleton.methods import Examples, TextBank, code_widths, encoder_of, prototypes, read_text
from skeleton.runs.task import open_embeddings, open_features
from skeleton.visual import KINEMATICS, describe_all
from skeleton.visual import KINEMATICS_VERSION as VERSION

__all__ = [
    "COMBINATIONS",
    "NEAR",
    "SOURCE",
    "acted",
    "gives_codes",
    "near",
    "simulated_classes",
    "time_acting",
]

SOURCE = "ntu60"
SUBJECTS = 10
NEAR = 0.85
"""Share of agreeing attributes from which on two classes count as the same."""
ACTED = "combined attributes"
"""What the source of acted combinations is called."""
COMBINATIONS = 1200
CODES = "attributes"
"""The encoder of facts."""


def gives_codes(encoder: str) -> bool:
    """Return whether an encoder gives attribute codes, from facts or from words; both have the same axes."""
    return encoder == CODES or encoder.startswith("attributes-from:")


def simulated_classes(
    embeddings: Artifact,
    dataset: Dataset,
    hidden: Sequence[int],
    *,
    store: Store,
    seed: int,
    codebook: Sequence[str] | None = None,
    motion: str | None = None,
    flat: bool = False,
) -> tuple[Examples, dict[str, Any]]:
    """Return simulated examples of classes with text of the run's kind.

    Args:
        embeddings: the run's embedding file.
        dataset: the run's data set.
        hidden: its classes that the model must not have met; what is near one of them is left out.
        store: where the run's artifacts live.
        seed: of the simulated people, cameras and performances.
        codebook, motion: as the run reads its own text.
        flat: whether the run's skeletons have no depth: then the simulated people are seen in the image too.

    Returns:
        the examples, and the record of them (`skeleton.runs.records.Auxiliary`).

    Raises:
        UsageError: if the run's text cannot be made for other classes (an import, or a language model's).
    """
    from semtool.embedding import embed
    from semtool.generation import generate

    side = Store(store.root / "cache" / "auxiliary")
    try:
        encoder = encoder_of(embeddings)
        if gives_codes(encoder):
            bank = read_text(open_embeddings(embeddings), hidden) if len(hidden) else None
            made, source = acted(bank, side, seed, flat=flat), ACTED
        else:
            described = generate(SOURCE, embeddings.place.prompt_set, store=side).artifact
            text = open_embeddings(embed(described, encoder, store=side).artifact)
            made, source = _performed(text, dataset, hidden, side, seed, codebook, motion, flat), SOURCE
    except SemtoolError as error:
        raise UsageError(
            f"the auxiliary classes need text of the same kind as {embeddings.reference}, which cannot be "
            f"made ({error}); use --auxiliary none"
        ) from error
    record = {"source": source, "simulated": True, "classes": made.bank.classes, "samples": len(made.rows)}
    return made, record


def near(
    dataset: Dataset, hidden: Sequence[int], source: Dataset, store: Store | None = None
) -> tuple[int, ...]:
    """Return the classes of ``source`` that are, or nearly are, a hidden class of ``dataset``.

    Near means: a name or alias in common, or agreement in at least `NEAR` of the attributes; those of a class
    without facts are read from its name (the encoder ``kinetic``).
    """

    def names(action: ActionClass) -> set[str]:
        return {plain(name) for name in (action.name, *action.aliases)}

    if not len(hidden):
        return ()
    known = set().union(*(names(dataset.classes[h]) for h in hidden))
    everything = [c.id for c in source.classes]
    close = _agreement(_codes(source, everything, store), _codes(dataset, hidden, store)) >= NEAR
    return tuple(c for c in everything if close[c] or names(source.classes[c]) & known)


def _codes(dataset: Dataset, classes: Sequence[int], store: Store | None) -> NDArray[np.float32]:
    """Return attribute codes (n, d) of classes, from their facts or else from their names."""
    from semtool.embedding import embed

    facts = load_bank(dataset)
    made = []
    for c in classes:
        written = facts[c].attribute if c in facts else {}
        text, encoder = (_said(written), CODES) if written else (dataset.classes[c].name, "kinetic")
        made.append(embed([text], encoder, store=store)[0])
    return np.stack(made)


def _said(attributes: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in attributes.items())


def _agreement(codes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,): the greatest share of attributes in which codes (n, d) agree with one of ``others``."""
    widths = code_widths()
    starts = np.cumsum([0, *widths[:-1]])

    def even(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Every field weighs the same, however sure a prediction is of it."""
        size = np.sqrt(np.add.reduceat(rows**2, starts, axis=1) * len(widths))
        return np.asarray(rows / np.maximum(np.repeat(size, widths, axis=1), 1e-12), np.float32)

    best: NDArray[np.float32] = (even(codes) @ even(others).T).max(axis=1)
    return best


def acted(hidden: TextBank | None, store: Store, seed: int, *, flat: bool = False) -> Examples:
    """Return combinations of attributes acted out, each a class of one sample, with their codes.

    Args:
        hidden: codes of the classes that the model must not have met; combinations near one are left out.
        store: its folder keeps the features of what was acted.
        seed: of the combinations and of who performs them.
        flat: whether they are seen without depth.
    """
    from semtool.embedding import embed

    classes, features = _acting(store, seed, flat)
    codes = embed([_said(c) for c in classes], CODES, store=store)
    kept = np.arange(len(classes))
    if hidden is not None:
        kept = np.flatnonzero(_agreement(codes, prototypes(hidden)) < NEAR)
    bank = TextBank(
        classes=tuple(kept.tolist()),
        codebook=codes[kept, None],
        counts=np.ones(len(kept), np.int64),
        motion=np.zeros((len(kept), codes.shape[1]), np.float32),
        codebook_from=("attribute",),
        motion_from="none",
    )
    return Examples(features[kept], np.arange(len(kept)), bank)


def _acting(side: Store, seed: int, flat: bool) -> tuple[list[dict[str, str]], NDArray[np.float32]]:
    """Return combinations of attributes, and kinematic features of a performance of each."""
    from safetensors.numpy import load_file

    from skeleton.simulation import SIMULATOR, combine

    classes = combine(COMBINATIONS, np.random.default_rng([seed, 0]))
    identity = digest([VERSION, SIMULATOR, seed, flat, [list(c.values()) for c in classes]])
    path = side.root / "acted" / f"{identity[:16]}.safetensors"
    if not path.is_file():
        with atomic(path, durable=False) as temporary:
            save_tensors(temporary, {"features": _act_all(classes, seed, flat)}, {})
    return classes, load_file(path)["features"]


def _act_all(classes: Sequence[dict[str, str]], seed: int, flat: bool = False) -> NDArray[np.float32]:
    """Return kinematic features (n, Dv) of a performance of each combination."""
    from skeleton.simulation import act_out

    acted = [act_out(c, np.random.default_rng([seed, 1, i])) for i, c in enumerate(classes)]
    return describe_all([_in_image(s) for s in acted] if flat else acted).features


def time_acting(few: int = 60) -> float:
    """Return the processor seconds that acting out `COMBINATIONS` takes, by a few of them."""
    from semtool.embedding import embed
    from skeleton.simulation import combine

    classes = combine(few + 1, np.random.default_rng(0))
    _act_all(classes[:1], 0)  # loads libraries
    started = time.process_time()
    _act_all(classes[1:], 0)
    with TemporaryDirectory() as folder:
        embed([_said(c) for c in classes[1:]], CODES, store=Store(folder))
    return (time.process_time() - started) * COMBINATIONS / few


def _in_image(sequence: SkeletonSequence) -> SkeletonSequence:
    return replace(sequence, positions=in_image(sequence.positions))


def _performed(
    text: EmbeddingFile,
    dataset: Dataset,
    hidden: Sequence[int],
    side: Store,
    seed: int,
    codebook: Sequence[str] | None,
    motion: str | None,
    flat: bool,
) -> Examples:
    """Return the classes of NTU-60 that may help, with their text."""
    from skeleton.simulation import simulate
    from skeleton.visual import features

    skeletons = simulate(SOURCE, subjects=SUBJECTS, reps=1, seed=seed, store=side).artifact
    assert skeletons is not None
    file = open_features(features(SOURCE, store=side, visual=KINEMATICS, arrays=skeletons.reference))
    made = file.features
    if flat:
        arrays = ArraySet.open(skeletons.path)
        made = describe_all([_in_image(arrays.sequence(i)) for i in range(len(arrays))]).features
    source = load_dataset(SOURCE)
    excluded = set(near(dataset, hidden, source, side))
    if dataset.bodies < 2:
        excluded |= {c for c, facts in load_bank(source).items() if facts.attribute.get("people") == "two"}
    kept = tuple(c.id for c in source.classes if c.id not in excluded)
    at = np.flatnonzero(np.isin(file.class_id, kept))
    rows = np.searchsorted(kept, file.class_id[at])
    return Examples(made[at], rows, read_text(text, kept, codebook=codebook, motion=motion))
