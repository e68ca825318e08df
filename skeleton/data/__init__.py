"""Skeletons as data: sequences, joint layouts, readers of raw formats, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.data.arrays import SCHEMA, SIMULATED, ArraySet, ArrayWriter
    from skeleton.data.body import BODY, canonical_bodies, lacking, standard_proportions
    from skeleton.data.formats.hints import settled
    from skeleton.data.formats.npy import map_npy, read_member
    from skeleton.data.formats.outcomes import SampleFinding
    from skeleton.data.layouts import Layout, layout
    from skeleton.data.loading import load_sequence, load_sequences
    from skeleton.data.preparation import Prepared, prepare
    from skeleton.data.sequence import SkeletonSequence
    from skeleton.data.transforms import align_view, centre, in_image, resample, scale_by_trunk
    from skeleton.data.viewing import show_skeleton, timeline_page

__all__ = [
    "ArraySet",
    "Layout",
    "SkeletonSequence",
    "layout",
    "load_sequence",
    "prepare",
    "show_skeleton",
]

__getattr__, __dir__ = door(__name__, __file__)
