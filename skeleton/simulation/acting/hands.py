"""Where the hands go, and along which path."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skeleton.simulation.acting.score import RATE, Attributes, Draw, Score
from skeleton.simulation.motion import Spot, Swing, at

__all__ = ["add_arms"]

_HEIGHT = {"waist": -0.32, "chest": -0.14, "shoulder": 0.02, "head": 0.24, "overhead": 0.48}
"""Metres above the shoulder; lower places have anchors of their own."""
_CONTACT = {
    "hand": ("other_hand",), "arm": ("other_elbow", "other_hand"), "head": ("crown", "temple", "ear", "nape"),
    "face": ("mouth", "eye", "cheek", "forehead"), "neck": ("neck_side", "collar", "other_shoulder"),
    "chest": ("heart", "chest"), "belly": ("belly",), "back": ("lower_back", "back"),
    "hip": ("pocket", "seat_side"), "foot": ("ankle",),
}  # fmt: skip


def add_arms(a: Attributes, score: Score, random: Draw) -> None:
    """Add what the arms do."""
    seated = "seat" in score.start
    if a["arms"] == "none":
        if seated:
            score.start |= {"right": at("lap"), "left": at("lap")}
        return
    hands = ["right", "left"] if a["arms"] == "both" and a["coordination"] != "divided" else ["right"]
    if a["side"] == "left" and hands == ["right"]:
        hands = ["left"]
    seed = int(random.integers(1 << 30))
    rate = RATE[a["speed"]] * float(random.uniform(0.75, 1.3))
    for hand in hands:
        # The same draws for both hands: they mirror each other.
        _hand(a, score, hand, rate, np.random.default_rng(seed))
    other = "left" if hands[-1] == "right" and len(hands) == 1 else "right" if len(hands) == 1 else ""
    if other and a["coordination"] == "divided":
        near = {"touching": -0.06, "near": 0.0}.get(a["hands_gap"], 0.1)
        score.start[other] = score.ready[other] = at(str(random.choice(["waist", "work", "belly"])), out=near)
    elif other and seated and random.random() < 0.7:
        score.start[other] = at("lap")
    if a["impact"] != "none" or a["speed"] == "explosive":
        score.ease = "strike"


def _hand(a: Attributes, score: Score, hand: str, rate: float, random: Draw) -> None:
    """Add what one hand does to every pose."""
    peak = _target(a, random)
    sign = 1.0 if hand == "right" else -1.0
    along = np.array([peak.out, peak.up, peak.forward])
    begin, finish = along.copy(), along.copy()
    far = float(random.uniform(0.3, 0.55))
    lateral, vertical, sagittal = a["stroke_lateral"], a["stroke_vertical"], a["stroke_sagittal"]
    if lateral in ("leftward", "rightward", "inward", "outward"):
        out = {"leftward": -sign, "rightward": sign, "inward": -1.0, "outward": 1.0}[lateral]
        span = 0.5 * far + (0.12 if a["crossing"] == "across" else 0.0)
        begin[0] -= out * span
        finish[0] += out * (span - (0.1 if a["crossing"] == "own_side" else 0.0))
    heights = {"floor": -1.05, "knee": -0.8, "hip": -0.5} | _HEIGHT
    low, high, last = (heights[a[k]] for k in ("hand_start", "hand_peak", "hand_end"))
    anchored = peak.anchor != "shoulder"
    if vertical in ("downward", "dip_and_rise") and not anchored:
        begin[1] = max(high, low)
        finish[1] = last if vertical == "downward" else min(last, low) - 0.3
    elif vertical == "downward":
        begin[1] += far
    elif vertical in ("upward", "rise_and_fall") and a["repetition"] != "once" and not anchored:
        begin[1] = min(low, high - 0.25)
    if sagittal == "forward":
        begin[2] -= far
    elif sagittal == "backward":
        begin[2] += 0.6 * far
        finish[2] -= 0.4 * far
    first = _resting(a["hand_start"], a, random)
    if first is not None:
        score.start[hand] = first
    strokes = [lateral, vertical, sagittal]
    ready = Spot(peak.anchor, *_near(begin))
    goal = Spot(peak.anchor, *_near(finish))
    oscillations = _oscillations(a, hand, rate, random)
    if "forth_and_back" in strokes and not oscillations:
        ready = Spot(peak.anchor, *_near(begin - np.array([0, 0, far])))
    if a["path"] == "angular":
        corner = np.array([0.25, -0.2, 0.0]) * float(random.uniform(0.7, 1.3))
        ready = Spot(peak.anchor, *_near(along + corner * [-1, 1, 1]))
    if np.abs(begin - finish).max() > 0.05 or "forth_and_back" in strokes or a["path"] == "angular":
        score.ready[hand] = ready
    score.stroke[hand] = goal
    score.swings += oscillations
    if a["contact_self"] in ("head", "face", "neck") or (
        a["hand_peak"] in ("head", "overhead") and random.random() < 0.5
    ):
        score.ready.setdefault(f"{hand}_elbow", float(random.uniform(10, 70)))
    if a["hand_end"] != a["hand_peak"] or (
        vertical in ("rise_and_fall", "upward") and a["hand_end"] == "hip"
    ):
        score.end[hand] = _resting(a["hand_end"], a, random) or at("hang")


def _target(a: Attributes, random: Draw) -> Spot:
    """Return where the hand's main movement is about."""
    slip = random.normal(0.0, 0.03, 3)
    if a["contact_other"] in ("touch", "hold") and a["people"] == "two":
        anchor = "meeting" if a["release"] == "transfer" or a["contact_self"] == "hand" else str(
            random.choice(["partner.chest", "partner.shoulder", "partner.back", "partner.cheek"])
            if a["hand_peak"] in ("shoulder", "head", "overhead", "chest") else
            random.choice(["partner.belly", "partner.pocket", "meeting"]))  # fmt: skip
        return Spot(anchor, float(slip[0]), float(slip[1]), float(slip[2]))
    if a["contact_self"] in _CONTACT:
        options = _CONTACT[a["contact_self"]]
        anchor = str(random.choice(options))
        if a["contact_self"] in ("hand", "arm") and a["arms"] == "both" and a["coordination"] != "divided":
            up = {"floor": -0.3, "knee": -0.2, "hip": -0.15, "waist": -0.1}.get(a["hand_peak"])
            if up is None:
                return Spot("shoulder", -0.14, _HEIGHT[a["hand_peak"]], float(random.uniform(0.2, 0.4)))
            return Spot("work", -0.06, up + float(slip[1]), float(slip[2]))
        return Spot(anchor, float(slip[0]) + 0.02, float(slip[1]), float(abs(slip[2])))
    if a["hand_peak"] in ("floor", "knee"):
        forward = 0.32 + float(slip[0])
        return (
            Spot("floor", 0.14, 0.1, forward) if a["hand_peak"] == "floor" else Spot("knee", 0.05, 0.08, 0.12)
        )
    if a["hand_peak"] == "hip":
        return Spot("pocket", 0.1, -0.05, 0.05)
    up = _HEIGHT[a["hand_peak"]] + float(slip[1])
    away = {"close": 0.26, "half": 0.42, "full": 0.56}[a["reach"]]
    level = float(np.sqrt(max(away**2 - up**2, 0.12**2)))
    sideways = a["hands_gap"] == "spread" or a["stroke_lateral"] in ("outward",)
    angle = np.radians(random.uniform(50, 95) if sideways else random.uniform(-15, 40))
    out, forward = level * np.sin(angle), level * np.cos(angle)
    if a["crossing"] == "across" and a["stroke_lateral"] == "none":
        out = -0.28
    gap = {"touching": -0.15, "near": -0.09}.get(a["hands_gap"])
    if gap is not None and a["arms"] == "both":
        out = gap
        forward = max(forward, 0.22)
    return Spot("shoulder", float(out), up, float(forward))


