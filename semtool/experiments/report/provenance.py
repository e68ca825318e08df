"""Where everything in a report comes from."""

from __future__ import annotations

import json
from typing import Any

from semtool.artifacts import Store
from semtool.errors import SemtoolError
from semtool.experiments.report.sources import Measurement

__all__ = ["provenance"]


def provenance(cell: Measurement, text: dict[str, Any], store: Store) -> list[list[str]]:
    """Return rows [what, value, sha256] of a cell: inputs down to the skeletons, switches, versions."""
    rows: list[list[str]] = []

    def add(what: str, value: object, sha256: str = "") -> None:
        if value not in (None, ""):
            rows.append([what, str(value), sha256])

    if described := text["descriptions"]:
        add("descriptions", described["reference"], described["sha256"])
    add("embedding file", cell.result.embeddings.reference, cell.result.embeddings.sha256)
    add("encoder", text["encoder"])
    features = {
        f.reference: (seed, f.sha256) for seed, f in sorted(cell.result.features.items(), reverse=True)
    }
    for reference, (seed, sha256) in reversed(features.items()):
        add("features" + (f" (seed {seed})" if len(features) > 1 else ""), reference, sha256)
    for reference in sorted(features):
        for what, value, sha256 in _behind(store, reference):
            if [what, value, sha256] not in rows:
                add(what, value, sha256)
    for seed, run in cell.seeds.items():
        add(f"run (seed {seed})", f"{run.name}/seed-{seed}")
    if not cell.metrics:
        return rows
    first_seed, first = next(iter(cell.metrics.items()))
    record = cell.seeds[first_seed].record(first_seed)
    add("split", first.split)
    add("protocol", first.protocol)
    add("preset", first.preset)
    add("seeds", ", ".join(map(str, cell.metrics)))
    add("epoch that counts", first.selection)
    add("codebook", ", ".join(first.codebook))
    add("motion slot", first.motion)
    add("switches", _words(record.settings))
    if extra := first.auxiliary:
        add("learned also from", f"{len(extra.classes)} simulated classes of {extra.source}")
    add("identity of the run", record.identity)
    add("training time", ", ".join(f"{m.timing['train_seconds']:.1f} s" for m in cell.metrics.values()))
    add("device", record.device)
    add("versions", ", ".join(f"{k} {v}" for k, v in sorted(first.versions.items())))
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
