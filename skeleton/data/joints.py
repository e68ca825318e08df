"""Joint names as people and tools write them -> the landmarks of `skeleton.data.layouts`.

    place_joints(["mixamorig:LeftHand", "LForeArm", ...]).landmarks    # ("left_wrist", "left_elbow", ...)

Understood: the side in front, behind or in one letter (``left_wrist``, ``LWrist``, ``wrist_l``,
``WristLeft``), prefixes that all names share, the names of sensors (Kinect, OpenNI), pose estimators, body
models (SMPL, H36M) and animation rigs. A rig names bones: its arm begins at the shoulder, its hand at the
wrist. What is not understood is left unplaced, and named; a mapping of one's own settles it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

from semtool.errors import UsageError, unknown_name
from skeleton.data.layouts import LAYOUTS

__all__ = ["LANDMARKS", "NOTHING", "Placement", "place_joints"]

LANDMARKS: tuple[str, ...] = tuple(dict.fromkeys(j for known in LAYOUTS.values() for j in known.joints))
"""Every landmark that a joint can be."""
NOTHING = "none"
"""What a mapping says of a joint that is no landmark."""

_SIDES = {"left": "left_", "l": "left_", "lft": "left_", "right": "right_", "r": "right_", "rgt": "right_"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _read() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    """Return stem -> landmark of points and of a rig's bones, and the stems that only a rig has."""
    text = resources.files("skeleton.data").joinpath("joint_names.yaml").read_text(encoding="utf-8")
    tables = yaml.safe_load(text)
    points, bones = (
        {stem: landmark for landmark, stems in tables[kind].items() for stem in stems}
        for kind in ("points", "bones")
    )
    return points, points | bones, frozenset(tables["rig"])


_POINTS, _BONES, _RIG = _read()


@dataclass(frozen=True)
class Placement:
    """Where joints belong.

    Attributes:
        landmarks: for each joint the landmark that it is, or None.
        unplaced: names that are no landmark as far as is known, or that mean one that was there already.
    """

    landmarks: tuple[str | None, ...]
    unplaced: tuple[str, ...]


def place_joints(names: Sequence[str], mapping: Mapping[str, str] | None = None) -> Placement:
    """Tell which landmark each joint is.

    Args:
        names: the joints as their file calls them.
        mapping: what somebody says of some of them: name -> landmark, or ``none``.

    Raises:
        UsageError: if the mapping names a joint that is not there, or a landmark that does not exist.
    """
    mapping = dict(mapping or {})
    for name, landmark in mapping.items():
        if name not in names:
            raise unknown_name("joint", name, names)
        if landmark not in (*LANDMARKS, NOTHING):
            raise unknown_name("landmark", landmark, LANDMARKS)
    split = [_words(name) for name in names]
    parts = [_side(words) for words in _without_prefix(split)]
    stems = {stem for _, stem in parts}
    table = _BONES if stems & _RIG and not stems & {"elbow", "knee", "wrist"} else _POINTS
    spines = _spines(stems)
    landmarks: list[str | None] = []
    taken = set(mapping.values()) - {NOTHING}
    if len(taken) < sum(v != NOTHING for v in mapping.values()):
        raise UsageError("the mapping gives two joints the same landmark")
    for name, (side, stem) in zip(names, parts, strict=True):
        if name in mapping:
            landmarks.append(None if mapping[name] == NOTHING else mapping[name])
            continue
        known = _landmark(side, stem, table, spines)
        landmarks.append(None if known in taken else known)
        taken |= {known} if known else set()
    unplaced = tuple(
        n for n, mark in zip(names, landmarks, strict=True) if mark is None and mapping.get(n) != NOTHING
    )
    return Placement(tuple(landmarks), unplaced)


def _words(name: str) -> list[str]:
    """Split at punctuation, capitals and digits: ``mixamorig:LeftHand`` -> left, hand."""
    return [w.lower() for w in _WORD.findall(name.rsplit(":", 1)[-1].rsplit("|", 1)[-1])] or [name.lower()]


def _without_prefix(split: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Drop the unknown words with which most names begin (``Bip01 L Hand``, ``SKEL_HEAD``)."""
    while True:
        first = Counter(words[0] for words in split if len(words) > 1)
        word, count = first.most_common(1)[0] if first else ("", 0)
        if 2 * count <= len(split) or len(split) < 2 or word in _SIDES or word in _BONES:
            return list(split)
        split = [words[1:] if words[0] == word and len(words) > 1 else words for words in split]


def _side(words: Sequence[str]) -> tuple[str, str]:
    """Return ``left_``, ``right_`` or nothing, and what is left of the name, in one word."""
    for index, word in enumerate(words):
        if word in _SIDES and len(words) > 1:
            return _SIDES[word], "".join(w for i, w in enumerate(words) if i != index)
    stem = "".join(words)
    if stem not in _BONES:
        for word, side in _SIDES.items():
            for rest in (stem.removeprefix(word), stem.removesuffix(word)):
                if rest != stem and rest in _BONES:
                    return side, rest
    return "", stem


def _spines(stems: set[str]) -> dict[str, str]:
    """Return which landmark each of a chain of numbered spines is: the first, the middle and the last."""
    chain = sorted((s for s in stems if re.fullmatch(r"spine\d*", s)), key=lambda s: int(s[5:] or 0))
    if len(chain) < 2:
        return dict.fromkeys(chain, "spine")
    if len(chain) == 2:
        return {chain[0]: "spine", chain[1]: "chest"}
    return {chain[0]: "spine_low", chain[len(chain) // 2]: "spine", chain[-1]: "chest"} | {
        s: "" for s in chain[1:-1] if s != chain[len(chain) // 2]
    }


def _landmark(side: str, stem: str, table: Mapping[str, str], spines: Mapping[str, str]) -> str | None:
    if stem in spines:
        return spines[stem] or None
    found = table.get(stem, table.get(stem.rstrip("0123456789")))
    if not side:
        # A hip without a side is the middle one; a shoulder or a hand without a side is anybody's.
        return "hip_centre" if found == "hip" else found if found in LANDMARKS else None
    return side + found if found and side + found in LANDMARKS else None
