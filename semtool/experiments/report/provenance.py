"""Where everything in a report comes from."""

from __future__ import annotations

import json
from typing import Any

from semtool.artifacts import Store
from semtool.errors import SemtoolError
from semtool.experiments.report.sources import Measurement

__all__ = ["provenance"]


def provenance(
    cell: Measurement, metrics: dict[int, dict[str, Any]], text: dict[str, Any], store: Store
) -> list[list[str]]:
    """Return rows [what, value, sha256] of a cell: inputs down to the skeletons, switches, versions."""
    rows: list[list[str]] = []

    def add(what: str, value: object, sha256: str = "") -> None:
        if value not in (None, ""):
            rows.append([what, str(value), sha256])

    for what, given in (("descriptions", text.get("descriptions")), ("embedding file", cell.embeddings)):
        if given:
            add(what, given["reference"], given.get("sha256", ""))
    add("encoder", text.get("encoder"))
    seen = set()
    for seed, given in sorted(cell.features.items()):
        if given["reference"] not in seen:
            seen.add(given["reference"])
            suffix = f" (seed {seed})" if len({f["reference"] for f in cell.features.values()}) > 1 else ""
            add(f"features{suffix}", given["reference"], given.get("sha256", ""))
    for reference in sorted(seen):
        for what, value, sha256 in _behind(store, reference):
            if [what, value, sha256] not in rows:
                add(what, value, sha256)
    for seed, run in cell.seeds.items():
        add(f"run (seed {seed})", f"{run.name}/seed-{seed}")
    if not metrics:
        return rows
    first_seed, first = next(iter(metrics.items()))
    record = cell.seeds[first_seed].record(first_seed).model_dump()
    add("split", first.get("split"))
    add("protocol", first.get("protocol"))
    add("preset", first.get("preset"))
    add("seeds", ", ".join(map(str, metrics)))
    add("epoch that counts", first.get("selection"))
    add("codebook", ", ".join(first.get("codebook") or []))
    add("motion slot", first.get("motion"))
    add("switches", _words(record.get("settings") or {}))
    if extra := first.get("auxiliary"):
        add("learned also from", f"{len(extra['classes'])} simulated classes of {extra['source']}")
    add("identity of the run", record.get("identity"))
    seconds = [m["timing"]["train_seconds"] for m in metrics.values() if m.get("timing")]
    if seconds:
        add("training time", ", ".join(f"{s:.1f} s" for s in seconds))
    add("device", record.get("device"))
    add("versions", ", ".join(f"{k} {v}" for k, v in sorted((first.get("versions") or {}).items())))
    return rows


def _behind(store: Store, reference: str) -> list[tuple[str, str, str]]:
    """Return what features were made from, if they are still there."""
    try:
        manifest = store.resolve("features", reference).manifest
    except SemtoolError:
        return []
    arrays = manifest.inputs.get("arrays")
    found = [("skeletons", arrays.reference, arrays.sha256)] if arrays else []
    visual = manifest.parameters.get("visual")
    if visual:
        found.append(("visual encoder", _words(visual) if isinstance(visual, dict) else str(visual), ""))
    return found


def _words(record: dict[str, Any]) -> str:
    """Return a record as ``key value`` pairs, without those that are unset."""
    pairs = []
    for key, value in record.items():
        if value is not None:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            pairs.append(f"{key} {shown if not isinstance(shown, dict) else json.dumps(shown)}")
    return "; ".join(pairs)
