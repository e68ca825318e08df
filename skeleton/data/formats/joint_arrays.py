"""One clip a ``.npy``: (T, V, 2 or 3), or (T, M, V, 2 or 3) with persons, or 4 numbers with a visibility.

The joints have no names; their number says the layout (22: SMPL as in HumanML3D; 33: MediaPipe; ...). Of
several layouts with that number the one is taken in which limbs keep their length and sides are alike. Pixels
may have a score as the third number; MediaPipe's landmarks may stand in a row a frame, (T, 99 or 132).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.hints import labels_of, read_hints, with_companions
from skeleton.data.formats.npy import map_npy
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, walk
from skeleton.data.formats.recording import Recording, Sample, sequences

__all__ = ["READER"]

_MEDIAPIPE = {99: 3, 132: 4}  # numbers of a frame in one row -> numbers of each of its 33 landmarks
_MOST_PEOPLE = 10
_OTHERS = ("_position.npy", "_data.npy", "_label.npy", "_feature.npy")


def _find(folder: Path) -> list[RawFile]:
    files = (s for s in walk(folder, ".npy") if not s.path.name.endswith(_OTHERS))
    return [with_companions(folder, s.name, s.path) for s in files if s.path.is_file() and _is_clip(s.path)]


def _is_clip(path: Path) -> bool:
    try:
        shape = map_npy(path).shape
    except Unreadable:
        return path.stat().st_size > 0  # told when it is read
    if len(shape) == 2:
        return shape[1] in _MEDIAPIPE
    return len(shape) in (3, 4) and shape[-1] in (2, 3, 4) and shape[-2] < 200


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    hints = read_hints(file.paths, context.hints)
    frames = np.array(map_npy(file.path), dtype=np.float32)
    if frames.ndim == 2:
        frames = frames.reshape(len(frames), 33, _MEDIAPIPE[frames.shape[1]])
    frames = frames[:, None] if frames.ndim == 3 else frames
    if frames.shape[1] > _MOST_PEOPLE:
        text = f"{file.path.name} has shape {frames.shape}; a clip is (T, people, joints, numbers), and"
        raise Unreadable("bodies", f"{text} {frames.shape[1]} people are too many (many clips: plain format)")
    if frames.shape[-1] == 3 and _scored(frames):
        frames = np.where(frames[..., 2:] < hints.confidence, 0, frames[..., :2])
    if frames.shape[-1] == 4:
        frames = np.where(frames[..., 3:] < hints.confidence, 0, frames[..., :3])
    sample = Sample(file.stem, frames, **labels_of(file, file.stem, context))
    joints = tuple(f"joint {i}" for i in range(frames.shape[2])) if hints.joints else ()
    yield from sequences(Recording(file.path.name, [sample], joints), hints, context)


def _scored(frames: NDArray[np.float32]) -> bool:
    """Tell whether the third number is how far a joint in the image is trusted, and not a depth."""
    plane, third = frames[..., :2], frames[..., 2]
    is_share = bool(((third >= 0) & (third <= 1)).all())
    return is_share and bool(
        np.abs(plane).max() > 50 or (frames.shape[2] == 17 and ((plane >= 0) & (plane <= 1)).all())
    )


READER = Reader(
    "joint_arrays",
    "a .npy a clip, (T, joints, 2 or 3) or (T, people, joints, 2 or 3)",
    _find,
    _read,
    isolated=False,
    needs_classes=False,
    rank=6,
)
