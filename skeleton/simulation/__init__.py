"""Labelled skeletons without the licensed data: motion programs acted out by a kinematic body.

`motion` is the language, `programs` say what each class is; `tracks` turns a program into curves, `trunk`,
`gait`, `limbs` and `figure` turn curves into joints, `camera` and `noise` into what a sensor would have seen.
"""

from skeleton.simulation.simulate import Simulation, simulate

__all__ = ["Simulation", "simulate"]
