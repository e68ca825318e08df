"""Shift-GCN and CTR-GCN beside ST-GCN: seen-class and zero-shot accuracy on UTD-MHAD and NW-UCLA.

    python benchmarks/visual_encoders.py --data FOLDER --root FOLDER --epochs 8 4 [--only utd-mhad]

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Every encoder is trained on the seen classes only, with the same
epochs; zero-shot accuracy is of the presets `ridge` and `eszsl` on attribute codes. A row is appended to
``ROOT/visual_encoders.csv`` as soon as it is known; what is there is not done again.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

from semtool.artifacts import Store
from semtool.embedding import embed
from semtool.generation import generate
from skeleton.data import prepare
from skeleton.methods import preset
from skeleton.runs import train
from skeleton.visual import features, load_visual

SPLITS = (("utd-mhad", "purls-22-5", "utd_mhad"), ("nw-ucla", "purls-8-2", "nw_ucla"))
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ST-GCN (compact)": ("stgcn", {}),
    "ST-GCN (compact), ensemble of joint, bone, motion": ("stgcn", {"ensemble": True}),
    "Shift-GCN": ("shiftgcn", {}),
    "CTR-GCN": ("ctrgcn", {}),
}


def measure(store: Store, dataset: str, split: str, encoder: str, epochs: int) -> dict[str, object]:
    """Train an encoder, then both closed forms; return the row of the table."""
    visual, settings = ENCODERS[encoder]
    text = embed(generate(dataset, "attributes", store=store).artifact, "attributes", store=store).artifact
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--epochs", type=int, nargs=2, default=(60, 30), help="UTD-MHAD and NW-UCLA")
    parser.add_argument("--only", help="one data set")
    given = parser.parse_args()
    store, table = Store(given.root), given.root / "visual_encoders.csv"
    for (dataset, split, folder), epochs in zip(SPLITS, given.epochs, strict=True):
        if given.only not in (None, dataset):
            continue
        prepare(dataset, given.data / folder, store=store)
        for encoder in ENCODERS:
            there = list(csv.DictReader(table.open())) if table.exists() else []
            if any(
                r["data set"] == dataset and r["encoder"] == encoder and int(r["epochs"]) == epochs
                for r in there
            ):
                continue
            row = measure(store, dataset, split, encoder, epochs)
            with table.open("a", newline="") as stream:
                writer = csv.DictWriter(stream, row)
                if not there:
                    writer.writeheader()
                writer.writerow(row)
            print(row, flush=True)


if __name__ == "__main__":
    main()
