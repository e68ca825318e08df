"""Skeletons as data: sequences, joint layouts, readers of raw formats, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.data.arrays import ArraySet
    from skeleton.data.layouts import Layout, layout
    from skeleton.data.loading import load_sequence
    from skeleton.data.preparation import prepare
    from skeleton.data.sequence import SkeletonSequence

__all__ = [
    "ArraySet",
    "Layout",
    "SkeletonSequence",
    "layout",
    "load_sequence",
    "prepare",
]

__getattr__, __dir__ = door(
    __name__,
    {
        "ArraySet": "skeleton.data.arrays",
        "SkeletonSequence": "skeleton.data.sequence",
        "Layout": "skeleton.data.layouts",
        "layout": "skeleton.data.layouts",
        "load_sequence": "skeleton.data.loading",
        "prepare": "skeleton.data.preparation",
    },
)
