"""Kicks, steps, jumps, and the way that the whole body covers."""

from __future__ import annotations

import numpy as np

from skeleton.simulation.acting.score import RATE, Attributes, Draw, Score
from skeleton.simulation.motion import Goal, Swing, at

__all__ = ["add_legs"]


def add_legs(a: Attributes, score: Score, random: Draw) -> None:
    """Add what the legs do."""
    does, foot = a["leg_action"], {"floor": 0.06, "ankle": 0.12, "knee": 0.4, "hip": 0.75}[a["foot_peak"]]
    foot *= float(random.uniform(0.75, 1.25))
    rate = float(random.uniform(0.8, 1.2)) * RATE[a["speed"]]
    way = {"none": 0.0, "step": random.uniform(0.25, 0.6), "way": random.uniform(1.0, 2.6)}[a["travel"]]
    place = a["locomotion"]
    if way and place not in ("none", "in_place"):
        _travel(a, score, float(way), random)
    elif place == "in_place" or (does in ("walk", "run") and not way):
        lift = max(foot, 0.1)
        score.swings += [
            Swing("right_foot", lift, 0.5 * rate + 0.5), Swing("left_foot", lift, 0.5 * rate + 0.5, phase=0.5)
        ]  # fmt: skip
        if does == "run" or a["hip_path"] == "bounce":
            score.swings.append(Swing("rise", 0.03, rate + 1.0))
        if a["arms"] == "none":
            swing = float(random.uniform(0.05, 0.2))
            score.swings += [
                Swing("right", swing, 0.5 * rate + 0.5, "forward", 0.5),
                Swing("left", swing, 0.5 * rate + 0.5, "forward"),
            ]
    if does == "jump":
        high = float(random.uniform(0.1, 0.26))
        if a["repetition"] == "once":
            score.ready |= {"rise": -0.2, "bend": 20.0}
            score.stroke |= {"rise": high, "bend": 0.0}
            score.end |= {"rise": 0.0}
        else:
            score.swings.append(Swing("rise", 0.7 * high, max(rate, 1.4), phase=0.75))
        if a["legs"] == "one":
            score.ready["left_foot"] = at("stance", up=0.3, forward=-0.2)
    elif does == "kick":
        side = {"backward": -0.5, "sideways": 0.1}.get(a["leg_direction"], 0.6)
        out = 0.5 if a["leg_direction"] == "sideways" else 0.0
        score.ready |= {"right_foot": at("stance", up=0.14, forward=-0.3 * np.sign(side)), "sway": -0.06}
        score.stroke["right_foot"] = at("stance", out=out, up=max(foot, 0.25), forward=side)
        score.end |= {"right_foot": at("stance"), "sway": 0.0}
        score.ease = "strike"
    elif does == "lift":
        forward = {"forward": 0.25, "backward": -0.3}.get(a["leg_direction"], 0.1)
        out = 0.35 if a["leg_direction"] == "sideways" else 0.0
        score.stroke |= {
            "right_foot": at("stance", out=out, up=max(foot, 0.25), forward=forward),
            "sway": -0.06,
        }
        if a["hold"] != "long":
            score.end |= {"right_foot": at("stance"), "sway": 0.0}
    elif does == "bend" and "rise" not in score.stroke and a["posture_end"] == a["posture_start"]:
        score.stroke |= {"rise": float(random.uniform(-0.4, -0.2)), "bend": float(random.uniform(5, 30))}
        score.end |= {"rise": 0.0, "bend": 0.0}
    elif does == "lunge":
        ahead = {"backward": -0.5}.get(a["leg_direction"], 0.6) * float(random.uniform(0.8, 1.2))
        out = 0.5 if a["leg_direction"] == "sideways" else 0.0
        score.stroke |= {
            "right_foot": at("stance", out=out, forward=0 if out else ahead),
            "shift": 0.5 * (0 if out else ahead),
            "rise": float(random.uniform(-0.35, -0.15)),
        }
    elif does == "step" and not way:
        score.stroke["right_foot"] = at("stance", forward=0.3 if a["leg_direction"] != "backward" else -0.3)
    if a["balance"] == "lost":
        score.swings += [Swing("lean", 12.0, 0.8), Swing("bend", 8.0, 0.6, phase=0.3)]
    elif a["balance"] == "challenged":
        score.swings.append(Swing("lean", 3.0, 0.8))


def _travel(a: Attributes, score: Score, way: float, random: Draw) -> None:
    speed = {"walk": 1.0, "run": 2.6, "jump": 1.6}.get(a["leg_action"], 0.9) * float(random.uniform(0.8, 1.3))
    place = a["locomotion"]
    goals: dict[str, Goal] = {"travel": way}
    if place == "backward":
        goals = {"travel": -way}
    elif place == "asunder":
        goals = {"travel": -0.7 * way, "turn": 180.0} if random.random() < 0.6 else {"travel": -0.7 * way}
    elif place == "sideways":
        goals = {"aside": way * float(random.choice([-1, 1]))}
    elif place == "around":
        goals["turn"] = float(random.uniform(90, 300) * random.choice([-1, 1]))
    score.stroke |= goals
    score.seconds = max(score.seconds, way / speed)
    if a["leg_action"] == "run":
        score.swings.append(Swing("rise", 0.04, 2.6))
