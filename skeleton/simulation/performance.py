"""Who performs, and how this time: what varies is drawn here, from one generator a subject or sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skeleton.simulation.body import Body, draw_body
from skeleton.simulation.figure import MIRRORED, Actor, build_figures
from skeleton.simulation.motion import NUMBERS, PLACES, Program, at
from skeleton.simulation.noise import drift
from skeleton.simulation.rotation import Array
from skeleton.simulation.tracks import FRAME_RATE, Performance, Tracks, compile_program
from skeleton.simulation.trunk import Stage

__all__ = ["FRAMES", "Subject", "draw_subject", "perform_program"]

FRAMES = (40, 100)
"""Fewest and most frames of a sample."""

_POSTURE = {"bend": 3.5, "nod": 5.0, "lean": 1.5, "twist": 1.5, "right_elbow": 8.0, "left_elbow": 8.0}
"""Degrees (standard deviation) by which subjects hold themselves differently."""
_IDLE = {
    "bend": 0.9, "lean": 0.8, "twist": 1.2, "nod": 1.5, "look": 2.5, "cock": 1.2,
    "sway": 0.006, "shift": 0.006,
}  # fmt: skip
"""Standard deviation of the slow movement that nobody standing still can avoid."""
_KEPT = 0.3
_IDLE_HAND = (at("pocket"), at("belly", out=0.05), at("waist"), at("seat_side"), at("lower_back"))
"""Where a hand without a task is kept, and how often it does not just hang."""
_SLIP = 0.025
_HAND_DRIFT = 0.007


@dataclass(frozen=True)
class Subject:
    """A person with habits: body, handedness, tempo (factor of durations), liveliness, posture (degrees)."""

    body: Body
    right_handed: bool
    tempo: float
    amplitude: float
    posture: dict[str, float]


def draw_subject(random: np.random.Generator) -> Subject:
    """Draw a person."""
    return Subject(
        draw_body(random),
        right_handed=bool(random.random() < 0.85),
        tempo=float(np.exp(random.normal(0.0, 0.1))),
        amplitude=float(np.exp(random.normal(0.0, 0.08))),
        posture={name: float(random.normal(0.0, spread)) for name, spread in _POSTURE.items()},
    )


def perform_program(
    program: Program, subject: Subject, partner: Subject, random: np.random.Generator
) -> Array:
    """Return the joints (M, T, 25, 3) of one performance, in metres, y up, z backward of a single performer.

    Two performers face each other along x, the first one on the left and looking to the right.

    Args:
        program: what is done, with the partner's part if it takes two.
        subject: who does it.
        partner: who does the partner's part; unused if there is none.
        random: source of everything that is drawn.
    """
    mirrored = _mirrored(program, subject, random)
    tempo = subject.tempo * np.exp(random.normal(0.0, 0.08))
    rate, phase = float(np.exp(random.normal(0.0, 0.1)) / tempo**0.5), float(random.random())
    programs = [program] if program.partner is None else [program, program.partner]
    programs = [_with_idle_hand(one, random) for one in programs]
    jitter = 0.13 if program.partner is None else 0.03
    performances = [
        Performance(
            amplitude=float(np.clip(who.amplitude * np.exp(random.normal(0.0, 0.08)), 0.75, 1.3)),
            paces=tempo * np.exp(random.normal(0.0, jitter, len(one.steps))),
            rate=rate,
            slips=random.normal(0.0, _SLIP, (len(one.steps), len(PLACES), 3)),
            phase=phase,
        )
        for one, who in zip(programs, (subject, partner), strict=False)
    ]
    lead, tail = random.uniform(0.05, 0.35, 2)
    longest = max(
        float(sum(s.seconds * p for s, p in zip(one.steps, how.paces, strict=True)))
        for one, how in zip(programs, performances, strict=True)
    )
    total = lead + longest + tail
    frames = int(np.clip(round(total * FRAME_RATE), *FRAMES))
    actors = [
        Actor(
            who.body,
            _enliven(compile_program(one, how, frames, lead, total), who, random),
            stage,
            grip=float(random.uniform(0.1, 0.7)),
        )
        for one, how, who, stage in zip(
            programs, performances, (subject, partner), _stages(program, subject), strict=False
        )
    ]
    figures = build_figures(actors)
    return _mirror(figures) if mirrored else figures


def _mirrored(program: Program, subject: Subject, random: np.random.Generator) -> bool:
    chance = random.random()
    if program.side == "right":
        return False
    if program.side == "any":
        return bool(chance < 0.5)
    return bool(chance < (0.05 if subject.right_handed else 0.95))


def _with_idle_hand(program: Program, random: np.random.Generator) -> Program:
    """Return the program with the left hand, if it has nothing to do, sometimes kept somewhere."""
    chance, choice = random.random(), int(random.integers(len(_IDLE_HAND)))
    busy = "left" in program.start or any("left" in step.goals for step in program.steps)
    if busy or chance > _KEPT:
        return program
    return replace(program, start={**program.start, "left": _IDLE_HAND[choice]})


def _stages(program: Program, subject: Subject) -> tuple[Stage, ...]:
    if program.partner is None:
        return (Stage(np.zeros(3)),)
    half = np.array([0.5 * program.distance * subject.body.scale, 0.0, 0.0])
    return Stage(-half, -90.0), Stage(half, 90.0)


def _enliven(tracks: Tracks, subject: Subject, random: np.random.Generator) -> Tracks:
    """Add the subject's posture and idle movement to the channels."""
    frames = tracks.frames
    wander = drift(random, frames, len(NUMBERS) + 6, spacing=15)
    numbers = {
        name: curve + subject.posture.get(name, 0.0) + _IDLE.get(name, 0.0) * wander[:, index]
        for index, (name, curve) in enumerate(tracks.numbers.items())
    }
    hands = {
        name: replace(
            place := tracks.places[name],
            swing=place.swing + _HAND_DRIFT * wander[:, len(NUMBERS) + 3 * i : len(NUMBERS) + 3 * i + 3],
        )
        for i, name in enumerate(("right", "left"))
    }
    return replace(tracks, numbers=numbers, places={**tracks.places, **hands})


def _mirror(figures: Array) -> Array:
    """Return the figures as in a mirror: left and right exchanged, and still people."""
    return np.asarray(figures[:, :, MIRRORED] * np.array([-1.0, 1.0, 1.0]))
