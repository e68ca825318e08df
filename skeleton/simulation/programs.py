"""What each class of NTU RGB+D 60 looks like: the motion programs of ``programs.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from skeleton.simulation.motion import NUMBERS, PLACES, Goal, Program, Spot, Step, Swing

__all__ = ["PROGRAMS", "read_program"]

_PAIRS = {"hands": ("right", "left"), "elbows": ("right_elbow", "left_elbow")}


def read_program(raw: Mapping[str, Any]) -> Program:
    """Return a program as it is written in ``programs.yaml``.

    Raises:
        ValueError: for a channel that does not exist.
    """
    options = {key: raw[key] for key in ("side", "distance") if key in raw}
    partner = read_program(raw["partner"]) if "partner" in raw else None
    return Program(tuple(map(_step, raw["steps"])), _goals(raw.get("start", {})), partner, **options)


def _step(raw: Mapping[str, Any]) -> Step:
    goals = dict(raw)
    kind = next(key for key in ("to", "hold", "rest") if key in goals)
    seconds, ease = goals.pop(kind), goals.pop("ease", "smooth")
    swings = tuple(Swing(*one) for one in goals.pop("swings", ()))
    return Step(seconds, _goals(goals), swings, ease, home=kind == "rest")


def _goals(raw: Mapping[str, Any]) -> dict[str, Goal]:
    goals: dict[str, Goal] = {}
    for name, said in raw.items():
        for channel in _PAIRS.get(name, (name,)):
            if channel in PLACES:
                goals[channel] = Spot(said) if isinstance(said, str) else Spot(*said)
            elif channel in NUMBERS:
                goals[channel] = float(said)
            else:
                raise ValueError(f"no such channel: {channel}")
    return goals


def _read() -> dict[str, tuple[Program, ...]]:
    text = resources.files("skeleton.simulation").joinpath("programs.yaml").read_text(encoding="utf-8")
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {code: tuple(map(read_program, ways)) for code, ways in found.items()}


PROGRAMS: Mapping[str, tuple[Program, ...]] = _read()
"""Programs by class code, in the order of the classes; a class with several is performed in either way."""
