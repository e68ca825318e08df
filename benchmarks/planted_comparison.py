"""Does `semtool compare` tell differences from noise? Planted cases with known answers.

    python benchmarks/planted_comparison.py --repetitions 20

Each repetition makes its own world: 27 classes, each a random half of some words; persons who perform them;
features that follow the words, with each person's own manner and noise. Compared are

* ``good``: the words of each class;
* ``copy``: the same text again;
* ``shuffled``: each class described by another one's words;
* ``other-1``, ``other-2``: the good text with every word replaced by another, always the same one. For a model
  that is initialised at random these are exactly as good as ``good``: the same vectors with their axes in
  another order. What they differ by is noise.

Apart from that, intervals alone are measured on outcomes that are drawn without any training. Results go to
``results/planted_comparison.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from semtool.analysis import compare
from semtool.analysis.statistics import Pairs, estimate
from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import Description, DescriptionSet
from skeleton.executors import Failure, Job
from skeleton.executors.job import Progress
from skeleton.executors.worker import do
from skeleton.feature_file import FeatureFile

HERE = Path(__file__).parent
DATASET, SPLIT = "utd-mhad", "purls-18-9"
WORDS, PERSONS, TIMES = 24, 8, 3
SWITCHES = {
    "lr": 5e-3, "epochs": 20, "warmup": 2, "batch": 32, "max_k": 1, "hidden": (64, 32),
    "attention_inverse": 0, "feature_norm": "standard",
}  # fmt: skip
NULL = (("good", "other-1"), ("good", "other-2"), ("other-1", "other-2"))


class Here:
    """An executor that works in this process."""

    threads = 1

    def run(
        self, jobs: Sequence[Job], progress: Progress | None = None, *, keep_going: bool = True
    ) -> list[Failure]:
        """Do all jobs, one after another."""
        del progress, keep_going
        answers = [(job, do(job.call, job.argument)) for job in jobs]
        return [Failure(job.label, a["error"], a["exit_code"]) for job, a in answers if a]


def make_world(root: Path, seed: int) -> Store:
    """Write texts and features of a new world; return its store."""
    rng = np.random.default_rng(seed)
    store, data = Store(root), load_dataset(DATASET)
    split, count = data.split(SPLIT), len(data.classes)
    has = np.zeros((count, WORDS))
    for c in range(count):
        has[c, rng.choice(WORDS, WORDS // 2, replace=False)] = 1
    said = [[f"w{w}" for w in np.flatnonzero(row)] for row in has]
    names = [f"w{w}" for w in range(WORDS)]

    def write(name: str, texts: list[list[str]]) -> None:
        rows = [
            Description(DATASET, c.id, c.name, "label", "", 0, " ".join(words), "template")
            for c, words in zip(data.classes, texts, strict=True)
        ]
        with store.create("descriptions", f"{DATASET}/{name}", parameters={"seed": seed}) as draft:
            DescriptionSet(rows).write(draft.folder)

    write("good", said)
    write("copy", said)
    order = rng.permutation(count)
    write("shuffled", [said[order[(list(order).index(c) + 1) % count]] for c in range(count)])
    for number in (1, 2):
        other = dict(zip(names, (f"v{v}" for v in rng.permutation(WORDS)), strict=True))
        write(f"other-{number}", [[other[w] for w in words] for words in said])

    rows = [(c, p, t) for c in range(count) for p in range(PERSONS) for t in range(TIMES)]
    manner = rng.normal(0, 0.5, (PERSONS, WORDS))
    turn = rng.normal(size=(WORDS, 32))
    clean = np.stack([2 * has[c] - 1 + manner[p] for c, p, _ in rows]) + rng.normal(
        0, 1.2, (len(rows), WORDS)
    )
    classes, person = np.array([r[0] for r in rows]), np.array([r[1] for r in rows]) + 1
    subset = np.where(np.isin(classes, split.unseen), 2, person % 2 == 0).astype(np.int64)
    with store.create("features", f"{DATASET}/{SPLIT}/planted", parameters={"seed": seed}) as draft:
        FeatureFile(
            dataset=DATASET, split=SPLIT, protocol=data.default_protocol, visual="planted", simulated=True,
            features=(clean @ turn).astype(np.float32), class_id=classes, subject=person,
            view=np.full(len(rows), -1), subset=subset, names=[f"c{c}p{p}t{t}" for c, p, t in rows],
        ).write(draft.folder)  # fmt: skip
        draft.simulated = True
    return store


def repeat(repetitions: int, seeds: int) -> tuple[str, str]:
    """Compare in every world; return two Markdown tables: accuracies and verdicts."""
    texts = ("good", "copy", "shuffled", "other-1", "other-2")
    accuracy: dict[str, list[float]] = {t: [] for t in texts}
    verdicts: dict[tuple[str, str], Counter[str]] = {}
    uncorrected: Counter[tuple[str, str]] = Counter()
    any_false, chance = 0, 0.0
    for number in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            found = compare(
                texts, ["tfidf"], store=make_world(Path(folder), number), dataset=DATASET, splits=[SPLIT],
                seeds=range(seeds), switches=SWITCHES, executor=Here(), device="cpu",
            )  # fmt: skip
        chance = found.cells[0]["chance"]
        for cell in found.cells:
            accuracy[cell["text"]].append(cell["accuracy"]["mean"])
        for d in found.differences:
            key = (d["a"], d["b"])
            verdicts.setdefault(key, Counter())[d["verdict"]] += 1
            uncorrected[key] += d["p"] is not None and d["p"] < 0.05
        any_false += any(
            d["verdict"] in ("better", "worse")
            for d in found.differences
            if "shuffled" not in (d["a"], d["b"])
        )
    lines = ["| text | accuracy, mean over repetitions | 95 % interval of that mean |", "|---|---|---|"]
    for text, values in accuracy.items():
        half = 2.09 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        mean = np.mean(values)
        lines.append(
            f"| {text} | {100 * mean:.1f} % | {100 * (mean - half):.1f} to {100 * (mean + half):.1f} |"
        )
    first = "\n".join(lines) + f"\n\nChance is {100 * chance:.1f} %."
    lines = ["| pair | verdicts (of the first) | p < 0.05 before correction | truth |", "|---|---|---|---|"]
    for (a, b), counts in verdicts.items():
        said = ", ".join(f"{k} {v}" for k, v in sorted(counts.items()))
        truth = "different" if "shuffled" in (a, b) else "the same"
        lines.append(f"| {a} - {b} | {said} | {uncorrected[a, b]} of {repetitions} | {truth} |")
    nulls = sum(uncorrected[pair] for pair in NULL)
    second = "\n".join(lines) + (
        f"\n\nFalse findings: in {any_false} of {repetitions} comparisons at least one pair of equally good texts "
        f"was called different (after Holm's correction; at most 5 % may be). Of the {len(NULL) * repetitions} "
        f"single tests of equally good, different texts {nulls} had p < 0.05 before correction."
    )
    return first, second


def coverage(worlds: int) -> str:
    """Return a table: how often 95 % intervals hold the truth, ours and a bootstrap of the seeds alone."""
    n, persons = 160, 8
    person = np.arange(n) * persons // n
    kinds = {"seeds differ": (0.3, 0.0, 0.5), "persons differ": (0.0, 0.4, 0.5),
             "both differ": (0.3, 0.4, 0.5), "seeds are mere noise": (0.0, 0.1, 1.5)}  # fmt: skip
    lines = ["| seeds | what varies | this interval | its width, points | bootstrap of seeds alone |",
             "|---|---|---|---|---|"]  # fmt: skip
    for seeds in (1, 2, 3, 5, 10):
        for kind, (by_seed, by_person, by_both) in kinds.items():
            rng = np.random.default_rng(seeds)
            ours = plain = 0
            widths = []
            for number in range(worlds):
                z = 0.4 + rng.normal(0, by_seed, (2, seeds, 1)) + rng.normal(0, 1, (1, 1, n))
                z = (
                    z
                    + rng.normal(0, by_person, (2, 1, persons))[:, :, person]
                    + rng.normal(0, by_both, (2, seeds, n))
                )
                right = (z > 0).astype(float)
                difference = right[0] - right[1]
                found = estimate(
                    [Pairs(difference, np.arange(n) % 5, [str(p) for p in person], [str(i) for i in range(n)])],
                    resamples=1000, seed=number,
                )  # fmt: skip
                ours += found.low <= 0 <= found.high
                widths.append(found.high - found.low)
                draws = rng.choice(difference.mean(axis=1), (1000, seeds)).mean(axis=1)
                plain += np.quantile(draws, 0.025) <= 0 <= np.quantile(draws, 0.975)
            lines.append(
                f"| {seeds} | {kind} | {100 * ours / worlds:.1f} % | {100 * np.mean(widths):.0f} "
                f"| {f'{100 * plain / worlds:.1f} %' if seeds > 1 else '-'} |"
            )
    return "\n".join(lines)


def machine() -> str:
    """Return what the numbers were made on."""
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
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--worlds", type=int, default=400, help="drawn outcomes for each line of the coverage"
    )
    options = parser.parse_args()
    started = time.perf_counter()
    accuracies, verdicts = repeat(options.repetitions, options.seeds)
    held = coverage(options.worlds)
    text = (
        "# planted_comparison\n\n"
        f"`python benchmarks/planted_comparison.py --repetitions {options.repetitions} --seeds {options.seeds}`; "
        f"{machine()}; {time.perf_counter() - started:.0f} s\n\n"
        f"## {options.repetitions} comparisons with known answers, {options.seeds} seeds each\n\n"
        "`copy` is the same text as `good`; `other-1` and `other-2` are as good as `good` but other texts; "
        "`shuffled` describes each class by another's words. Every repetition has new classes, persons and "
        f"noise.\n\n{accuracies}\n\n{verdicts}\n\n"
        "## How often 95 % intervals hold the truth\n\n"
        f"Drawn outcomes, {options.worlds} worlds a line, no difference in truth. One seed says nothing of how "
        "training varies: its interval is too narrow wherever seeds differ, which is why a comparison of one "
        f"seed concludes nothing.\n\n{held}\n"
    )
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "planted_comparison.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