def _resting(height: str, a: Attributes, random: Draw) -> Spot | None:
    """Return where a hand is before or after; None where it hangs."""
    slip = random.normal(0.0, 0.04, 2)
    if height == "hip":
        if a["posture_start"] == "sitting":
            return at("lap", out=float(slip[0]))
        return at("waist") if a["object"] != "none" and random.random() < 0.3 else None
    if height == "floor":
        return at("floor", out=0.14, up=0.1, forward=0.34)
    if height == "knee":
        return at("knee", up=0.08, forward=0.08)
    if height == "waist":
        return at(str(random.choice(["waist", "work"])), out=float(slip[0]), up=float(slip[1]))
    if height == "chest":
        return at("chest", out=0.08 + float(slip[0]), forward=0.1)
    return at("shoulder", out=0.08 + float(slip[0]), up=_HEIGHT[height], forward=0.2 + float(slip[1]))


def _oscillations(a: Attributes, hand: str, rate: float, random: Draw) -> list[Swing]:
    """Return the swings of a hand that circles, waves, saws or fidgets."""
    size = {"close": 0.09, "half": 0.16, "full": 0.24}[a["reach"]] * float(random.uniform(0.7, 1.3))
    size *= 0.6 if a["extent"] in ("fingers", "forearm") or a["contact_self"] != "none" else 1.0
    lag = 0.5 if a["coordination"] == "alternating" and hand == "left" else 0.0
    path = a["path"]
    if path == "circle":
        # A right hand that goes out and up runs counterclockwise as its owner sees it when out leads up.
        turn = {"clockwise": 1, "counterclockwise": -1}.get(a["rotation"], int(random.choice([-1, 1])))
        turn *= 1 if hand == "right" else -1
        sagittal = a["stroke_sagittal"] != "none" and a["stroke_lateral"] in ("none",)
        axis: Literal["forward", "out"] = "forward" if sagittal else "out"
        slow = 0.7 * rate
        if turn > 0:
            return [Swing(hand, size, slow, axis, lag), Swing(hand, size, slow, "up", lag + 0.25)]
        return [Swing(hand, size, slow, axis, lag + 0.25), Swing(hand, size, slow, "up", lag)]
    if path == "irregular":
        small = 0.25 * size
        return [
            Swing(hand, small, 1.7 * rate, "up", lag), Swing(hand, small, 1.3 * rate, "out", 0.3 + lag),
            Swing(hand, small, 2.1 * rate, "forward", 0.6 + lag),
        ]  # fmt: skip
    repeated = a["repetition"] != "once"
    found: list[Swing] = []
    if path == "to_and_fro" or (repeated and path != "still"):
        if a["stroke_lateral"] == "side_to_side" or (
            a["hands_gap"] == "touching" and a["stroke_lateral"] == "inward"
        ):
            found.append(Swing(hand, size, rate, "out", lag))
        if a["stroke_vertical"] == "up_and_down":
            found.append(Swing(hand, size, rate, "up", lag))
        if a["stroke_sagittal"] == "forth_and_back":
            found.append(Swing(hand, size, rate, "forward", lag))
        if path == "to_and_fro" and not found:
            found.append(Swing(hand, size, rate, "up", lag))
    elif a["wrist"] == "strong" or a["fingers"] == "fine":
        found.append(Swing(hand, 0.02, 2.2, "up", lag))
    return found


def _near(point: NDArray[np.float64]) -> tuple[float, float, float]:
    out, up, forward = (float(x) for x in point)
    return out, up, forward
