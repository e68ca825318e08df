"""A quick trial of an encoder, for whoever writes a plug-in: shape, numbers, order, batches."""

from __future__ import annotations

import numpy as np

from semtool.encoders.base import Encoder
from semtool.encoders.encoding import encode_texts
from semtool.errors import SemtoolError

__all__ = ["TOLERANCE", "check_encoder"]

TOLERANCE = 1e-5
"""Largest difference of a coordinate of the same text's unit vector in another batch or order."""

TEXTS = (
    "wave",
    "A person waves with the right hand.",
    "The right hand rises to the head and moves to and fro while the legs are still. " * 3,
    "kick 🙂",
    "挥手",
)


def check_encoder(encoder: Encoder) -> list[str]:
    """Encode a few texts and return one sentence for each thing that is wrong."""
    if encoder.reads == "codes":
        texts = ["arms=one; side=right", "arms=both; hand_peak=overhead"]
    else:
        texts = list(TEXTS)
    try:
        encoder.fit(texts)
        together = encode_texts(encoder, texts).vectors
        backwards = encode_texts(encoder, texts[::-1]).vectors[::-1]
        alone = (
            together
            if encoder.corpus_bound
            else np.concatenate([encode_texts(encoder, [t]).vectors for t in texts])
        )
    except SemtoolError as error:
        return [str(error)]
    problems = []
    if (gap := float(np.abs(together - backwards).max())) > TOLERANCE:
        problems.append(f"vectors depend on the order of the texts (by {gap:.1e})")
    if (gap := float(np.abs(together - alone).max())) > TOLERANCE:
        problems.append(f"vectors depend on the other texts of the batch (by {gap:.1e})")
    if len(np.unique(together.round(6), axis=0)) < 2:
        problems.append("different texts get the same vector")
    counts = encoder.count_tokens(texts)
    if counts is not None and len(counts) != len(texts):
        problems.append(f"count_tokens returned {len(counts)} numbers for {len(texts)} texts")
    return problems
