"""The language of motion programs: a class of action in a few lines (``programs.yaml`` has those of NTU-60).

A program is a starting pose and a series of steps. A step takes its channels to new goals within some seconds
and may let channels swing meanwhile; every channel that it does not name keeps its value. All programs are
written for a right-handed performer of 1.70 m.

Channels that take a number (degrees, or metres on a body of 1.70 m):

======================  ==================================================================================
``bend``                trunk forward (the pelvis and each part of the spine take their share)
``lean``, ``twist``     trunk to the right; shoulders to the left against the hips
``nod``, ``look``       head down; head to the left
``cock``                head tilted to the right
``rise``                hips up (negative: down); beyond the reach of the legs the feet leave the floor
``shift``, ``sway``     hips forward and to the right over feet that stay
``tilt``, ``roll``      the whole body forward and to the right, as in a fall
``travel``, ``aside``   the whole body forward and to the right of where it stood first, on stepping feet
``turn``                the whole body to the left, on stepping feet
``seat``                how far the hips are on a seat: 0 above the feet, 1 seated
``right_elbow``, ...    elbow out to the side: 0 hanging, 90 level
======================  ==================================================================================

Channels that take a place (`at`) are ``right``, ``left`` (the hands) and ``right_foot``, ``left_foot`` (the
ankles).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["NUMBERS", "PLACES", "Ease", "Goal", "Program", "Spot", "Step", "Swing", "at"]

NUMBERS = (
    "bend", "lean", "twist", "nod", "look", "cock", "rise", "shift", "sway", "tilt", "roll", "travel",
    "aside", "turn", "seat", "right_elbow", "left_elbow",
)  # fmt: skip
PLACES = ("right", "left", "right_foot", "left_foot")

Ease = Literal["smooth", "strike", "brake", "steady"]
"""How a step gets there: bell-shaped speed, faster until the stop, slower until the stop, even speed."""


@dataclass(frozen=True)
class Spot:
    """A place for a hand or a foot: an anchor (`skeleton.simulation.anchors`) and metres from it.

    ``out`` is away from the midline for the side that uses it, so that a spot serves both sides.
    """

    anchor: str
    out: float = 0.0
    up: float = 0.0
    forward: float = 0.0


Goal = float | Spot


@dataclass(frozen=True)
class Swing:
    """An oscillation of a channel during one step; of places along one axis.

    Attributes:
        size: amplitude, in the unit of the channel.
        rate: cycles a second.
        phase: where in the cycle it begins, 0 to 1.
    """

    channel: str
    size: float
    rate: float
    axis: Literal["out", "up", "forward"] = "up"
    phase: float = 0.0


@dataclass(frozen=True)
class Step:
    """Take channels to ``goals`` in about ``seconds``; ``home`` takes all but the way back to the start."""

    seconds: float
    goals: Mapping[str, Goal] = field(default_factory=dict)
    swings: tuple[Swing, ...] = ()
    ease: Ease = "smooth"
    home: bool = False


@dataclass(frozen=True)
class Program:
    """One way to perform a class.

    Attributes:
        start: channels whose value at the beginning is not that of quiet standing.
        partner: what the second person does, who faces the first; None if there is none.
        distance: metres between the two at the beginning.
        side: ``dominant``: with the hand that the performer prefers; ``any``: with either one; ``right``.
    """

    steps: tuple[Step, ...]
    start: Mapping[str, Goal] = field(default_factory=dict)
    partner: Program | None = None
    distance: float = 1.0
    side: Literal["dominant", "any", "right"] = "dominant"


def at(anchor: str, out: float = 0.0, up: float = 0.0, forward: float = 0.0) -> Spot:
    """Return a place near an anchor."""
    return Spot(anchor, out, up, forward)
