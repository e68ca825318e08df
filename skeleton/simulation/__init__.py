"""Labelled skeletons without the licensed data: motion programs acted out by a kinematic body.

`motion` is the language, `programs` say what each class is, `acting` makes programs from attributes,
`combinations` are attributes that no data set has together; `tracks` turns a program into curves, `trunk`,
`gait`, `limbs` and `figure` turn curves into joints, `camera` and `noise` into what a sensor would have seen.
"""

from skeleton.simulation.acting import act
from skeleton.simulation.combinations import act_out, combine, mix
from skeleton.simulation.figure import JOINTS, MIRRORED
from skeleton.simulation.motion import Program, Step
from skeleton.simulation.noise import add_noise, drift
from skeleton.simulation.performance import draw_subject, perform_program
from skeleton.simulation.programs import PROGRAMS
from skeleton.simulation.simulating import SIMULATOR, Simulation, simulate

__all__ = [
    "JOINTS",
    "MIRRORED",
    "PROGRAMS",
    "SIMULATOR",
    "Program",
    "Simulation",
    "Step",
    "act",
    "act_out",
    "add_noise",
    "combine",
    "draw_subject",
    "drift",
    "mix",
    "perform_program",
    "simulate",
]
