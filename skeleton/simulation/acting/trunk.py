"""Postures, leaning, turning, and the head."""

from __future__ import annotations

from collections.abc import Mapping

from skeleton.simulation.acting.score import RATE, Attributes, Draw, Score
from skeleton.simulation.motion import Goal, Swing

__all__ = ["add_trunk"]

_POSTURE: Mapping[str, tuple[Mapping[str, Goal], ...]] = {
    "standing": ({},),
    "bent": ({"bend": 58.0, "rise": -0.06}, {"bend": 45.0}),
    "sitting": ({"seat": 1.0, "bend": 6.0}, {"seat": 1.0, "bend": 12.0}),
    "crouching": ({"rise": -0.45, "bend": 28.0}, {"rise": -0.5, "bend": 45.0, "shift": -0.05}),
    "lying": (
        {"rise": -0.74, "shift": 0.82, "tilt": 84.0, "bend": -6.0},
        {"rise": -0.74, "shift": -0.55, "tilt": -76.0, "bend": 6.0},
        {"rise": -0.66, "sway": 0.66, "roll": 76.0, "lean": -8.0},
    ),
}
_LEAN = {"upright": 0.0, "slight": 18.0, "deep": 60.0}


def add_trunk(a: Attributes, score: Score, random: Draw) -> None:
    """Add what trunk and head do."""
    postures = _POSTURE[a["posture_start"]], _POSTURE[a["posture_end"]]
    start = dict(postures[0][random.integers(len(postures[0]))])
    score.start |= start
    if a["posture_end"] != a["posture_start"]:
        end = postures[1][random.integers(len(postures[1]))]
        keys = {*start, *end}
        changed: dict[str, Goal] = {k: end.get(k, 0.0) for k in keys}
        if {"sitting", "standing"} == {a["posture_start"], a["posture_end"]}:
            score.ready |= {
                "bend": float(random.uniform(20, 40)),
                "shift": 0.08 * (1 if "seat" in start else -1),
            }
            changed = {"shift": 0.0, "bend": 0.0, **changed}
        score.stroke |= changed
        score.seconds = max(
            score.seconds, float(random.uniform(0.6, 1.1)) * (1.3 if a["speed"] == "slow" else 1)
        )
        if a["speed"] in ("fast", "explosive") and a["posture_end"] == "lying":
            score.ease = "strike"
    bend = _LEAN[a["torso_lean"]] * float(random.uniform(0.75, 1.25))
    direction = a["torso_direction"]
    if bend and a["posture_end"] not in ("bent", "lying", "crouching"):
        if direction == "sideways":
            lean: dict[str, Goal] = {"lean": min(bend, 35.0) * float(random.choice([-1, 1]))}
        else:
            lean = {"bend": -min(bend, 22.0) if direction == "backward" else bend}
            if a["torso_lean"] == "deep" and random.random() < 0.5:
                lean["rise"] = float(random.uniform(-0.3, 0.0))
        (score.stroke if random.random() < 0.7 else score.ready).update(lean)
        if a["hip_path"] == "down_up" or random.random() < 0.5:
            score.end |= {name: start.get(name, 0.0) for name in lean}
    hips = a["hip_path"]
    if a["posture_end"] == a["posture_start"]:
        if hips == "down_up":
            score.stroke.setdefault("rise", float(random.uniform(-0.42, -0.2)))
            score.end["rise"] = start.get("rise", 0.0)
        elif hips == "down":
            score.stroke.setdefault("rise", float(random.uniform(-0.35, -0.15)))
        elif hips == "up":
            score.stroke.setdefault("rise", 0.0)
        elif hips == "bounce" and a["leg_action"] not in ("jump", "run"):
            score.swings.append(Swing("rise", 0.05, RATE[a["speed"]]))
    turn = {"none": 0.0, "slight": 14.0, "strong": 34.0}[a["torso_twist"]] * float(random.uniform(0.7, 1.3))
    if turn:
        score.ready["twist"] = -turn
        score.stroke["twist"] = turn
        score.end.setdefault("twist", 0.0)
    about = {"none": 0.0, "partial": random.uniform(50, 150), "full": random.uniform(170, 360)}[a["turning"]]
    if about:
        score.stroke["turn"] = float(about * random.choice([-1, 1]))
        score.seconds = max(score.seconds, float(about) / 150)
    _head(a, score, random)


def _head(a: Attributes, score: Score, random: Draw) -> None:
    size, rate = float(random.uniform(12, 26)), float(random.uniform(1.0, 2.0))
    does = a["head"]
    if does in ("down", "up"):
        way = size if does == "down" else -size
        (score.start if random.random() < 0.4 else score.ready)["nod"] = way
    elif does == "nod":
        score.swings.append(Swing("nod", 0.8 * size, rate))
    elif does == "shake":
        score.swings.append(Swing("look", 1.3 * size, rate))
    elif does == "turn":
        score.stroke[str(random.choice(["look", "cock"]))] = size * float(random.choice([-1, 1]))
