"""`board`: result files of runs, ranked; what may not be compared stands in tables of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Reference
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.measured import common_rule
from semtool.experiments.tables import marks

if TYPE_CHECKING:
    from skeleton.runs import Summary

__all__ = ["Group", "board"]

SHARED = ("dataset", "family", "split", "protocol", "part", "features", "inductive", "selection", "simulated")
"""What results must have in common to be compared."""


@dataclass(frozen=True)
class Group:
    """Results that may be compared: what they share, the rule of their generalised task, rows best first.

    Attributes:
        shared: see `SHARED`.
        rule: that all have; None without one.
        rows: run, preset, text, seeds, accuracy and, by the rule, seen, unseen and harmonic mean (fractions).
    """

    shared: dict[str, Any]
    rule: str | None
    rows: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """What the results share, in words."""
        s = self.shared
        kind = "inductive" if s["inductive"] else "TRANSDUCTIVE"
        part = "test part" if s["part"] == "test" else "all samples"
        leaky = s["selection"] == "test"
        return (
            f"{s['dataset']} {s['split']} ({s['family']}), {s['protocol']}, {part}, "
            f"features {s['features']}, {kind}, epoch: {s['selection']}"
            f"{marks(simulated=s['simulated'], leaky=leaky, auxiliary=(), transductive=())}"
        )


def board(folder: str | Path) -> tuple[list[Group], list[str]]:
    """Rank the ``summary.json`` files below a folder.

    Args:
        folder: of runs, also of several people's.

    Returns:
        the groups, and a sentence for each file that cannot be read.

    Raises:
        UsageError: if there is no result below the folder.
    """
    from semtool.artifacts import Store
    from skeleton.runs import open_run

    files = sorted(Path(folder).rglob("summary.json"))
    if not files:
        raise UsageError(f"there is no result (summary.json) below {folder}; semtool train makes some")
    groups: dict[tuple[Any, ...], list[Summary]] = {}
    problems = []
    for file in files:
        try:
            summary = open_run(Store(file.parent), str(file.parent.resolve())).summary
        except SemtoolError as error:
            problems.append(str(error))
            continue
        groups.setdefault(tuple(_shared(summary).items()), []).append(summary)
    return [_group(dict(key), found) for key, found in sorted(groups.items(), key=str)], problems


def _shared(summary: Summary) -> dict[str, Any]:
    own = {
        "family": summary.split.split("-")[0],
        "features": Reference.parse("features", summary.features.reference).visual,
    }
    return {key: own[key] if key in own else getattr(summary, key) for key in SHARED}


def _group(shared: dict[str, Any], found: list[Summary]) -> Group:
    rule = common_rule(s.gzsl for s in found)
    rows = []
    for summary in sorted(found, key=lambda s: -s.zsl.accuracy.mean):
        row: dict[str, Any] = {
            "run": summary.name,
            "preset": summary.preset or summary.method,
            "text": summary.embeddings.reference,
            "auxiliary": summary.auxiliary.source if summary.auxiliary else None,
            "seeds": len(summary.seeds),
            "accuracy": summary.zsl.accuracy.mean,
            "std": summary.zsl.accuracy.std,
        }
        by_rule = summary.to_dict()["gzsl"] or {}
        rows.append(row | {key: spread["mean"] for key, spread in by_rule.get(rule, {}).items()})
    return Group(shared, rule, rows)
