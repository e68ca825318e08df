"""The whole body: posture, clothes, legs, falls and aches."""

from __future__ import annotations

from skeleton.simulation.motion import Program, at, hold, perform, rest, swing, swings, to

__all__ = ["PROGRAMS"]

_LAPEL = at("shoulder", out=-0.08, up=-0.1, forward=0.3)
_SLEEVE = at("hang", out=0.22, up=0.18, forward=-0.2)
_FOOT_UP = at("stance", up=0.28, forward=0.12)

PROGRAMS: dict[str, tuple[Program, ...]] = {
    "A006": (  # pick up
        perform(
            to(0.9, right=at("floor", out=0.14, up=0.06, forward=0.36), bend=76, rise=-0.32, nod=12),
            hold(0.2),
            to(0.9, right=at("waist"), bend=0, rise=0, nod=5),
            hold(0.2),
        ),
        perform(
            to(0.9, right=at("floor", out=0.16, up=0.06, forward=0.3), bend=45, rise=-0.42, nod=12),
            hold(0.2),
            to(0.9, right=at("waist"), bend=0, rise=0, nod=5),
            hold(0.2),
            side="any",
        ),
    ),
    "A008": (  # sit down
        perform(
            to(0.6, bend=28, rise=-0.14, shift=-0.1),
            to(0.6, bend=2, rise=0, shift=0, seat=1, hands=at("lap")),
            hold(0.6),
        ),
        perform(
            to(0.5, bend=24, rise=-0.14, shift=-0.1), to(0.7, bend=6, rise=0, shift=0, seat=1), hold(0.5)
        ),
    ),
    "A009": (  # stand up
        perform(
            hold(0.3),
            to(0.5, bend=34, shift=0.08),
            to(0.8, bend=0, shift=0, seat=0, hands=at("hang")),
            hold(0.4),
            seat=1,
            hands=at("lap"),
        ),
        perform(
            hold(0.3),
            to(0.5, bend=38, shift=0.1, hands=at("knee", up=0.06)),
            to(0.8, bend=0, shift=0, seat=0, hands=at("hang")),
            hold(0.4),
            seat=1,
            hands=at("lap"),
        ),
    ),
    "A014": (  # wear jacket
        perform(
            to(0.6, right=_LAPEL, left=_SLEEVE, left_elbow=40, twist=16),
            to(0.5, left=at("shoulder", out=0.3, up=-0.1, forward=0.2), left_elbow=20, twist=0),
            to(0.6, right=_SLEEVE, right_elbow=40, left=_LAPEL, twist=-16),
            to(0.5, right=at("shoulder", out=0.3, up=-0.1, forward=0.2), right_elbow=20, twist=0),
            to(0.5, elbows=30, hands=at("collar", out=0.04, forward=0.1)),
            to(0.5, elbows=0, hands=at("belly", out=0.08, forward=0.06)),
        ),
        perform(
            to(
                0.6,
                right=at("shoulder", out=0.25, up=0.2, forward=-0.05),
                right_elbow=70,
                left=_LAPEL,
                twist=-12,
            ),
            to(0.6, right=at("shoulder", out=0.35, up=-0.1, forward=0.15), left=_SLEEVE, twist=16),
            to(0.6, left=at("shoulder", out=0.3, up=-0.1, forward=0.2), right=_LAPEL, elbows=20, twist=0),
            to(0.5, elbows=30, hands=at("collar", out=0.04, forward=0.1)),
            to(0.5, elbows=0, hands=at("belly", out=0.08, forward=0.06)),
        ),
    ),
    "A015": (  # take off jacket
        perform(
            to(0.5, hands=at("chest", out=0.08, forward=0.06)),
            to(0.5, elbows=40, bend=8, hands=at("shoulder", out=0.25, up=-0.2, forward=0.12)),
            to(0.6, elbows=20, bend=16, hands=at("hang", out=0.1, up=0.1, forward=-0.25)),
            to(0.5, elbows=30, hands=at("lower_back", out=0.03, up=-0.05, forward=-0.06)),
            to(0.5, twist=14, right=at("waist", out=0.05), right_elbow=0),
            to(0.5, twist=0, bend=0, left=at("waist"), left_elbow=0),
        ),
    ),
    "A016": (  # wear a shoe
        perform(
            to(
                0.8,
                bend=62,
                nod=8,
                sway=-0.07,
                right_foot=_FOOT_UP,
                right=at("ankle", out=0.04, up=0.03),
                left=at("other_ankle", out=0.0, up=0.03),
            ),
            hold(1.1, *swings(0.04, 2.0), swing("right_foot", 0.02, 2.0)),
            rest(0.8),
            side="any",
        ),
        perform(
            to(
                0.7,
                bend=55,
                right_foot=at("stance", up=0.1, forward=0.05),
                right=at("ankle", out=0.04, up=0.03),
                left=at("other_ankle", up=0.03),
            ),
            hold(1.2, *swings(0.04, 2.0)),
            to(0.6, bend=6, right_foot=at("stance"), hands=at("lap")),
            side="any",
            seat=1.0,
            bend=6.0,
            hands=at("lap"),
        ),
    ),
    "A017": (  # take off a shoe
        perform(
            to(0.8, bend=55, nod=8, sway=-0.07, right_foot=_FOOT_UP, right=at("ankle", out=0.05, up=0.02)),
            hold(0.4, swing("right", 0.03, 2.5, "forward")),
            to(0.5, right=at("ankle", out=0.1, up=-0.02, forward=0.2)),
            to(0.5, right=at("floor", out=0.25, up=0.06, forward=0.35), right_foot=at("stance")),
            rest(0.7),
            side="any",
        ),
        perform(
            to(
                0.7,
                bend=52,
                right_foot=at("stance", up=0.1, forward=0.05),
                right=at("ankle", out=0.05, up=0.02),
            ),
            hold(0.4, swing("right", 0.03, 2.5, "forward")),
            to(0.5, right=at("ankle", out=0.1, forward=0.2)),
            to(0.4, right_foot=at("stance"), bend=40),
            to(0.6, bend=6, right=at("lap")),
            side="any",
            seat=1.0,
            bend=6.0,
            hands=at("lap"),
        ),
    ),
    "A024": (  # kick something
        perform(
            to(
                0.45,
                right_foot=at("stance", up=0.16, forward=-0.35),
                sway=-0.06,
                bend=8,
                right=at("hang", forward=0.15),
                left=at("hang", out=0.1, forward=-0.1),
            ),
            to(
                0.28,
                right_foot=at("stance", up=0.45, forward=0.62),
                bend=-10,
                right=at("hang", out=0.1, forward=-0.2),
                left=at("hang", out=0.15, forward=0.2),
                ease="strike",
            ),
            to(0.5, right_foot=at("stance", up=0.1, forward=0.1), bend=0),
            rest(0.4),
            side="any",
        ),
        perform(
            to(0.4, right_foot=at("stance", up=0.14, forward=-0.3), sway=-0.06, nod=12),
            to(0.25, right_foot=at("stance", up=0.3, forward=0.55), bend=-6, ease="strike"),
            hold(0.15),
            rest(0.6),
            side="any",
            nod=8.0,
        ),
    ),
    "A026": (  # hop on one foot
        perform(
            to(0.5, left_foot=at("stance", up=0.3, forward=-0.2), sway=0.07),
            hold(2.0, swing("rise", 0.11, 2.0, phase=0.75), *swings(0.05, 2.0)),
            side="any",
        ),
    ),
    "A027": (  # jump up
        perform(
            to(0.5, rise=-0.24, bend=26, hands=at("hang", up=0.05, forward=-0.25)),
            to(0.25, rise=0.26, bend=0, ease="brake", hands=at("shoulder", out=0.1, up=-0.1, forward=0.4)),
            to(0.25, rise=-0.14, bend=16, ease="strike", hands=at("waist")),
            rest(0.5),
        ),
        perform(
            to(0.4, rise=-0.2, bend=22, hands=at("hang", up=0.05, forward=-0.2)),
            to(0.22, rise=0.22, bend=0, ease="brake", hands=at("shoulder", out=0.1, up=-0.15, forward=0.35)),
            to(0.24, rise=-0.2, bend=20, ease="strike", hands=at("hang", forward=-0.1)),
            to(0.22, rise=0.22, bend=0, ease="brake", hands=at("shoulder", out=0.1, up=-0.15, forward=0.35)),
            to(0.24, rise=-0.12, bend=14, ease="strike"),
            rest(0.4),
        ),
    ),
    "A042": (  # staggering
        perform(
            to(0.6, aside=0.35, travel=0.15, lean=14, twist=8, right=at("hang", out=0.28, up=0.2)),
            to(
                0.6,
                aside=-0.2,
                travel=0.35,
                lean=-16,
                bend=10,
                twist=-8,
                left=at("hang", out=0.3, up=0.22),
                right=at("hang", out=0.1),
            ),
            to(
                0.6,
                aside=0.3,
                travel=0.55,
                lean=15,
                turn=-20,
                bend=4,
                right=at("hang", out=0.28, up=0.2),
                left=at("hang", out=0.1),
            ),
            to(0.6, aside=0.0, travel=0.75, lean=-10, turn=10, left=at("hang", out=0.2, up=0.1)),
            side="any",
        ),
    ),
    "A043": (  # falling
        perform(  # forward, on hands and belly
            to(0.35, rise=-0.25, shift=0.45, tilt=30, bend=8, ease="strike"),
            to(
                0.45,
                rise=-0.74,
                shift=0.82,
                tilt=84,
                bend=-6,
                nod=-14,
                hands=at("shoulder", out=0.1, up=0.1, forward=0.2),
            ),
            hold(0.9),
            side="any",
        ),
        perform(  # back, over the seat
            to(0.4, rise=-0.2, shift=-0.2, bend=10, hands=at("hang", out=0.1, forward=-0.2)),
            to(
                0.6,
                rise=-0.74,
                shift=-0.55,
                tilt=-76,
                bend=6,
                nod=16,
                ease="strike",
                hands=at("hang", out=0.25),
            ),
            hold(0.9),
            side="any",
        ),
        perform(  # to one side
            to(0.35, rise=-0.14, sway=0.12, roll=14, lean=8, right=at("hang", out=0.3, up=0.1)),
            to(
                0.65,
                rise=-0.66,
                sway=0.66,
                roll=76,
                lean=-8,
                ease="strike",
                right=at("shoulder", out=0.2, up=0.3, forward=0.1),
                left=at("chest", forward=0.15),
            ),
            hold(0.8),
            side="any",
        ),
    ),
    "A045": (  # touch chest (stomachache, heart pain)
        perform(to(0.9, right=at("heart"), bend=16, nod=14), hold(1.5, swing("bend", 4, 0.8))),
        perform(
            to(0.9, bend=24, nod=14, rise=-0.05, hands=at("belly", out=0.03)),
            hold(1.5, swing("bend", 5, 0.8)),
        ),
        perform(to(0.9, right=at("belly"), bend=18, nod=14), hold(1.5, swing("bend", 4, 0.8))),
    ),
    "A046": (  # touch back (backache)
        perform(to(0.9, right=at("lower_back"), right_elbow=30, bend=-10), hold(1.5, swing("bend", 5, 0.7))),
        perform(to(0.9, elbows=30, bend=-12, hands=at("lower_back")), hold(1.4, swing("bend", 5, 0.7))),
        perform(to(0.9, right=at("lower_back"), right_elbow=30, bend=16), hold(1.5, swing("bend", 5, 0.7))),
    ),
    "A048": (  # nausea, vomiting
        perform(
            to(0.8, bend=55, nod=14, rise=-0.1, right=at("mouth"), left=at("belly")),
            hold(1.6, swing("bend", 9, 1.5), swing("nod", 8, 1.5)),
            side="any",
        ),
        perform(
            to(0.8, bend=60, nod=12, rise=-0.12, right=at("chest"), left=at("knee", up=0.08)),
            hold(1.6, swing("bend", 8, 1.4), swing("nod", 8, 1.4)),
            side="any",
        ),
    ),
}
"""Programs by class code; a class with several is performed in either way."""
