"""Attributes acted out: simulated people, cameras, sensors and cuts, as varied as recordings are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skeleton.data import layout
from skeleton.simulation import Program, act, add_noise, draw_subject, drift, perform_program
from skeleton.visual import Described, describe

__all__ = ["act_out", "described", "mixed", "performed"]

LAYOUT = "kinect-v2"
_CUT, _MOST_CUT = 0.6, 0.22
"""How often the beginning and the end of an action are not recorded, and at most how much of it."""
_PACE = (-0.2, 1.1)
"""Logarithm of the factor by which people and sensors are faster than the programs say."""
_NOISE = (0.002, 0.03)
"""Metres by which joints wander, least and most."""

Draw = np.random.Generator


def act_out(attributes: Mapping[str, str], random: Draw) -> NDArray[np.float32]:
    """Return one recording (3, T, 25, M) of somebody doing what the attributes say."""
    return performed(act(attributes, random), random)


def performed(program: Program, random: Draw, *, whole: bool = False) -> NDArray[np.float32]:
    """Return one recording (3, T, 25, M) of a program by somebody drawn at random; ``whole``: not cut."""
    actor, partner = (
        replace(s, amplitude=s.amplitude * float(np.exp(random.normal(0.0, 0.15))))
        for s in (draw_subject(random), draw_subject(random))
    )
    figures = perform_program(program, actor, partner, random)
    figures = np.stack([_sensed(body, random) for body in figures])
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


def _sensed(body: NDArray[np.float64], random: Draw) -> NDArray[np.float64]:
    """Return the joints (T, 25, 3) as some sensor saw them."""
    noisy, _ = add_noise(body, random)
    size = float(np.exp(random.uniform(*np.log(_NOISE))))
    frames, joints, axes = body.shape
    slow = drift(random, frames, joints * axes, spacing=int(random.integers(5, 20)))
    jitter = random.normal(0.0, 0.2 * size, body.shape)
    return np.asarray(noisy + 0.7 * size * slow.reshape(body.shape) + jitter)


def described(recordings: Sequence[NDArray[np.float32]]) -> Described:
    """Return the kinematic features of recordings (3, T, 25, M), standard bones, one or two people."""
    length = np.array([r.shape[1] for r in recordings])
    padded = np.zeros((len(recordings), 3, int(length.max()), 25, 2), np.float32)
    for row, r in enumerate(recordings):
        padded[row, :, : r.shape[1], :, : r.shape[3]] = r
    return describe(padded, layout(LAYOUT), length, standard=True)


def mixed(pool: Sequence[Mapping[str, str]], parts: Mapping[str, str | None], random: Draw) -> dict[str, str]:
    """Return attributes of which arms, legs and the rest are taken from different members of ``pool``.

    Args:
        pool: complete attributes, of single people.
        parts: field -> body part that it speaks of, None for the whole body.
    """
    chosen = {part: pool[int(random.integers(len(pool)))] for part in ("arms", "legs", "torso", "rest")}
    chosen["head"] = chosen["torso"]
    return {name: chosen[part or "rest"][name] for name, part in parts.items()}
