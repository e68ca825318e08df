"""Hands in front of the body: handling things, gestures and signs."""

from __future__ import annotations

from skeleton.simulation.motion import Program, at, hold, perform, rest, swing, swings, to

__all__ = ["PROGRAMS"]

_TABLE = at("work", out=-0.02, up=-0.05)
_NEAR = at("work", out=-0.04, forward=-0.02)
_PAPER = at("work", out=0.02)

PROGRAMS: dict[str, tuple[Program, ...]] = {
    "A005": (  # drop something
        perform(
            hold(0.5),
            to(0.3, right=at("waist", forward=0.06), nod=12),
            to(0.45, right=at("hang"), nod=22),
            hold(0.7),
            right=at("waist"),
        ),
        perform(hold(0.4), to(0.5, right=at("hang", out=0.04), nod=20), to(0.6, nod=24), right=at("work")),
    ),
    "A007": (  # throw
        perform(
            to(
                0.6,
                right=at("shoulder", out=0.12, up=0.18, forward=-0.18),
                right_elbow=80,
                twist=-28,
                bend=-6,
                shift=-0.06,
            ),
            to(
                0.25,
                right=at("shoulder", out=0.0, up=0.28, forward=0.45),
                twist=14,
                bend=10,
                shift=0.08,
                ease="strike",
            ),
            to(0.35, right=at("belly", out=-0.1, forward=0.2), twist=22, bend=16, right_elbow=10),
            rest(0.7),
            right=at("waist"),
        ),
        perform(
            to(
                0.6,
                right=at("shoulder", out=0.14, up=0.22, forward=-0.16),
                right_elbow=80,
                twist=-26,
                bend=-5,
            ),
            to(
                0.4,
                right=at("shoulder", up=0.22, forward=0.48),
                twist=16,
                bend=12,
                travel=0.35,
                ease="strike",
            ),
            to(0.35, right=at("waist", out=-0.16), twist=18, right_elbow=10),
            rest(0.6),
            right=at("waist"),
        ),
        perform(
            to(0.6, right=at("hang", up=0.05, forward=-0.35), bend=12),
            to(0.3, right=at("shoulder", up=-0.08, forward=0.5), bend=8, ease="strike"),
            hold(0.2),
            rest(0.6),
        ),
    ),
    "A010": (  # clapping
        perform(
            to(0.5, hands=at("work", out=-0.01, up=0.06)),
            hold(2.0, *swings(0.075, 3.2, "out")),
        ),
        perform(
            to(0.5, hands=at("work", out=0.0, up=0.1)),
            hold(1.8, *swings(0.085, 2.6, "out"), *swings(0.02, 2.6)),
        ),
    ),
    "A011": (  # reading
        perform(
            to(0.6, nod=20, hands=at("work", up=0.04)),
            hold(1.1),
            to(0.3, right=at("work", out=-0.1, up=0.06)),
            to(0.3, right=at("work", up=0.04)),
            hold(0.5),
            nod=10.0,
            hands=at("waist"),
        ),
        perform(to(0.5, nod=22), hold(2.0, swing("look", 5, 0.5)), nod=14.0, hands=_PAPER),
        perform(
            to(0.5, nod=24), hold(2.0, swing("look", 5, 0.5)), nod=14.0, hands=_PAPER, seat=1.0, bend=8.0
        ),
    ),
    "A012": (  # writing
        perform(
            to(0.5, nod=24),
            to(
                1.2,
                swing("right", 0.02, 4.0),
                swing("right", 0.015, 5.2, "forward"),
                right=at("work", out=0.05, up=-0.03),
            ),
            hold(0.8, swing("right", 0.02, 4.2)),
            nod=18.0,
            bend=8.0,
            left=at("waist", out=-0.06, up=0.08),
            right=at("work", out=-0.06, up=-0.03),
        ),
        perform(
            to(0.5, nod=26),
            to(
                2.0,
                swing("right", 0.018, 4.2),
                swing("right", 0.015, 5.0, "forward"),
                right=at("work", out=0.06, up=-0.08),
            ),
            nod=18.0,
            seat=1.0,
            bend=18.0,
            left=at("work", out=-0.02, up=-0.1),
            right=at("work", out=-0.08, up=-0.08),
        ),
    ),
    "A013": (  # tear up paper
        perform(
            to(0.5, nod=12, hands=_NEAR),
            to(
                0.35,
                ease="strike",
                right=at("work", out=0.1, forward=-0.1),
                left=at("work", out=0.06, forward=0.08),
            ),
            to(0.4, hands=_NEAR),
            to(
                0.35,
                ease="strike",
                right=at("work", out=0.1, forward=-0.1),
                left=at("work", out=0.06, forward=0.08),
            ),
            to(0.4, hands=_NEAR),
            to(
                0.35,
                ease="strike",
                right=at("work", out=0.12, forward=-0.1),
                left=at("work", out=0.08, forward=0.06),
            ),
            nod=8.0,
            hands=at("waist"),
        ),
    ),
    "A022": (  # cheer up
        perform(
            to(0.5, nod=-12, hands=at("shoulder", out=0.12, up=0.5)),
            hold(1.5, *swings(0.09, 1.6), swing("rise", 0.03, 1.6)),
            rest(0.6),
        ),
        perform(
            to(0.5, nod=-8, right=at("shoulder", out=0.08, up=0.5, forward=0.05)),
            to(0.3, right=at("shoulder", out=0.1, up=0.18)),
            to(0.3, right=at("shoulder", out=0.08, up=0.5), ease="strike"),
            to(0.3, right=at("shoulder", out=0.1, up=0.18)),
            to(0.3, right=at("shoulder", out=0.08, up=0.5), ease="strike"),
            rest(0.6),
        ),
    ),
    "A023": (  # hand waving
        perform(
            to(0.6, right=at("shoulder", out=0.22, up=0.26, forward=0.14), right_elbow=30),
            hold(1.8, swing("right", 0.12, 1.9, "out")),
        ),
        perform(
            to(0.6, right=at("shoulder", out=0.16, up=0.42, forward=0.08), right_elbow=60),
            hold(1.4, swing("right", 0.15, 1.6, "out")),
            rest(0.6),
        ),
    ),
    "A025": (  # reach into pocket
        perform(
            to(0.6, right=at("pocket", up=0.10, forward=0.02), nod=12, right_elbow=15),
            to(0.4, right=at("pocket", up=-0.05)),
            hold(0.7, swing("right", 0.015, 2.2)),
            to(0.4, right=at("pocket", up=0.1, forward=0.04)),
            to(0.6, right=at("waist")),
        ),
        perform(
            to(0.7, right=at("pocket", up=0.1), nod=14, right_elbow=15),
            to(0.4, right=at("pocket", up=-0.06)),
            hold(0.9, swing("right", 0.015, 2.0)),
            rest(0.6),
            right=at("waist"),
        ),
    ),
    "A029": (  # play with phone or tablet
        perform(
            to(0.5, nod=26),
            hold(2.0, swing("right", 0.012, 3.2), swing("left", 0.01, 2.3)),
            nod=18.0,
            hands=_NEAR,
        ),
        perform(
            to(0.5, nod=28),
            hold(2.0, swing("right", 0.018, 2.4, "out"), swing("right", 0.012, 3.1)),
            nod=18.0,
            left=at("work", out=-0.06),
            right=at("work", out=-0.02, up=0.03),
        ),
        perform(
            to(0.5, nod=28),
            hold(2.0, swing("right", 0.012, 3.0), swing("left", 0.01, 2.3)),
            nod=18.0,
            hands=_NEAR,
            seat=1.0,
            bend=8.0,
        ),
    ),
    "A030": (  # type on a keyboard
        perform(
            to(0.4, nod=16),
            hold(2.1, *swings(0.018, 4.5, turns=0.5), *swings(0.012, 1.0, "out", turns=0.3)),
            nod=10.0,
            hands=at("work", up=-0.1, forward=0.04),
            seat=1.0,
            bend=8.0,
        ),
        perform(
            to(0.5, nod=18, hands=_TABLE),
            hold(2.0, *swings(0.02, 4.2, turns=0.5), *swings(0.012, 1.0, "out", turns=0.3)),
            bend=10.0,
            nod=8.0,
            hands=at("waist"),
        ),
    ),
    "A031": (  # point to something
        perform(to(0.7, right=at("shoulder", up=0.02, forward=0.6)), hold(0.9), rest(0.7)),
        perform(to(0.7, right=at("shoulder", out=0.3, up=0.08, forward=0.5), look=-15), hold(1.1)),
        perform(to(0.7, right=at("shoulder", out=0.05, up=0.25, forward=0.5), nod=-8), hold(1.0), rest(0.7)),
    ),
    "A032": (  # taking a selfie
        perform(
            to(0.9, right=at("shoulder", out=0.05, up=0.2, forward=0.52), look=-8, cock=6),
            hold(1.6),
            right=at("waist"),
        ),
        perform(
            to(0.9, right=at("shoulder", out=0.2, up=0.24, forward=0.46), look=-14, cock=8),
            hold(1.2),
            rest(0.7),
        ),
    ),
    "A033": (  # check time from watch
        perform(
            to(0.7, left=at("chest", out=-0.03, forward=0.16), left_elbow=55, nod=20), hold(1.0), rest(0.7)
        ),
        perform(
            to(0.7, left=at("chest", out=-0.03, forward=0.14), left_elbow=50, nod=20),
            to(0.5, right=at("other_hand", out=-0.02, up=0.03)),
            hold(0.7),
            rest(0.7),
        ),
    ),
    "A034": (  # rub two hands together
        perform(
            to(
                0.5,
                right=at("work", out=-0.065, up=0.02, forward=-0.06),
                left=at("work", out=-0.065, up=0.02, forward=-0.06),
            ),
            hold(2.1, *swings(0.05, 3.0, "forward", turns=0.5)),
        ),
    ),
    "A039": (  # put the palms together
        perform(to(0.8, elbows=35, hands=at("chest", out=0.035, up=0.06, forward=0.08)), hold(1.6)),
        perform(
            to(0.8, elbows=35, hands=at("chest", out=0.035, up=0.08, forward=0.08)),
            to(0.5, nod=14, bend=8),
            to(0.5, nod=0, bend=0),
            rest(0.7),
        ),
    ),
    "A040": (  # cross hands in front (say stop)
        perform(
            to(
                0.5,
                ease="strike",
                right=at("shoulder", out=-0.26, up=0.02, forward=0.3),
                left=at("shoulder", out=-0.22, up=0.0, forward=0.26),
            ),
            hold(0.9),
            rest(0.6),
        ),
        perform(
            to(
                0.5,
                ease="strike",
                right=at("shoulder", out=-0.26, up=0.1, forward=0.3),
                left=at("shoulder", out=-0.22, up=0.08, forward=0.26),
            ),
            hold(0.4),
            to(0.35, hands=at("shoulder", out=0.15, up=0.05, forward=0.35)),
            to(
                0.35,
                ease="strike",
                right=at("shoulder", out=-0.26, up=0.1, forward=0.3),
                left=at("shoulder", out=-0.22, up=0.08, forward=0.26),
            ),
            hold(0.5),
        ),
    ),
}
"""Programs by class code; a class with several is performed in either way."""
