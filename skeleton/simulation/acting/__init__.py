"""Motion from attributes: any point of the attribute vocabulary as a motion program."""

from skeleton.simulation.acting.acting import act

__all__ = ["act"]
