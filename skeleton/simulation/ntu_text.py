"""Simulated samples as NTU RGB+D ``.skeleton`` text, for pipelines that read the licensed files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semtool.disk import write_atomically
from skeleton.simulation.sampling import Sample

__all__ = ["skeleton_text", "write_skeleton_file"]

_FIRST_ID = 72057594037930000
"""Tracking ids of a Kinect v2 begin near 2^56: they do not survive a float, and readers must cope."""
_DEPTH = (366.3, 256.3, -366.5, 208.5)
_COLOUR = (1057.0, 975.0, -1057.0, 560.0)
"""Pinhole projection of the depth and colour images: focal length and centre of x, then of y (pixels)."""
_JOINT = "%.7g %.7g %.7g %.7g %.7g %.7g %.7g 0 0 0 0 %d\n"
"""Orientations are not simulated: all zero, as the sensor itself writes them for the ends of limbs."""


def skeleton_text(sample: Sample) -> str:
    """Return the text of one file: frames, bodies of each, 25 joints of 12 numbers of each."""
    positions = sample.sequence.positions.astype(np.float64)
    frames, joints, bodies = positions.shape[1:]
    world = positions.transpose(1, 3, 2, 0)
    x, y, z = world[..., 0], world[..., 1], world[..., 2]
    columns = [x, y, z]
    for focal_x, centre_x, focal_y, centre_y in (_DEPTH, _COLOUR):
        columns += [centre_x + focal_x * x / z, centre_y + focal_y * y / z]
    columns.append(sample.state.transpose(1, 0, 2).astype(np.float64))
    table = np.stack(columns, axis=-1)
    heads = [f"{_FIRST_ID + _number(sample) * 2 + m} 0 1 1 1 1 0 0 0 2\n{joints}\n" for m in range(bodies)]
    frame = f"{bodies}\n" + "".join(head + _JOINT * joints for head in heads)
    values: list[float] = table.ravel().tolist()
    text: str = (frame * frames) % tuple(values)
    return f"{frames}\n{text}"


def write_skeleton_file(folder: Path, sample: Sample) -> Path:
    """Write ``<name>.skeleton`` into ``folder``, whole or not at all, and return its path."""
    path = folder / f"{sample.sequence.name}.skeleton"
    write_atomically(path, skeleton_text(sample), durable=False)
    return path


def _number(sample: Sample) -> int:
    sequence = sample.sequence
    return (sequence.subject * 10 + sequence.replication) * 60 + sequence.class_id
