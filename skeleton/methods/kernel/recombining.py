"""Seen motion taken apart and put together again: what the arms do in one sample, the rest from another.

Whoever knows few classes takes their habits for laws: that who walks swings the arms. With the arms of one
seen sample and the rest of another, in kinematic features and attribute codes alike, the two become
independent. Nothing is simulated, and no class beside the seen ones is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semtool.catalogue import load_vocabulary
from skeleton.methods.base import Examples
from skeleton.methods.text import TextBank, code_widths, prototypes

__all__ = ["SHARE", "recombined"]

SAMPLES = 400
SHARE = 0.5
"""Of recombined samples in the regression."""
_BOTH_ARMS = ("limbs.hands", "limbs.likeness", "limbs.shares")


def recombined(seen: Examples, widths: Sequence[int], seed: int) -> Examples | None:
    """Return recombinations of seen samples, each a class of its own.

    Args:
        seen: kinematic features (n, Dv) and attribute codes.
        widths: of the feature blocks.
        seed: of what is put together.

    Returns:
        None for features or text of another kind: nobody knows then which numbers tell of arms.
    """
    from skeleton.data import BODY
    from skeleton.visual import find_visual

    encoder = find_visual("kinematics")
    blocks, codes = encoder(encoder.Settings(), BODY).blocks(), code_widths()
    if tuple(widths) != tuple(width for _, width in blocks) or seen.bank.dim != sum(codes):
        return None
    of_arms = [n.partition("_")[2].startswith("arm") or n in _BOTH_ARMS for n, _ in blocks]
    columns = np.repeat(of_arms, widths)
    axes = np.repeat([field.part == "arms" for field in load_vocabulary().fields.values()], codes)
    arms, rest = np.random.default_rng([seed, 2]).integers(0, len(seen.rows), (2, SAMPLES))
    text = prototypes(seen.bank)[seen.rows]
    made = np.where(axes, text[arms], text[rest])
    bank = TextBank(
        classes=tuple(range(SAMPLES)),
        codebook=made[:, None],
        counts=np.ones(SAMPLES, np.int64),
        motion=np.zeros_like(made),
        codebook_from=seen.bank.codebook_from,
        motion_from="none",
    )
    return Examples(np.where(columns, seen.features[arms], seen.features[rest]), np.arange(SAMPLES), bank)
