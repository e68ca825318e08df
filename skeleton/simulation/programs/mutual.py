"""Two people who face each other: the first acts, the partner answers."""

from __future__ import annotations

from skeleton.simulation.motion import Program, at, hold, perform, rest, swing, to

__all__ = ["PROGRAMS"]

_STANDS = perform(hold(2.0))
_CLASP = at("meeting", out=0.0, up=-0.02)

PROGRAMS: dict[str, tuple[Program, ...]] = {
    "A050": (  # punch or slap
        perform(
            to(
                0.5,
                right=at("shoulder", out=0.12, up=-0.3, forward=-0.05),
                right_elbow=45,
                twist=-26,
                left=at("collar", forward=0.15),
            ),
            to(0.25, right=at("partner.cheek", forward=-0.04), twist=28, bend=10, shift=0.08, ease="strike"),
            to(0.4, right=at("shoulder", out=0.05, up=-0.15, forward=0.15), twist=-5, bend=3),
            rest(0.6),
            partner=perform(
                hold(0.65),
                to(0.2, bend=-14, nod=-14, twist=20, ease="brake"),
                to(0.5, travel=-0.2, bend=0),
                rest(0.5),
            ),
            distance=0.85,
        ),
        perform(
            to(0.5, right=at("shoulder", out=0.35, up=0.1, forward=0.0), right_elbow=60, twist=-24),
            to(0.25, right=at("partner.cheek", out=-0.08), twist=26, shift=0.06, ease="strike"),
            to(0.3, right=at("other_shoulder", forward=0.2)),
            rest(0.6),
            partner=perform(
                hold(0.65), to(0.2, look=40, twist=24, cock=-12, lean=-6, ease="brake"), hold(0.3), rest(0.6)
            ),
            distance=0.8,
        ),
    ),
    "A051": (  # kick the other
        perform(
            to(0.5, right_foot=at("stance", up=0.2, forward=-0.3), sway=-0.06, bend=8),
            to(
                0.3,
                right_foot=at("stance", up=0.6, forward=0.6),
                bend=-14,
                left=at("hang", out=0.15, forward=0.2),
                ease="strike",
            ),
            to(0.5, right_foot=at("stance", up=0.1, forward=0.1), bend=0),
            rest(0.5),
            partner=perform(
                hold(0.75),
                to(0.3, bend=24, shift=-0.12, ease="brake", hands=at("belly", forward=0.06)),
                to(0.5, travel=-0.35, bend=8),
                rest(0.5),
            ),
            distance=0.95,
            side="any",
        ),
    ),
    "A052": (  # push the other
        perform(
            to(0.5, hands=at("collar", out=0.05, up=-0.08, forward=0.1)),
            to(0.3, bend=14, shift=0.1, ease="strike", hands=at("shoulder", up=-0.04, forward=0.55)),
            hold(0.2),
            rest(0.7),
            partner=perform(
                hold(0.7),
                to(0.6, travel=-0.55, bend=-12, ease="brake", hands=at("waist", out=0.1)),
                rest(0.6),
            ),
            distance=0.75,
        ),
    ),
    "A053": (  # pat on the back
        perform(
            to(0.6, right=at("partner.back", out=0.05), right_elbow=30),
            hold(1.3, swing("right", 0.09, 2.0, "out", 0.25)),
            rest(0.6),
            partner=perform(hold(2.0), turn=-75.0),
            distance=0.55,
        ),
        perform(
            to(0.6, right=at("partner.back", forward=-0.02), right_elbow=15),
            hold(1.3, swing("right", 0.09, 2.0, "forward", 0.25)),
            rest(0.6),
            partner=perform(hold(2.0), turn=180.0),
            distance=0.6,
        ),
    ),
    "A054": (  # point at the other
        perform(
            to(0.6, right=at("shoulder", up=0.04, forward=0.6)),
            hold(1.0),
            rest(0.7),
            partner=_STANDS,
            distance=1.15,
        ),
        perform(
            to(0.6, right=at("shoulder", up=0.06, forward=0.6), bend=4),
            hold(1.3, swing("right", 0.03, 1.8)),
            partner=_STANDS,
            distance=1.15,
        ),
    ),
    "A055": (  # hug
        perform(
            to(0.7, travel=0.32, hands=at("shoulder", out=0.25, up=-0.05, forward=0.35)),
            to(0.5, bend=8, hands=at("partner.back", out=0.0, forward=0.02)),
            hold(0.7),
            rest(0.6),
            partner=perform(
                to(0.7, travel=0.32, hands=at("shoulder", out=0.3, up=-0.2, forward=0.3)),
                to(0.5, bend=8, hands=at("partner.back", up=-0.12, forward=0.02)),
                hold(0.7),
                rest(0.6),
            ),
            distance=1.0,
        ),
    ),
    "A056": (  # give something to the other
        perform(
            to(0.7, right=at("meeting", up=0.04, forward=-0.05)),
            hold(0.4),
            rest(0.7),
            right=at("waist"),
            partner=perform(
                hold(0.3),
                to(0.6, right=at("meeting", up=0.04, forward=-0.05)),
                hold(0.3),
                to(0.7, right=at("waist")),
            ),
            distance=0.95,
        ),
    ),
    "A057": (  # touch the other's pocket
        perform(
            to(0.7, right=at("partner.pocket"), bend=14, nod=12),
            hold(0.9, swing("right", 0.02, 2.0)),
            rest(0.7),
            partner=_STANDS,
            distance=0.7,
        ),
        perform(
            to(0.7, right=at("partner.pocket", forward=-0.03), bend=16, nod=12),
            hold(0.9, swing("right", 0.02, 2.0)),
            rest(0.7),
            partner=perform(hold(2.0), turn=160.0),
            distance=0.65,
        ),
    ),
    "A058": (  # shake hands
        perform(
            to(0.7, right=_CLASP, bend=4),
            hold(1.2, swing("right", 0.05, 2.2)),
            rest(0.6),
            partner=perform(to(0.7, right=_CLASP, bend=4), hold(1.2, swing("right", 0.05, 2.2)), rest(0.6)),
            distance=0.95,
            side="right",
        ),
    ),
    "A059": (  # walk towards each other
        perform(
            to(2.4, travel=1.05, ease="steady"),
            partner=perform(to(2.4, travel=1.05, ease="steady")),
            distance=2.9,
        ),
    ),
    "A060": (  # walk apart
        perform(
            to(0.7, turn=180),
            to(1.9, travel=-1.0, ease="steady"),
            partner=perform(to(0.7, turn=180), to(1.9, travel=-1.0, ease="steady")),
            distance=0.75,
        ),
    ),
}
"""Programs by class code; a class with several is performed in either way."""
