"""pyskl and mmaction2 pickles: a dict with ``annotations``: ``frame_dir``, ``label``, ``keypoint`` of each.

``keypoint`` is M x T x V x C. Three dimensions are taken as they are. In two, pixels become units of the
image's height with zero in its middle and y up (``img_shape`` is height, width), the third coordinate is
zero, and joints with ``keypoint_score`` zero are absent. The layout follows from the number of joints: 17
COCO, 18 OpenPose, 20 and 25 Kinect. Names of NTU samples give setup, view, subject and replication. Pickles
are opened by `skeleton.data.formats.pickles.load_pickle`, which runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.catalogue import Dataset
from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.pickles import load_pickle
from skeleton.data.formats.rows import row
from skeleton.data.formats.source import Finding, Format, Outcome, Source, Unreadable, walk

__all__ = ["FORMAT"]


def _find(folder: Path) -> list[Source]:
    return [s for s in walk(folder, ".pkl", ".pickle") if "label" not in s.stem]


def _read(source: Source, dataset: Dataset) -> Iterator[Outcome]:
    content = load_pickle(source.path)
    annotations = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(annotations, list):
        raise Unreadable("damaged", f"{source.path.name} has no list 'annotations'")
    if not annotations:
        raise Unreadable("empty", f"{source.path.name} has no annotations")
    for index, annotation in enumerate(annotations):
        name = f"{source.stem}-{index}"
        try:
            name = Path(str(annotation["frame_dir"])).name
            label = int(annotation["label"])
            positions = _positions(annotation, name)
        except Unreadable as error:
            yield Finding(error.outcome, str(error), name)
            continue
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            text = f"{name} is not an annotation with frame_dir, label and keypoint: {error!r}"
            yield Finding("damaged", text, name)
            continue
        yield row(name, positions, label, dataset, parse_name(name))


def _positions(annotation: dict[str, Any], name: str) -> NDArray[np.floating]:
    """Return (3, T, V, M)."""
    keypoint = np.asarray(annotation["keypoint"], dtype=np.float64)
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3) or not keypoint.size:
        raise Unreadable("damaged", f"{name}: keypoint has shape {keypoint.shape}, not M x T x V x 2 or 3")
    if (frames := annotation.get("total_frames", keypoint.shape[1])) != keypoint.shape[1]:
        raise Unreadable("frames", f"{name} announces {frames} frames and holds {keypoint.shape[1]}")
    if keypoint.shape[-1] == 3:
        return keypoint.transpose(3, 1, 2, 0)
    absent = ~keypoint.any(axis=-1)
    if "keypoint_score" in annotation:
        absent |= np.asarray(annotation["keypoint_score"]).reshape(absent.shape) <= 0
    height, width = (float(v) for v in annotation["img_shape"])
    if not (height > 0 and width > 0):
        raise Unreadable("damaged", f"{name}: img_shape is {height} x {width}")
    across = np.where(absent, 0, (keypoint[..., 0] - width / 2) / height)
    up = np.where(absent, 0, (height / 2 - keypoint[..., 1]) / height)
    return np.stack([across, up, np.zeros_like(up)]).transpose(0, 2, 3, 1)


FORMAT = Format("pyskl", "pyskl or mmaction2 pickles (*.pkl)", _find, _read, container=True)
