"""From a program to curves over time: what each channel is in each frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skeleton.simulation.motion import NUMBERS, PLACES, Ease, Goal, Program, Spot
from skeleton.simulation.rotation import Array

__all__ = ["FRAME_RATE", "Performance", "Place", "Stride", "Tracks", "compile_program", "eased"]

FRAME_RATE = 30.0
"""Frames a second of the sensor."""

_STANDING: dict[str, Goal] = dict.fromkeys(NUMBERS, 0.0)
_STANDING |= {
    "right": Spot("hang"),
    "left": Spot("hang"),
    "right_foot": Spot("stance"),
    "left_foot": Spot("stance"),
}
_WAY = ("travel", "aside", "turn")
_TIED = frozenset({"rise", "shift", "sway", "travel"})
"""Channels that amplitude changes little: hips that go to the floor cannot go further in somebody lively."""
_EXACT = frozenset({"turn", "tilt", "roll"})
"""Channels that amplitude does not change: a half turn stays one, somebody lying lies."""


@dataclass(frozen=True)
class Performance:
    """How one performance differs from the program as written.

    Attributes:
        amplitude: factor of angles, reach and swings.
        paces: factor of the duration of every step, (K,).
        rate: factor of the frequency of swings.
        slips: metres by which each step's spots are missed, (K, 4 places, 3 axes).
        phase: shift of the swings in cycles.
    """

    amplitude: float
    paces: Array
    rate: float
    slips: Array
    phase: float


@dataclass(frozen=True)
class Place:
    """The course of a hand or foot: a first spot, then spots that replace it by weights from 0 to 1."""

    first: Spot
    moves: tuple[tuple[Spot, Array], ...]
    swing: Array
    """Metres added out, up and forward, (T, 3)."""


@dataclass(frozen=True)
class Stride:
    """A step that covers ground: the way (travel, aside, turn) before and after it.

    ``window`` (T,) is how far the step has come, 0 to 1, linear in time.
    """

    window: Array
    ease: Ease
    before: Array
    after: Array


@dataclass(frozen=True)
class Tracks:
    """Every channel over T frames."""

    numbers: Mapping[str, Array]
    places: Mapping[str, Place]
    strides: tuple[Stride, ...]
    frames: int


def compile_program(
    program: Program, performance: Performance, frames: int, lead: float, total: float
) -> Tracks:
    """Return the channels of ``program`` over ``frames`` frames.

    Args:
        program: what is done.
        performance: how it is done this time.
        frames: number of frames T.
        lead: seconds of quiet before the first step.
        total: seconds that the T frames cover.
    """
    seconds = np.array([s.seconds for s in program.steps]) * performance.paces[: len(program.steps)]
    ends = lead + np.cumsum(seconds)
    time = np.linspace(0.0, total, frames)
    windows = np.clip((time - (ends - seconds)[:, None]) / seconds[:, None], 0.0, 1.0)
    values = {**_STANDING, **program.start}
    home = {k: v for k, v in values.items() if k not in _WAY}
    curves: dict[str, Array] = {}
    first: dict[str, Spot] = {}
    for name, value in values.items():
        if isinstance(value, Spot):
            first[name] = _missed(value, name, 0, performance)
        else:
            curves[name] = np.full(frames, _sized(name, value, performance))
    moves: dict[str, list[tuple[Spot, Array]]] = {name: [] for name in PLACES}
    strides = []
    for index, step in enumerate(program.steps):
        goals = home if step.home else step.goals
        changed = {k: v for k, v in goals.items() if values[k] != v}
        progress = eased(windows[index], step.ease) if changed else windows[index]
        before = _way(values, performance)
        for name, goal in changed.items():
            previous = values[name]
            if isinstance(goal, Spot):
                moves[name].append((_missed(goal, name, index, performance), progress))
            else:
                assert not isinstance(previous, Spot)
                change = _sized(name, goal, performance) - _sized(name, previous, performance)
                curves[name] = curves[name] + change * progress
        values.update(changed)
        if changed.keys() & set(_WAY):
            strides.append(Stride(windows[index], step.ease, before, _way(values, performance)))
    swaying = _swings(program, performance, windows, time - (ends - seconds)[:, None])
    for name, curve in swaying.items():
        if name in curves:
            curves[name] = curves[name] + curve[:, 0]
    still = np.zeros((frames, 3))
    places = {name: Place(first[name], tuple(moves[name]), swaying.get(name, still)) for name in PLACES}
    return Tracks(curves, places, tuple(strides), frames)


def _way(values: Mapping[str, Goal], performance: Performance) -> Array:
    numbers = [(name, values[name]) for name in _WAY]
    return np.array(
        [_sized(name, value, performance) for name, value in numbers if not isinstance(value, Spot)]
    )


def _sized(name: str, value: float, performance: Performance) -> float:
    if name in _EXACT:
        return value
    share = 0.3 if name in _TIED else 1.0
    return value * (1.0 + share * (performance.amplitude - 1.0))


def _missed(spot: Spot, name: str, index: int, performance: Performance) -> Spot:
    out, up, forward = performance.slips[index, PLACES.index(name)]
    reach = performance.amplitude if spot.anchor == "shoulder" else 1.0
    return Spot(spot.anchor, spot.out * reach + out, spot.up * reach + up, spot.forward * reach + forward)


def eased(window: Array, ease: Ease) -> Array:
    """Return progress 0 to 1 from time 0 to 1."""
    if ease == "strike":
        return np.asarray(window**2.2)
    if ease == "brake":
        return np.asarray(1.0 - (1.0 - window) ** 2.2)
    if ease == "steady":
        # Speed rises over the first fifth, falls over the last one.
        ramp = 0.2
        edge = np.minimum(window, 1.0 - window)
        area = np.where(edge < ramp, edge**2 / (2 * ramp), edge - ramp / 2) / (1.0 - ramp)
        return np.asarray(np.where(window < 0.5, area, 1.0 - area))
    return np.asarray(window**3 * (10.0 - 15.0 * window + 6.0 * window**2))


def _swings(program: Program, performance: Performance, windows: Array, elapsed: Array) -> dict[str, Array]:
    """Return the sum of each channel's swings, (T, 3): out, up, forward; numbers use the first column."""
    curves: dict[str, Array] = {}
    for index, step in enumerate(program.steps):
        if not step.swings:
            continue
        duration = step.seconds * performance.paces[index]
        ramp = min(0.25, 0.2 / duration)
        window = windows[index]
        envelope = np.clip(np.minimum(window, 1.0 - window) / ramp, 0.0, 1.0)
        for wave in step.swings:
            cycles = wave.rate * performance.rate * elapsed[index] + wave.phase + performance.phase
            curve = curves.setdefault(wave.channel, np.zeros((len(window), 3)))
            column = 0 if wave.channel in NUMBERS else ("out", "up", "forward").index(wave.axis)
            curve[:, column] += performance.amplitude * wave.size * envelope * np.sin(2 * np.pi * cycles)
    return curves
