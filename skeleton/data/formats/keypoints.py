"""JSON of pose estimators: OpenPose, AlphaPose, COCO, Ultralytics, MMPose, MediaPipe; recognised by content.

| tool | content |
|---|---|
| OpenPose | a file a frame, ``<clip>_<number>_keypoints.json``: ``people`` with ``pose_keypoints_2d`` |
| AlphaPose, COCO results | a list of ``image_id``, ``keypoints`` (x, y, score ...), ``idx`` or ``track_id`` |
| COCO annotations | ``annotations`` as above, ``categories`` with the names of the keypoints |
| Ultralytics | a list (a frame each) of lists of persons with ``keypoints`` {``x``, ``y``, ``visible``} |
| MMPose | ``instance_info``: ``frame_id``, ``instances`` with ``keypoints`` and ``keypoint_scores`` |
| MediaPipe | a list (a frame each) of ``pose_world_landmarks`` or ``pose_landmarks``, 33 of x, y, z |

World landmarks are preferred to those in the image. Joints below the confidence of the hints count as unseen;
COCO's own, 0, 1 or 2, is no share and passes as soon as a joint is labelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.hints import Hints, labels_of, read_hints, with_companions
from skeleton.data.formats.outcomes import Unreadable
from skeleton.data.formats.reader import RawFile, RawSample, ReadContext, Reader, load, walk
from skeleton.data.formats.recording import Recording, Sample, sequences
from skeleton.data.tracking import Detection, tracked

__all__ = ["READER"]

_FRAME = re.compile(r"(.+?)_?(\d+)_keypoints\.json")
_BY_COUNT = {17: "coco", 18: "openpose", 25: "body-25", 26: "halpe-26", 33: "mediapipe"}
_SIGNS = (b'"people"', b'"keypoints"', b"landmarks", b'"instance_info"', b'"visibility"', b'"pose_')
_ROWS = re.compile(rb"\s*(\[\s*){3,4}-?\d")  # frames of rows of numbers, and nothing else
_ONE = ("keypoints", "pose_keypoints_2d")
_PERSONS = dict.fromkeys(
    ("people", "instances", "persons", "pose_world_landmarks", "pose_landmarks", "landmarks", *_ONE)
)
"""Under which keys the persons of a frame are found, in order; `_ONE`: the mapping itself is a person."""
Frames = list[list[Detection]]


def _find(folder: Path) -> list[RawFile]:
    single, others, clips = list[RawFile](), list[RawFile](), dict[str, list[Path]]()
    for file in walk(folder, ".json"):
        if match := _FRAME.fullmatch(file.path.name):
            parent = file.name.rpartition("/")[0]
            clips.setdefault("/".join(filter(None, (parent, match[1]))), []).append(file.path)
        elif file.path.is_file():
            (single if _looks_right(file.path) else others).append(file)
    if single or clips:
        single += others  # to be told that they are of another tool
    found = [with_companions(folder, s.name, s.path) for s in single]
    found += [with_companions(folder, name, *sorted(paths)) for name, paths in clips.items()]
    return sorted(found, key=lambda s: s.name)


def _looks_right(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(65536)
    return any(sign in head for sign in _SIGNS) or bool(_ROWS.match(head))


def _read(file: RawFile, context: ReadContext) -> Iterator[RawSample]:
    hints = read_hints(file.paths, context.hints)
    files = [p for p in file.paths if p.suffix == ".json"]
    if _FRAME.fullmatch(files[0].name):
        frames = [_people(_content(path), path.name, hints) for path in files]
        name = file.name.rpartition("/")[2]
        names: tuple[str, ...] = ()
        content: Any = None
    else:
        content = _content(files[0])
        name, names = file.stem, _names(content)
        frames = _frames(content, files[0].name, hints)
    counts = {len(d.points) for frame in frames for d in frame if d.points.any()}
    if len(counts) > 1:
        text = f"{name} mixes persons with {' and '.join(map(str, sorted(counts)))} joints"
        raise Unreadable("joints", text)
    if not counts:
        raise Unreadable("bodies", f"{name}: no frame shows anybody")
    count = counts.pop()
    layout = "" if names or hints.layout or hints.joints else _BY_COUNT.get(count, "")
    recording = Recording(
        name,
        [Sample(name, tracked(frames), **labels_of(file, name, context))],
        names or (tuple(f"joint {i}" for i in range(count)) if hints.joints else ()),
        layout,
        fps=content.get("fps") if isinstance(content, dict) else None,
        up="-y",
    )
    yield from sequences(recording, hints, context)


def _content(path: Path) -> Any:
    try:
        return json.loads(load(path))
    except (ValueError, RecursionError) as error:
        raise Unreadable("damaged", f"{path.name} is not JSON: {error}") from error


def _names(content: Any) -> tuple[str, ...]:
    """Return the names of the keypoints, where the file has them."""
    if isinstance(content, dict):
        for category in content.get("categories") or ():
            if isinstance(category, dict) and category.get("keypoints"):
                return tuple(str(n) for n in category["keypoints"])
        names = (content.get("meta_info") or {}).get("keypoint_id2name") or content.get("joint_names")
        if names:
            return tuple(str(n) for n in (names.values() if isinstance(names, dict) else names))
    return ()


def _frames(content: Any, where: str, hints: Hints) -> Frames:
    """Return the persons of each frame of one file."""
    try:
        if isinstance(content, dict) and "instance_info" in content:
            return [_people(frame, where, hints) for frame in content["instance_info"]]
        if isinstance(content, dict) and "annotations" in content:
            return _by_image(content["annotations"], where, hints)
        if isinstance(content, dict) and "frames" in content:
            content = content["frames"]
        if isinstance(content, dict) and not content.keys() & _PERSONS.keys():
            return [_people(content[key], where, hints) for key in sorted(content, key=_order)]
        if (
            isinstance(content, list)
            and content
            and isinstance(content[0], dict)
            and "image_id" in content[0]
        ):
            return _by_image(content, where, hints)
        if isinstance(content, list):
            content = [{} if frame is None else frame for frame in content]
            if all(isinstance(frame, dict) for frame in content):  # world or image: one for all frames
                key = next((k for k in _PERSONS if any(frame.get(k) for frame in content)), "people")
                content = [frame if key in _ONE else frame.get(key) or [] for frame in content]
            return [_people(frame, where, hints) for frame in content]
        return [_people(content, where, hints)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unreadable("damaged", f"{where} is not JSON of a known pose estimator: {error!r}") from error


def _by_image(rows: Iterable[dict[str, Any]], where: str, hints: Hints) -> Frames:
    images: dict[Any, list[Detection]] = {}
    for row in rows:
        images.setdefault(row["image_id"], []).extend(_people([row], where, hints))
    order = sorted(images, key=_order)
    numbers = [_order(name)[0] for name in order]
    if len(set(numbers)) < len(order) or numbers[-1] - numbers[0] > 10 * len(order):
        return [images[name] for name in order]
    by_number = dict(zip(numbers, order, strict=True))  # in images between them nobody was detected
    return [images.get(by_number.get(n), []) for n in range(numbers[0], numbers[-1] + 1)]


def _order(name: Any) -> tuple[int, str]:
    digits = re.findall(r"\d+", str(name))
    return (int(digits[-1]) if digits else -1, str(name))


def _people(frame: Any, where: str, hints: Hints) -> list[Detection]:
    """Return the persons of one frame, however the tool wraps them."""
    if isinstance(frame, dict):
        key = next((k for k in _PERSONS if frame.get(k) is not None), None)
        frame = [] if key is None else [frame] if key in _ONE else frame[key]
    if isinstance(frame, dict):  # MediaPipe's protocol buffers: {"landmark": [...]}
        frame = frame.get("landmark", [])
    if not isinstance(frame, list):
        raise Unreadable("damaged", f"{where} is not JSON of a known pose estimator")
    if frame and isinstance(frame[0], dict) and {"x", "y"} <= frame[0].keys():
        frame = [frame]  # one person's landmarks
    if frame and isinstance(frame[0], list) and frame[0] and not isinstance(frame[0][0], list | dict):
        frame = [frame]  # one person's rows
    return [_detection(person, where, hints) for person in frame]


def _detection(person: Any, where: str, hints: Hints) -> Detection:
    """Return one person: landmarks as mappings, or keypoints in a flat list, rows or columns."""
    track = ""
    if isinstance(person, dict):
        track = next(
            (
                str(person[k])
                for k in ("track_id", "idx", "person_id")
                if person.get(k) not in (None, [-1], -1)
            ),
            "",
        )
        points = next((person[k] for k in ("pose_keypoints_2d", "keypoints") if k in person), None)
        score = person.get("keypoint_scores")
    else:
        points, score = person, None
    if isinstance(points, dict):
        columns = [points["x"], points["y"], points.get("visible") or points.get("confidence")]
        values = np.array([c for c in columns if c is not None], dtype=np.float32).T
    elif isinstance(points, list) and points and isinstance(points[0], dict):
        keys = [k for k in ("x", "y", "z", "visibility") if k in points[0]]
        values = np.array([[p[k] for k in keys] for p in points], dtype=np.float32)
        if "visibility" not in keys:
            values = np.column_stack([values, np.ones(len(values), np.float32)])
    elif points is not None:
        values = np.asarray(points, dtype=np.float32)
        values = values.reshape(-1, 3) if values.ndim == 1 else values
        if values.shape == (33, 3):  # MediaPipe's x, y, z
            values = np.column_stack([values, np.ones(33, np.float32)])
    else:
        raise Unreadable("damaged", f"{where} is not JSON of a known pose estimator")
    if score is not None:
        values = np.column_stack([values[:, :2], np.asarray(score, np.float32)])
    return Detection(_seen(values, hints.confidence), track)


def _seen(values: NDArray[np.float32], least: float) -> NDArray[np.float32]:
    """Return the points of (V, 2 or 3 or 4), the last of 3 or 4 a confidence, unseen ones as zero."""
    if len(values) in (133, 136):  # the whole body with face and hands: the body comes first
        values = values[: 17 if len(values) == 133 else 26]
    points = values[:, : max(2, values.shape[1] - 1)]
    if values.shape[1] > 2:
        points = np.where(values[:, -1:] < least, 0, points)
    return np.ascontiguousarray(np.nan_to_num(points), dtype=np.float32)


READER = Reader(
    "keypoints",
    "JSON of MediaPipe, OpenPose, AlphaPose, COCO, Ultralytics or MMPose",
    _find,
    _read,
    isolated=False,
    needs_classes=False,
    rank=3,
)
