"""What each class of NTU RGB+D 60 looks like: motion programs, grouped by the part of the body that acts."""

from skeleton.simulation.motion import Program
from skeleton.simulation.programs import hands, head, mutual, whole_body

__all__ = ["PROGRAMS"]

PROGRAMS: dict[str, tuple[Program, ...]] = dict(
    sorted((head.PROGRAMS | hands.PROGRAMS | whole_body.PROGRAMS | mutual.PROGRAMS).items())
)
"""Programs by class code; a class with several is performed in either way."""
