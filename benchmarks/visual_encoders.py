"""Shift-GCN and CTR-GCN beside ST-GCN: seen-class and zero-shot accuracy on UTD-MHAD and NW-UCLA.

    python benchmarks/visual_encoders.py --data FOLDER --root FOLDER --epochs 8 4 [--only utd-mhad]

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Every encoder is trained on the seen classes only, with the same
epochs; zero-shot accuracy is of the presets `ridge` and `eszsl` on attribute codes. A row is appended to
``ROOT/visual_encoders.csv`` as soon as it is known; what is there is not done again.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from common import arguments, prepare

from semtool.artifacts import Store
from skeleton.methods import preset
from skeleton.runs import train
from skeleton.visual import features, load_visual

SPLITS = (("utd-mhad", "purls-22-5"), ("nw-ucla", "purls-8-2"))
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ST-GCN (compact)": ("stgcn", {}),
    "ST-GCN (compact), ensemble of joint, bone, motion": ("stgcn", {"ensemble": True}),
    "Shift-GCN": ("shiftgcn", {}),
    "CTR-GCN": ("ctrgcn", {}),
}


def measure(store: Store, dataset: str, split: str, encoder: str, epochs: int) -> dict[str, object]:
    """Train an encoder, then both closed forms; return the row of the table."""
    visual, settings = ENCODERS[encoder]
    text = store.resolve("embeddings", f"{dataset}/attributes/attributes")
    started = time.process_time()
    made = features(
        dataset,
        split,
        store=store,
        visual=visual,
        epochs=epochs,
        settings={**settings, "precision": "bfloat16"},
    )
    row: dict[str, object] = {"data set": dataset, "split": split, "encoder": encoder, "epochs": epochs}
    row["parameters"] = sum(v.size for v in load_visual(made.path).tensors().values())
    row["processor seconds"] = round(time.process_time() - started)
    row["seen-test"] = f"{100 * float(made.manifest.details['seen_test_accuracy']):.1f}"
    for name in ("ridge", "eszsl"):
        run = train(text, made, store=store, split=split, settings=preset(name))
        row[f"zero-shot, {name}"] = f"{100 * run.summary.zsl.accuracy.mean:.1f}"
    return row


def main() -> None:
    """Do what is not in the table yet."""
    parser = arguments(__doc__, data=True, root=Path("artifacts"), only="")
    parser.add_argument("--epochs", type=int, nargs=2, default=(60, 30), help="UTD-MHAD and NW-UCLA")
    given = parser.parse_args()
    store = prepare(given.root, given.data, [("attributes", "attributes")])
    done = given.root / "visual_encoders.csv"
    for (dataset, split), epochs in zip(SPLITS, given.epochs, strict=True):
        for encoder in ENCODERS if given.only in ("", dataset) else ():
            there = list(csv.DictReader(done.open())) if done.exists() else []
            key = dataset, encoder, str(epochs)
            if any((r["data set"], r["encoder"], r["epochs"]) == key for r in there):
                continue
            row = measure(store, dataset, split, encoder, epochs)
            with done.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, row)
                if not there:
                    writer.writeheader()
                writer.writerow(row)
            print(row, flush=True)


if __name__ == "__main__":
    main()
