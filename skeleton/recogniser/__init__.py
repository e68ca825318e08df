"""What works without training: any labels, any skeleton, from what the package carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from skeleton.recogniser.examples import Examples, Gain, load_examples
    from skeleton.recogniser.reading import Reading
    from skeleton.recogniser.recogniser import EXAMPLE, NONE, Answer, Recogniser, load_recogniser
    from skeleton.recogniser.segments import Segment, timeline, write_timeline

__all__ = [
    "EXAMPLE",
    "NONE",
    "Answer",
    "Examples",
    "Gain",
    "Reading",
    "Recogniser",
    "Segment",
    "load_examples",
    "load_recogniser",
    "timeline",
    "write_timeline",
]

__getattr__, __dir__ = door(__name__, __file__)
