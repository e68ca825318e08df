"""Hands at the head, and the head itself."""

from __future__ import annotations

from skeleton.simulation.motion import Program, at, hold, perform, rest, swing, to

__all__ = ["PROGRAMS"]

_CUP = at("waist")
_TWO = at("waist", out=-0.06)

PROGRAMS: dict[str, tuple[Program, ...]] = {
    "A001": (  # drink water
        perform(
            to(0.8, right=at("mouth"), right_elbow=15),
            to(0.3, nod=-16, right_elbow=35),
            hold(0.6),
            to(0.3, nod=0, right_elbow=15),
            to(0.7, right=_CUP, right_elbow=0),
            right=_CUP,
        ),
        perform(
            to(0.9, right=at("mouth"), right_elbow=20, nod=-10), to(0.8, nod=-20, right_elbow=40), rest(0.8)
        ),
    ),
    "A002": (  # eat meal or snack
        perform(
            to(0.6, right=at("mouth"), nod=8),
            to(0.5, right=at("chest", out=0.06, forward=0.08), nod=4),
            to(0.5, right=at("mouth"), nod=10),
            to(0.5, right=at("chest", out=0.08, forward=0.1), nod=4),
            to(0.5, right=at("mouth"), nod=8),
            to(0.6, right=_CUP, nod=4),
            right=_CUP,
            left=at("waist", out=-0.05),
        ),
        perform(
            to(0.6, right=at("mouth"), nod=12),
            to(0.5, right=at("waist", up=0.08), nod=5),
            to(0.6, right=at("mouth"), nod=12),
            to(0.6, right=_CUP, nod=5),
            right=_CUP,
        ),
    ),
    "A003": (  # brush teeth
        perform(
            to(0.7, right=at("mouth", out=0.03), right_elbow=60, nod=5),
            hold(2.0, swing("right", 0.035, 4.0, "out"), swing("right_elbow", 6, 4.0)),
            right=_CUP,
        ),
    ),
    "A004": (  # brush hair
        perform(
            to(0.7, right=at("crown", forward=0.05), right_elbow=70, cock=-8),
            to(0.4, right=at("ear", forward=-0.06, up=-0.04)),
            to(0.3, right=at("crown", forward=0.06)),
            to(0.4, right=at("ear", forward=-0.08, up=-0.06)),
            to(0.3, right=at("crown", forward=0.05)),
            to(0.4, right=at("nape", out=0.05)),
            right=_CUP,
        ),
        perform(
            to(0.7, right=at("temple", up=0.08), right_elbow=65, look=10),
            to(0.35, right=at("neck_side", up=0.02)),
            to(0.3, right=at("temple", up=0.08)),
            to(0.35, right=at("neck_side", up=0.02)),
            to(0.3, right=at("temple", up=0.08)),
            to(0.35, right=at("neck_side", up=0.0)),
            right=_CUP,
        ),
    ),
    "A018": (  # put on glasses
        perform(
            to(0.9, nod=8, hands=at("eye", forward=0.1)),
            to(0.5, hands=at("temple")),
            hold(0.4),
            rest(0.8),
            hands=_TWO,
        ),
    ),
    "A019": (  # take off glasses
        perform(
            to(0.8, nod=8, hands=at("temple")),
            hold(0.2),
            to(0.5, hands=at("eye", forward=0.12)),
            to(0.8, hands=_TWO),
            hold(0.3),
        ),
    ),
    "A020": (  # put on a hat
        perform(
            to(1.0, elbows=60, nod=10, hands=at("crown", out=0.08, up=0.12, forward=0.06)),
            to(0.4, hands=at("crown", out=0.08, up=-0.03)),
            hold(0.3),
            rest(0.8),
            hands=_TWO,
        ),
        perform(
            to(0.9, right_elbow=60, nod=8, right=at("crown", up=0.12, forward=0.06)),
            to(0.4, right=at("crown", up=0.0, forward=0.04)),
            hold(0.3),
            rest(0.8),
            right=_CUP,
        ),
    ),
    "A021": (  # take off a hat
        perform(
            to(0.8, right=at("crown", forward=0.08), right_elbow=60, nod=6),
            to(0.4, right=at("crown", up=0.14, forward=0.1)),
            to(0.8, right=at("waist"), right_elbow=0, nod=10),
            hold(0.3),
        ),
        perform(
            to(0.8, elbows=60, nod=6, hands=at("crown", out=0.08)),
            to(0.4, hands=at("crown", out=0.08, up=0.14, forward=0.08)),
            to(0.8, elbows=0, nod=8, hands=_TWO),
            hold(0.2),
        ),
    ),
    "A028": (  # phone call
        perform(to(0.9, right=at("ear"), cock=8, right_elbow=10), hold(1.7)),
        perform(to(0.8, right=at("ear"), cock=6, look=-10), hold(1.6, swing("turn", 5, 0.5)), right=_CUP),
    ),
    "A037": (  # wipe face
        perform(
            to(0.7, right=at("forehead", out=0.05), right_elbow=35, nod=8),
            to(0.35, right=at("forehead", out=-0.07)),
            to(0.35, right=at("mouth", out=-0.04)),
            to(0.3, right=at("cheek", out=0.02)),
            to(0.35, right=at("forehead", out=-0.04)),
            to(0.4, right=at("mouth", out=0.05, up=-0.02)),
            rest(0.7),
        ),
        perform(
            to(0.7, nod=10, elbows=25, hands=at("forehead", out=0.05)),
            to(0.4, hands=at("mouth", out=0.05)),
            to(0.4, hands=at("forehead", out=0.05)),
            to(0.4, hands=at("mouth", out=0.05)),
            rest(0.7),
        ),
    ),
    "A038": (  # salute
        perform(
            to(0.45, right=at("temple", out=0.02, forward=0.03), right_elbow=75, ease="strike"),
            hold(1.0),
            rest(0.6),
            side="right",
        ),
        perform(
            to(0.5, right=at("temple", out=0.02, forward=0.03), right_elbow=75, ease="strike"),
            hold(1.3),
            side="right",
        ),
    ),
    "A035": (  # nod, bow
        perform(
            to(0.35, nod=30, bend=6),
            to(0.35, nod=0, bend=0),
            to(0.35, nod=30, bend=6),
            to(0.35, nod=0, bend=0),
            to(0.35, nod=28, bend=6),
            to(0.35, nod=0, bend=0),
        ),
        perform(to(0.7, nod=22, bend=38), hold(0.3), rest(0.8)),
    ),
    "A036": (  # shake head
        perform(hold(2.4, swing("look", 32, 1.6), swing("cock", 4, 1.6, phase=0.25), swing("twist", 3, 1.6))),
    ),
    "A041": (  # sneeze, cough
        perform(
            to(0.6, right=at("mouth"), nod=-6, bend=-4),
            to(0.2, nod=26, bend=20, ease="strike"),
            to(0.4, nod=4, bend=4),
            to(0.2, nod=26, bend=20, ease="strike"),
            to(0.5, nod=4, bend=4),
            hold(0.3),
        ),
        perform(
            to(0.6, nod=-8, bend=-6, hands=at("mouth", out=0.04)),
            to(0.18, nod=32, bend=26, ease="strike"),
            hold(0.2),
            rest(0.9),
        ),
    ),
    "A044": (  # touch head (headache)
        perform(to(0.9, right=at("temple"), nod=18, bend=8), hold(1.5, swing("nod", 4, 0.8))),
        perform(to(0.9, nod=20, bend=10, hands=at("temple")), hold(1.5, swing("look", 6, 0.8))),
    ),
    "A047": (  # touch neck (neckache)
        perform(
            to(0.9, right=at("neck_side", forward=0.03), cock=16, right_elbow=20),
            hold(1.5, swing("cock", 8, 0.7)),
        ),
        perform(
            to(0.9, right=at("nape", out=0.02), right_elbow=50, nod=6), hold(1.4, swing("look", 14, 0.7))
        ),
    ),
    "A049": (  # use a fan, feel warm
        perform(
            to(0.7, right=at("cheek", out=0.07, up=-0.03, forward=0.14), right_elbow=15),
            hold(1.9, swing("right", 0.07, 3.4, "forward"), swing("right", 0.03, 3.4, "out")),
        ),
        perform(
            to(0.7, nod=-6, right=at("collar", out=0.08, up=0.0, forward=0.2), right_elbow=20),
            hold(1.9, swing("right", 0.08, 3.0, "forward"), swing("right", 0.04, 3.0)),
        ),
    ),
}
"""Programs by class code; a class with several is performed in either way."""
