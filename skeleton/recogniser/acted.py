"""Attributes acted out: simulated people, cameras, sensors and cuts, as varied as recordings are."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skeleton.data import layout
from skeleton.recogniser.sensing import sensed
from skeleton.simulation import Program, Step, act, draw_subject, perform_program
from skeleton.visual import Described, describe

__all__ = ["TAKES", "act_out", "described", "performances", "performed"]

LAYOUT = "kinect-v2"
TAKES = 12
"""Performances of what a label says."""
_CUT, _MOST_CUT = 0.6, 0.22
"""How often the beginning and the end of an action are not recorded, and at most how much of it."""
_PACE = (-0.2, 1.1)
"""Logarithm of the factor by which people and sensors are faster than the programs say."""
_AROUND = 0.15
"""How often people walk up before they begin, and how often they walk on after it."""
_ONCE, _HOME = 0.8, 0.6
"""How often a way is covered once whatever is repeated, and people return to where they rested."""
_WAY, _KEPT = frozenset({"travel", "aside", "turn"}), frozenset({"seat", "tilt", "roll"})

Draw = np.random.Generator


def act_out(attributes: Mapping[str, str], random: Draw) -> NDArray[np.float32]:
    """Return one recording (3, T, 25, M) of somebody doing what the attributes say."""
    program = act(attributes, random)
    if random.random() < _ONCE:
        program = _underway(program)
    same = attributes.get("posture_start", "standing") == attributes.get("posture_end", "standing")
    if same and random.random() < _HOME:
        rest = Step(float(random.uniform(0.5, 0.9)), home=True), Step(float(random.uniform(0.1, 0.8)))
        program = replace(program, steps=(*program.steps, *rest))
    return performed(program, random)


@lru_cache(maxsize=512)
def performances(attributes: tuple[tuple[str, str], ...]) -> Described:
    """Return the kinematic features of `TAKES` people who do what attributes (field, value) say."""
    drawn = zlib.crc32(repr(attributes).encode())
    takes = (np.random.default_rng([drawn, take]) for take in range(TAKES))
    return described([act_out(dict(attributes), random) for random in takes])


def _underway(program: Program) -> Program:
    """Return the program with its way covered once (its steps repeat) and what swings on the way."""
    steps: list[Step] = []
    covered = False
    for step in program.steps:
        goes = bool(step.goals.keys() & _WAY)
        if goes and covered:
            continue
        if covered and step.swings and not step.goals:
            steps[-1] = replace(steps[-1], swings=step.swings, ease="steady")
            continue
        covered |= goes
        steps.append(step)
    return replace(program, steps=tuple(steps))


def performed(program: Program, random: Draw, *, whole: bool = False) -> NDArray[np.float32]:
    """Return one recording (3, T, 25, M) of a program by somebody drawn at random; ``whole``: not cut."""
    actor, partner = (
        replace(s, amplitude=s.amplitude * float(np.exp(random.normal(0.0, 0.15))))
        for s in (draw_subject(random), draw_subject(random))
    )
    shown = program if whole else _amid(program, random)
    figures = sensed(perform_program(shown, actor, partner, random), random)
    frames = figures.shape[1]
    if whole:
        return np.ascontiguousarray(figures.transpose(3, 1, 2, 0), dtype=np.float32)
    low, high = (
        int(random.uniform(0, _MOST_CUT) * frames) if random.random() < _CUT else 0 for _ in range(2)
    )
    figures = figures[:, low : frames - high]
    if len(figures) == 2 and random.random() < 0.5 and program.side == "any":
        figures = figures[::-1]
    length = max(8, round(figures.shape[1] / float(np.exp(random.uniform(*_PACE)))))
    at = np.linspace(0, figures.shape[1] - 1, length).round().astype(int)
    return np.ascontiguousarray(figures[:, at].transpose(3, 1, 2, 0), dtype=np.float32)


def _amid(program: Program, random: Draw) -> Program:
    """Return the program, at times with a way before it or after it: few recordings show an action alone."""
    before, after = random.random(2) < _AROUND
    (pace, pace_after), (way, way_after) = random.uniform(0.8, 1.4, 2), random.uniform(0.5, 1.8, 2)
    turn = float(random.uniform(-120, 120))
    start, steps = dict(program.start), list(program.steps)
    if program.partner is not None:
        return program
    if before and not start.keys() & (_WAY | _KEPT | {"rise"}):
        start["travel"] = -float(way)
        steps.insert(0, Step(float(way / pace), {"travel": 0.0}, (), "steady"))
    if after and not {name for s in program.steps for name in s.goals} & (_WAY | _KEPT):
        gone = {"travel": float(way_after), "turn": turn}
        steps.append(Step(float(way_after / pace_after), gone, (), "steady"))
    return replace(program, start=start, steps=tuple(steps))


def described(recordings: Sequence[NDArray[np.float32]]) -> Described:
    """Return the kinematic features of recordings (3, T, 25, M), standard bones, one or two people."""
    length = np.array([r.shape[1] for r in recordings])
    padded = np.zeros((len(recordings), 3, int(length.max()), 25, 2), np.float32)
    for row, r in enumerate(recordings):
        padded[row, :, : r.shape[1], :, : r.shape[3]] = r
    return describe(padded, layout(LAYOUT), length, standard=True)
