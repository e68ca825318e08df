"""`report`: a run or a comparison in, one HTML file out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semtool.artifacts import Store
from semtool.disk import write_atomically
from semtool.errors import UsageError
from semtool.experiments.report.collect import collect
from semtool.experiments.report.page import render
from semtool.experiments.report.sources import open_source

__all__ = ["Report", "report"]


@dataclass(frozen=True)
class Report:
    """A written page: of what, where, how heavy (bytes), and what had to be left out."""

    kind: str
    name: str
    path: Path
    bytes: int
    missing: tuple[str, ...]


def report(
    reference: str | None = None,
    out: str | Path | None = None,
    *,
    store: Store,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Write the page of a run or a comparison. The same input gives the same bytes.

    Args:
        reference: name or folder; what was made last if None.
        out: HTML file to write; ``<name>.html`` in the working folder if None.
        store: where runs, comparisons and their inputs lie.
        progress: told (cells done, cells).

    Raises:
        UsageError: if nothing has that name, or ``out`` does not end in ``.html``.
        SemtoolError: if the run's or the comparison's own record is damaged, or the file cannot be written.
    """
    source = open_source(store, reference)
    path = Path(out) if out is not None else Path(f"{source.name}.html")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a report is an HTML file; {path.name} does not end in .html")
    from threadpoolctl import threadpool_limits

    from skeleton.device import reproducible

    with reproducible(1), threadpool_limits(1):
        collected = collect(source, store, progress=progress)
    text = render(collected).encode("utf-8")
    write_atomically(path, text, option="--out")
    return Report(source.kind, source.name, path, len(text), tuple(_left_out(collected)))


def _left_out(collected: dict[str, Any]) -> list[str]:
    """Return every sentence that stands in for something, once."""
    found: list[str] = []
    for cell in collected["cells"]:
        found += cell["problems"]
        found += [part["missing"] for part in (cell["map"], cell["attention"]) if part and "missing" in part]
    for text in collected["texts"]:
        found += [part["missing"] for part in (text["similarity"], text["classes"]) if "missing" in part]
    for part in collected["clips"].values():
        found += part["problems"]
    return list(dict.fromkeys(found))
