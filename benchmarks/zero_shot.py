"""Zero-shot accuracy on real skeletons: the five PURLS splits of UTD-MHAD and NW-UCLA.

    python benchmarks/zero_shot.py --data FOLDER --seeds 3

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Each seed trains its own ST-GCN on the seen classes and its own
alignment model. Results go to ``results/zero_shot.json`` and ``.md``; what the artifact store
already holds is reused, so that a stopped benchmark goes on.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from common import CORES, RESULTS, SHORT, SPLITS, arguments, by_split, grid, page, prepare

LR = {"lr": 1e-4}
MAIN: tuple[dict[str, Any], ...] = (
    {"prompts": "multi", "encoders": "minilm", "presets": ("paper", "ridge", "eszsl"), "switches": LR},
    {"prompts": "attributes", "encoders": "attributes", "presets": ("ridge", "eszsl")},
)
KEYS = {"preset": "preset", "text": "text", "encoder": "encoder"}
KEPT = (
    "dataset",
    "split",
    *KEYS,
    "seed",
    "accuracy",
    "test_accuracy",
    "class_mean",
    "chance",
    "seen_test",
    "run",
)


def chosen(texts: str) -> tuple[dict[str, Any], ...]:
    """Return the grids that ``preset:prompts:encoder, ...`` means."""
    found = [one.strip().split(":", 2) for one in texts.split(",")]
    return tuple(
        {"presets": p, "prompts": t, "encoders": e, "switches": LR if p == "paper" else {}}
        for p, t, e in found
    )


def seen_classes(rows: list[dict[str, Any]]) -> str:
    """Return the line of chance levels and of the visual encoder's accuracy on seen-test samples."""
    parts = []
    for short, at in zip(SHORT, SPLITS, strict=True):
        here = [r for r in rows if (r["dataset"], r["split"]) == at]
        seen = 100 * np.mean([r["seen_test"] for r in here])
        parts.append(f"{short}: chance {100 * here[0]['chance']:.1f}, ST-GCN on seen-test {seen:.1f}")
    return "; ".join(parts)


def main() -> None:
    parser = arguments(__doc__, data=True, root="artifacts", seeds=3, jobs=CORES, name="zero_shot")
    parser.add_argument("--texts", default="", help="preset:prompts:encoder, ... instead of the main table")
    options = parser.parse_args()
    store, rows = prepare(options.root, options.data), []
    for at, axes in enumerate(chosen(options.texts) if options.texts else MAIN):
        found = {"seeds": options.seeds, "features_per_seed": True, "visual": "stgcn", **axes}
        rows += grid(store, f"{options.name}-{at}", jobs=options.jobs, **found)
    for row in rows:
        details = store.resolve("features", row["features"]).manifest.details
        row["seen_test"] = details["seen_test_accuracy"]
    kept = [{key: row[key] for key in KEPT} for row in rows]
    (RESULTS / f"{options.name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    page(options.name, [
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds (a seed trains ST-GCN and alignment anew), last epoch.", "",
        *by_split(rows, KEYS), "", "The same over the protocol's test part (even subjects, view 3):", "",
        *by_split(rows, KEYS, "test_accuracy"), "", f"{seen_classes(rows)}.",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
