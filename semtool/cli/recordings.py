"""Options that say of a recording what its file does not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli.console import note, option
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.data import SampleFinding, SkeletonSequence

__all__ = ["EXAMPLE", "Hints", "recording", "sequences", "told_once"]

EXAMPLE = "example"
"""What the clip that the package carries is called, unless a file is."""


@dataclass(frozen=True)
class Hints:
    """What is said of the recordings."""

    layout: Annotated[str | None, option("Order of nameless joints: coco, h36m, ...", unset="recognised")] = (
        None
    )
    up: Annotated[
        str | None, option("Axis that points up: +y, -y, +z ...", unset="said, or by the people")
    ] = None
    fps: Annotated[float | None, option("Frames a second.", min=0.1, unset="said, or the layout's usual")] = (
        None
    )
    mapping: Annotated[
        Path | None,
        option(
            "YAML that says what the files do not: joints: {Marker7: left_wrist}, unit, mirrored ...",
            unset="skeleton.yaml beside them",
        ),
    ] = None

    def said(self) -> dict[str, Any]:
        """Return what was said, checked, by the names of `skeleton.data.formats.hints.Hints`."""
        if not any((self.layout, self.up, self.fps, self.mapping)):
            return {}
        from skeleton.data import settled

        return settled(self.mapping, layout=self.layout, up=self.up, fps=self.fps)


def recording(path: Path) -> Path:
    """Return a file that was named, or the clip that the package carries.

    Raises:
        UsageError: if there is no such file.
    """
    if path.exists():
        return path
    if str(path) != EXAMPLE:
        raise UsageError(f"there is no file {path}")
    from skeleton.recogniser import EXAMPLE as CARRIED

    return CARRIED


def sequences(paths: list[Path], said: dict[str, Any], dataset: str | None = None) -> list[SkeletonSequence]:
    """Return every sequence of the files; what was assumed, turned or left out is told."""
    from skeleton.data import load_sequences

    findings: list[Any] = []
    found = [
        s for path in paths for s in load_sequences(path, dataset=dataset, hints=said, findings=findings)
    ]
    for outcome, message in told_once(findings):
        note(f"{outcome}: {message}")
    return found


def told_once(findings: Iterable[SampleFinding]) -> list[tuple[str, str]]:
    """Return outcome and message of each kind of finding: the first, and of how many other files it is."""
    alike: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        _, _, of_any_file = finding.message.partition(": ")
        alike.setdefault((finding.outcome, of_any_file or finding.message), []).append(finding.message)
    more = {1: "", 2: " (and so of another file)"}
    return [
        (outcome, messages[0] + more.get(len(messages), f" (and so of {len(messages) - 1} other files)"))
        for (outcome, _), messages in alike.items()
    ]
