"""Every sample of a simulated data set, each from its own seed: a smaller request gives the same samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from skeleton.data import SkeletonSequence
from skeleton.simulation.camera import CAMERAS, SETUPS, Setup, draw_setup, view
from skeleton.simulation.noise import add_noise
from skeleton.simulation.performance import Subject, draw_subject, perform_program
from skeleton.simulation.programs import PROGRAMS
from skeleton.simulation.rotation import Array

__all__ = ["LAYOUT", "Sample", "generate", "recorded", "spread_subjects"]

LAYOUT = "kinect-v2"
_SUBJECT, _SETUP, _SAMPLE = range(3)
"""What a generator is for: draws of one purpose never shift those of another."""
_PARTNERS = 500
"""Second people of pairs have subject numbers of their own beyond those of the data set."""


@dataclass(frozen=True)
class Sample:
    """A sequence and the tracking state (M, T, V) of its joints: 2 tracked, 1 inferred."""

    sequence: SkeletonSequence
    state: NDArray[np.int64]


def spread_subjects(dataset: Dataset, count: int) -> tuple[int, ...]:
    """Return ``count`` subject numbers, as many that train as that test under the cross-subject protocol."""
    train = sorted(s for s in dataset.protocol("cross-subject").train)
    test = sorted(set(range(1, 2 * len(train) + 1)) - set(train))
    half = (count + 1) // 2
    return tuple(sorted(train[:half] + test[: count - half]))


def generate(
    dataset: Dataset, classes: tuple[int, ...], subjects: tuple[int, ...], reps: int, seed: int
) -> Iterator[Sample]:
    """Yield a sample for every class, subject and replication, in the order of their names."""
    for subject in subjects:
        for replication in range(1, reps + 1):
            for class_id in classes:
                yield _sample(dataset, class_id, subject, replication, seed)


def _sample(dataset: Dataset, class_id: int, subject: int, replication: int, seed: int) -> Sample:
    random = np.random.default_rng([seed, _SAMPLE, class_id, subject, replication])
    code = dataset.classes[class_id].code
    programs = PROGRAMS[code]
    program = programs[random.integers(len(programs))]
    camera = int(random.choice(list(CAMERAS)))
    setup = 1 + subject % SETUPS
    partner = _PARTNERS + int(random.integers(_PARTNERS))
    figures = perform_program(program, _subject(seed, subject), _subject(seed, partner), random)
    found = recorded(figures, _setup(seed, setup), camera, random)
    sequence = replace(
        found.sequence,
        name=f"S{setup:03d}C{camera:03d}P{subject:03d}R{replication:03d}{code}",
        class_id=class_id,
        subject=subject,
        view=camera,
        setup=setup,
        replication=replication,
    )
    return replace(found, sequence=sequence)


def recorded(figures: Array, setup: Setup, camera: int, random: np.random.Generator) -> Sample:
    """Return figures (M, T, 25, 3) as the sensor of a camera records them; who or what it is, nobody says.

    Args:
        figures: one or two people, in metres.
        setup: how the cameras hang.
        camera: 1, 2 or 3.
        random: source of everything that is drawn.
    """
    bodies = [add_noise(body, random) for body in view(figures, setup, camera, random)]
    positions = np.stack([joints for joints, _ in bodies], axis=-1).transpose(2, 0, 1, 3)
    sequence = SkeletonSequence("", LAYOUT, np.ascontiguousarray(positions, dtype=np.float32))
    return Sample(sequence, np.stack([state for _, state in bodies]))


@cache
def _subject(seed: int, number: int) -> Subject:
    return draw_subject(np.random.default_rng([seed, _SUBJECT, number]))


@cache
def _setup(seed: int, number: int) -> Setup:
    return draw_setup(np.random.default_rng([seed, _SETUP, number]))
