"""Zero-shot accuracy on real skeletons: the five PURLS splits of UTD-MHAD and NW-UCLA.

    python benchmarks/zero_shot.py --data FOLDER --seeds 3

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Each seed trains its own ST-GCN on the seen classes and its own
alignment model. Results go to ``results/zero_shot.json`` and ``.md``; what the artifact store
already holds is reused, so that a stopped benchmark goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SPLITS = (
    ("utd-mhad", "purls-22-5"),
    ("utd-mhad", "purls-18-9"),
    ("utd-mhad", "purls-14-13"),
    ("nw-ucla", "purls-8-2"),
    ("nw-ucla", "purls-5-5"),
)
MAIN = (
    ("paper", {"lr": 1e-4}, "multi", "minilm"),
    ("ridge", {}, "multi", "minilm"),
    ("eszsl", {}, "multi", "minilm"),
    ("ridge", {}, "attributes", "attributes"),
    ("eszsl", {}, "attributes", "attributes"),
)
"""Preset, its options, prompt set, encoder."""


@dataclass(frozen=True)
class Job:
    """One preset on one split with one text and one seed."""

    root: str
    dataset: str
    split: str
    preset: str
    options: tuple[tuple[str, float], ...]
    prompts: str
    encoder: str
    seed: int


def visual(root: str, dataset: str, split: str, seed: int) -> str:
    """Train the visual encoder of a seed, or find it; return the reference of its features."""
    import torch

    from semtool.artifacts import Store
    from skeleton.visual.extraction import features

    torch.set_num_threads(1)
    return features(dataset, split, store=Store(root), seed=seed, device="cpu").reference


def run(job: Job) -> dict[str, Any]:
    """Train one model and return its numbers."""
    from semtool.artifacts import Store
    from skeleton.methods import preset
    from skeleton.runs.training import train

    store = Store(job.root)
    features = store.resolve("features", visual(job.root, job.dataset, job.split, job.seed))
    text = store.resolve("embeddings", f"{job.dataset}/{job.prompts}/{job.encoder}")
    done = train(
        text, features, store=store, split=job.split, settings=preset(job.preset, **dict(job.options)),
        seeds=(job.seed,), device="cpu", jobs=1,
    )  # fmt: skip
    zsl = done.summary.to_dict()["zsl"]
    part = done.summary.test and done.summary.test.zsl.accuracy.to_dict()
    return {
        "dataset": job.dataset,
        "split": job.split,
        "preset": job.preset,
        "prompts": job.prompts,
        "encoder": job.encoder,
        "seed": job.seed,
        "accuracy": zsl["accuracy"]["mean"],
        "class_mean": zsl["class_mean"]["mean"],
        "protocol_part": part and part["mean"],
        "chance": zsl["chance"],
        "seen_test": features.manifest.details["seen_test_accuracy"],
        "run": done.name,
    }


def prepare(root: str, data: Path, texts: list[tuple[str, str]]) -> None:
    """Prepare skeletons and write and embed the texts."""
    from semtool.artifacts import Store
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.data.preparation import prepare as read

    store = Store(root)
    for dataset in dict.fromkeys(d for d, _ in SPLITS):
        read(dataset, data / dataset.replace("-", "_"), store=store)
        for prompts, encoder in texts:
            described = generate(dataset, prompts, store=store)
            embed(described.artifact, encoder, store=store)


def table(rows: list[dict[str, Any]], value: str) -> str:
    """Return a Markdown table: a line a setting, a column a split; mean and deviation over seeds, %."""
    lines = [
        "| preset | text | encoder | "
        + " | ".join(f"{d} {s.removeprefix('purls-')}" for d, s in SPLITS)
        + " | mean |",
        "|---|---|---|" + "---|" * (len(SPLITS) + 1),
    ]
    for key in dict.fromkeys((r["preset"], r["prompts"], r["encoder"]) for r in rows):
        cells, means = [], []
        for dataset, split in SPLITS:
            found = [
                100 * r[value]
                for r in rows
                if (r["preset"], r["prompts"], r["encoder"]) == key
                and (r["dataset"], r["split"]) == (dataset, split)
            ]
            if not found:
                cells.append("-")
                continue
            means.append(float(np.mean(found)))
            spread = f" ± {np.std(found, ddof=1):.1f}" if len(found) > 1 else ""
            cells.append(f"{means[-1]:.1f}{spread}")
        mean = f"**{np.mean(means):.1f}**" if len(means) == len(SPLITS) else "-"
        lines.append(f"| {' | '.join(key)} | {' | '.join(cells)} | {mean} |")
    return "\n".join(lines)


def chance(rows: list[dict[str, Any]]) -> str:
    """Return the line of chance levels and of the visual encoder's accuracy on seen-test samples."""
    parts = []
    for dataset, split in SPLITS:
        here = [r for r in rows if (r["dataset"], r["split"]) == (dataset, split)]
        if here:
            seen = np.mean([r["seen_test"] for r in here])
            parts.append(
                f"{dataset} {split}: chance {100 * here[0]['chance']:.1f}, "
                f"ST-GCN on seen-test {100 * seen:.1f}"
            )
    return "; ".join(parts)


def machine() -> str:
    """Return what the numbers were made on."""
    from importlib.metadata import version

    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"commit {commit or 'unknown'}, {os.cpu_count()} cores {platform.machine()}, Python "
        f"{platform.python_version()}, torch {version('torch')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--name", default="zero_shot", help="name of the result files")
    parser.add_argument("--texts", default="", help="preset:prompts:encoder, ... instead of the main table")
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
    settings = MAIN
    if options.texts:
        split = [t.strip().split(":", 2) for t in options.texts.split(",")]
        settings = tuple((p, {"lr": 1e-4} if p == "paper" else {}, t, e) for p, t, e in split)
    prepare(options.root, Path(options.data), list(dict.fromkeys((t, e) for _, _, t, e in settings)))
    jobs = [
        Job(options.root, d, s, preset, tuple(changes.items()), prompts, encoder, seed)
        for seed in range(options.seeds)
        for d, s in SPLITS
        for preset, changes, prompts, encoder in settings
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        visuals = {(j.root, j.dataset, j.split, j.seed) for j in jobs}
        list(pool.map(visual, *zip(*sorted(visuals, key=lambda v: (v[3], v[1:3])), strict=True)))
        rows = list(pool.map(run, jobs))
    out = HERE / "results"
    out.mkdir(exist_ok=True)
    (out / f"{options.name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    command = f"python benchmarks/zero_shot.py --seeds {options.seeds}" + (
        f" --name {options.name} --texts {options.texts}" if options.texts else ""
    )
    text = (
        f"# {options.name}\n\n`{command}`; {machine()}\n\n"
        "Zero-shot accuracy in per cent over all unseen samples, mean and standard deviation over "
        f"{options.seeds} seeds (a seed trains ST-GCN and alignment anew), last epoch.\n\n"
        f"{table(rows, 'accuracy')}\n\nThe same over the protocol's test part (even subjects, view 3):\n\n"
        f"{table(rows, 'protocol_part')}\n\n"
        f"{chance(rows)}.\n"
    )
    (out / f"{options.name}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
