"""pyskl and mmaction2 pickles: a dict with ``annotations``: ``frame_dir``, ``label``, ``keypoint`` of each.

``keypoint`` is M x T x V x C. Three dimensions are taken as they are, unless the third is a score: that of a
layout of two dimensions is. In two, pixels (or shares of the image) become units of the image's height with
zero in its middle and y up (``img_shape`` is height, width), the third coordinate is zero, and joints with a
score of zero are absent. The layout follows from the number of joints: 17 COCO, 18 OpenPose, 20 and 25
Kinect. Names of NTU samples give setup, view, subject and replication; an annotation may have these as keys.
A ``split`` of one training list says which part a sample is of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.labels import first_label
from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.outcomes import SampleFinding, Unreadable
from skeleton.data.formats.pickles import load_pickle
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, walk
from skeleton.data.formats.rows import NO_LABEL, layout_of, read_block
from skeleton.data.layouts import layout
from skeleton.data.sequence import part_of

__all__ = ["READER"]

_NUMBERS = ("subject", "view", "setup", "replication")
_METRES = 50
"""No coordinate in metres is larger; pixels are."""
_SHARES = 2
"""Coordinates up to here are shares of the image, not pixels."""


def _find(folder: Path) -> list[RawFile]:
    return [f for f in walk(folder, ".pkl", ".pickle") if "label" not in f.stem]


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    content = load_pickle(file.path)
    annotations = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(annotations, list):
        raise Unreadable("damaged", f"{file.path.name} has no list 'annotations'")
    if not annotations:
        raise Unreadable("empty", f"{file.path.name} has no annotations")
    usable: list[tuple[str, int, Mapping[str, Any]]] = []
    for index, annotation in enumerate(annotations):
        name = f"{file.stem}-{index}"
        try:
            name = str(annotation["frame_dir"]).replace("\\", "/").strip("/") or name
            label = int(annotation.get("label", -1)) if context.labelled else -1
            usable.append((name, label, annotation))
        except Exception as error:
            yield _not_an_annotation(name, error)
    if not usable:
        return
    short = [_short(name) for name, _, _ in usable]
    labels = [label for _, label, _ in usable]
    first = first_label(labels, context, file.path.name, short) if max(labels) >= 0 else 0
    parts = _parts(content)
    namesakes = Counter(_short(name) for name in {name for name, _, _ in usable})
    done: set[str] = set()
    for whole, label, annotation in usable:
        # Two clips of one name in different folders are two clips.
        name = whole if namesakes[_short(whole)] > 1 and not parse_name(_short(whole)) else _short(whole)
        if name in done:
            yield SampleFinding("duplicate", f"{name} is annotated once more in {file.path.name}", name)
            continue
        done.add(name)
        try:
            numbers = (parse_name(name) or {}) | {k: int(annotation[k]) for k in _NUMBERS if k in annotation}
            positions = _positions(annotation, name, context)
        except Unreadable as error:
            yield error.finding(name)
            continue
        except Exception as error:  # whatever a foreign container does
            yield _not_an_annotation(name, error)
            continue
        numbers["part"] = parts.get(whole, parts.get(name, -1))
        label = label - first if label >= 0 else NO_LABEL
        yield from read_block(name, positions, label, context.dataset, numbers)


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].removesuffix(".skeleton")


def _not_an_annotation(name: str, error: Exception) -> SampleFinding:
    text = f"{name} is not an annotation with frame_dir, label and keypoint: {error!r}"
    return SampleFinding("damaged", text, name)


def _parts(content: Any) -> dict[str, int]:
    """Return the part of each name, if the pickle divides its samples in one way only."""
    split = content.get("split") if isinstance(content, dict) else None
    if not isinstance(split, dict) or sum(part_of(str(key)) == 0 for key in split) != 1:
        return {}
    return {
        str(name): part_of(str(key))
        for key, names in split.items()
        if isinstance(names, list | tuple)
        for name in names
    }


def _positions(annotation: Mapping[str, Any], name: str, context: ReadContext) -> NDArray[np.floating]:
    """Return (3, T, V, M)."""
    keypoint = np.asarray(annotation["keypoint"], dtype=np.float64)
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3) or not keypoint.size:
        raise Unreadable("damaged", f"{name}: keypoint has shape {keypoint.shape}, not M x T x V x 2 or 3")
    if (frames := annotation.get("total_frames", keypoint.shape[1])) != keypoint.shape[1]:
        raise Unreadable("frames", f"{name} announces {frames} frames and holds {keypoint.shape[1]}")
    plane, score = keypoint[..., :2], annotation.get("keypoint_score")
    if keypoint.shape[-1] == 3:
        third = keypoint[..., 2]
        joints = layout(layout_of(keypoint.shape[2], name, context.dataset.layout))
        is_score = bool(np.all((third >= 0) & (third <= 1)))
        if joints.dimensions == 3 and not (is_score and np.abs(plane).max() > _METRES):
            return keypoint.transpose(3, 1, 2, 0)
        if joints.dimensions == 3 or not is_score:
            kind = "pixels and a score" if is_score else "three dimensions"
            text = f"{name} has {len(joints)} joints in {kind}, which is no known layout"
            raise Unreadable("joints", text)
        score = third
    absent = ~plane.any(axis=-1)
    if score is not None:
        absent |= np.asarray(score, dtype=np.float64).reshape(absent.shape) <= 0
    height, width = (float(v) for v in annotation["img_shape"])
    if not (height > 0 and width > 0):
        raise Unreadable("damaged", f"{name}: img_shape is {height} x {width}")
    if np.abs(plane).max() <= _SHARES:
        plane = plane * (width, height)
    across = np.where(absent, 0, (plane[..., 0] - width / 2) / height)
    up = np.where(absent, 0, (height / 2 - plane[..., 1]) / height)
    return np.stack([across, up, np.zeros_like(up)]).transpose(0, 2, 3, 1)


READER = Reader(
    "pyskl", "pyskl or mmaction2 pickles (.pkl)", _find, _read, container=True, needs_classes=False
)
