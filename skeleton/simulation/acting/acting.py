"""Motion from attributes: any point of the attribute vocabulary as a motion program, varied at random.

    program = act({"arms": "one", "hand_peak": "overhead", "stroke_lateral": "side_to_side"}, random)

An action is laid out as poses: the start, `ready` (the limbs are where the movement begins), `stroke` (where
it leads), and the end; swings go on during the stroke. Arms, legs and trunk each add their channels to the
poses. What the attributes leave open is drawn: how far, how fast, at which of several places.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from semtool.catalogue import load_vocabulary
from skeleton.simulation.acting.hands import add_arms
from skeleton.simulation.acting.legs import add_legs
from skeleton.simulation.acting.score import Attributes, Draw, Score
from skeleton.simulation.acting.trunk import add_trunk
from skeleton.simulation.motion import Goal, Program, Spot, Step

__all__ = ["act"]

_SECONDS = {"slow": 1.1, "moderate": 0.7, "fast": 0.4, "explosive": 0.28}
"""Of one stroke."""
_TIMES = {"once": (1, 1), "few": (2, 3), "many": (4, 6)}
_HOLD = {"none": (0.0, 0.15), "brief": (0.4, 0.9), "long": (1.2, 2.2)}


def act(attributes: Attributes, random: Draw) -> Program:
    """Return one way of doing what attributes say.

    Args:
        attributes: field -> value; what is left out is at rest.
        random: source of everything that is drawn.
    """
    a = load_vocabulary().complete(attributes)
    score = Score()
    add_trunk(a, score, random)
    add_legs(a, score, random)
    add_arms(a, score, random)
    program = Program(_steps(a, score, random), score.start, side=_side(a))
    if a["people"] == "two":
        answer = _answer(a, program, random)
        program = replace(program, partner=answer, distance=_apart(a, random))
    return program


def _side(a: Attributes) -> Literal["dominant", "any"]:
    return "any" if a["side"] == "none" or (a["arms"] == "none" and a["legs"] == "one") else "dominant"


def _steps(a: Attributes, score: Score, random: Draw) -> tuple[Step, ...]:
    """Lay the poses out in time."""
    pace = _SECONDS[a["speed"]] * float(random.uniform(0.8, 1.25))
    low, high = _TIMES[a["repetition"]]
    times = int(random.integers(low, high + 1))
    held = float(random.uniform(*_HOLD[a["hold"]]))
    steps = [Step(float(random.uniform(0.1, 0.3)))]
    if score.ready:
        steps.append(Step(max(0.45, 0.7 * pace), score.ready))
    if score.swings:
        if score.stroke:
            steps.append(Step(max(pace, score.seconds), score.stroke, (), score.ease))
        slowest = min(s.rate for s in score.swings)
        steps.append(Step(max((times + 0.2) / slowest, 0.6), {}, tuple(score.swings)))
    elif score.stroke:
        back = {name: score.ready.get(name, score.start.get(name, _REST[name])) for name in score.stroke}
        for turn in range(times):
            steps.append(Step(max(pace, score.seconds), score.stroke, (), score.ease))
            if turn < times - 1:
                steps.append(Step(max(pace, score.seconds), back))
    if held > 0.05:
        steps.append(Step(held))
    if score.end:
        steps.append(Step(float(random.uniform(0.5, 0.8)), score.end))
    elif random.random() < 0.5 and a["posture_end"] == a["posture_start"]:
        steps.append(Step(float(random.uniform(0.5, 0.8)), home=True))
    return tuple(steps)


_REST: dict[str, Goal] = {
    "right": Spot("hang"), "left": Spot("hang"), "right_foot": Spot("stance"), "left_foot": Spot("stance"),
    **dict.fromkeys(
        ("bend", "lean", "twist", "nod", "look", "cock", "rise", "shift", "sway", "tilt", "roll", "travel",
         "aside", "turn", "seat", "right_elbow", "left_elbow"), 0.0),
}  # fmt: skip


def _apart(a: Attributes, random: Draw) -> float:
    if a["locomotion"] == "together":
        return float(random.uniform(1.6, 3.0))
    base = {"none": 1.3, "aimed": 1.15, "touch": 0.8, "hold": 0.75}[a["contact_other"]]
    return base * float(random.uniform(0.85, 1.2))


def _answer(a: Attributes, program: Program, random: Draw) -> Program:
    """Return what the other one does: the same, giving way, or nothing."""
    mutual = (
        a["locomotion"] in ("together", "asunder")
        or a["release"] == "transfer"
        or a["contact_other"] == "hold"
    )
    if mutual or (a["arms"] == "both" and random.random() < 0.3) or random.random() < 0.15:
        return replace(program, partner=None)
    total = sum(step.seconds for step in program.steps)
    if a["impact"] != "none" or a["speed"] in ("fast", "explosive"):
        back: dict[str, Goal] = {
            "bend": float(random.uniform(-16, -6)),
            "travel": -float(random.uniform(0.1, 0.6)),
        }
        return Program((Step(0.5 * total), Step(0.4, back, ease="brake"), Step(max(0.5 * total - 0.4, 0.2))))
    return Program((Step(total),))
