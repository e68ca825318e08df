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

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from common import CORES, arguments, machine, page, table

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.experiments import Comparison, compare
from semtool.experiments.comparison.statistics import PairedOutcomes, estimate, pooled_variance
from semtool.feature_file import FeatureFile
from skeleton.runs.metrics import interval
from skeleton.runs.parallel import Failure, Job, perform

DATASET, SPLIT = "utd-mhad", "purls-18-9"
WORDS, PERSONS, TIMES = 24, 8, 3
SWITCHES = {
    "lr": 1e-2, "epochs": 20, "warmup": 2, "batch": 72, "max_k": 1, "hidden": (64, 32), "negatives": 16,
    "attention_inverse": 0, "feature_norm": "standard",
}  # fmt: skip
TEXTS = ("good", "copy", "shuffled", "other-1", "other-2")
NULL = (("good", "other-1"), ("good", "other-2"), ("other-1", "other-2"))


class Here:
    """An executor that works in this process."""

    threads = 1

    def run(self, jobs: Sequence[Job], *_: object, **__: object) -> list[Failure]:
        """Do all jobs, one after another."""
        found = [perform(job.label, job.call, job.arguments, lambda _: None) for job in jobs]
        return [failure for failure in found if failure]


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


def compare_world(number: int, seed_counts: Sequence[int]) -> list[Comparison]:
    """Compare all texts in one world with more and more seeds; the first are trained once."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        store = make_world(Path(folder), number)
        return [
            compare(
                TEXTS, ["tfidf"], store=store, dataset=DATASET, splits=[SPLIT], seeds=range(seeds),
                switches=SWITCHES, executor=Here(), device="cpu",
            )
            for seeds in seed_counts
        ]  # fmt: skip


def accuracies(found: Sequence[Comparison]) -> list[str]:
    """Return a table: the accuracy of each text over all worlds."""
    rows = []
    for at, text in enumerate(TEXTS):
        values = np.array([c.cells[at].accuracy.mean for c in found])
        low, high = interval(values.tolist()) or (np.nan, np.nan)
        rows.append((text, f"{100 * values.mean():.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"))
    head = "text", "accuracy, mean over repetitions", "95 % interval of that mean"
    return [*table(head, rows), "", f"Chance is {100 * found[0].cells[0].chance:.1f} %."]


def verdicts(found: Sequence[Comparison]) -> list[str]:
    """Return a table: what was said of each pair."""
    said: dict[tuple[str, str], Counter[str]] = {}
    single: Counter[tuple[str, str]] = Counter()
    for comparison in found:
        for d in comparison.differences:
            said.setdefault((d.a, d.b), Counter())[d.verdict] += 1
            single[d.a, d.b] += d.p is not None and d.p < 0.05
    rows = []
    for (a, b), counts in said.items():
        truth = "different" if "shuffled" in (a, b) else "equally good"
        truth = "the same" if (a, b) == ("good", "copy") else truth
        listed = ", ".join(f"{k}: {v}" for k, v in sorted(counts.items()))
        rows.append((f"{a} - {b}", truth, listed, f"{single[a, b]} of {len(found)}"))
    false = sum(
        any(d.verdict in ("better", "worse") for d in c.differences if "shuffled" not in (d.a, d.b))
        for c in found
    )
    nulls = sum(single[pair] for pair in NULL)
    return [
        *table(("pair", "truth", "verdicts on the first", "p < 0.05 before correction"), rows), "",
        f"False findings: in {false} of {len(found)} comparisons some pair of equally good texts was called "
        f"different (stated: at most 5 % of comparisons). Before correction {nulls} of {len(NULL) * len(found)} "
        "tests of equally good, different texts had p < 0.05 (stated: at most 5 %).",
    ]  # fmt: skip


def coverage(worlds: int) -> list[str]:
    """Return a table: how often 95 % intervals hold the truth, ours and a bootstrap of the seeds alone."""
    n, persons = 160, 8
    person = np.arange(n) * persons // n
    names = [str(p) for p in person], [str(i) for i in range(n)]
    kinds = {"seeds differ": (0.3, 0.0, 0.5, 1), "persons differ": (0.0, 0.4, 0.5, 1),
             "both differ": (0.3, 0.4, 0.5, 1), "each prediction differs": (0.0, 0.1, 1.5, 1),
             "both, one text twice as much": (0.3, 0.4, 0.5, 2)}  # fmt: skip
    rows = []
    for seeds in (1, 2, 3, 5, 10):
        for kind, (by_seed, by_person, by_both, more) in kinds.items():
            rng = np.random.default_rng(seeds)
            held, widths = np.zeros(3), np.zeros(2)
            for number in range(worlds):
                scale = np.array([more, 1, 1, 1])[:, None, None] * by_seed
                z = 0.4 + scale * rng.normal(size=(4, seeds, 1)) + rng.normal(0, 1, (1, 1, n))
                z = z + rng.normal(0, by_person, (4, 1, persons))[:, :, person]
                right = (z + rng.normal(0, by_both, (4, seeds, n)) > 0).astype(float)
                difference = right[0] - right[1]
                for at, texts in enumerate((2, 4)):
                    pooled = pooled_variance([right[:texts].mean(axis=2)])
                    found = estimate(
                        [PairedOutcomes(difference, np.arange(n) % 5, *names, pooled=pooled)],
                        resamples=1000,
                        seed=number,
                    )
                    held[at] += found.low <= 0 <= found.high
                    widths[at] += found.high - found.low
                draws = rng.choice(difference.mean(axis=1), (1000, seeds)).mean(axis=1)
                held[2] += np.quantile(draws, 0.025) <= 0 <= np.quantile(draws, 0.975)
            rates = [f"{100 * h / worlds:.1f} %" for h in held]
            spans = [f"{100 * w / worlds:.0f}" for w in widths]
            rows.append([seeds, kind, *rates[:2], *spans, rates[2] if seeds > 1 else "-"])
    head = (
        "seeds",
        "what varies",
        "2 texts",
        "4 texts",
        "width, 2 texts",
        "4 texts",
        "bootstrap of seeds alone",
    )
    return table(head, rows)


def main() -> None:
    parser = arguments(__doc__, repetitions=20, jobs=CORES)
    parser.add_argument("--seeds", default="3,5", help="how many, several with commas")
    parser.add_argument(
        "--worlds", type=int, default=400, help="drawn outcomes for each line of the coverage"
    )
    options = parser.parse_args()
    counts = sorted(int(s) for s in options.seeds.split(","))
    started = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        worlds = list(pool.map(compare_world, range(options.repetitions), [counts] * options.repetitions))
    seconds = time.perf_counter() - started
    parts = []
    for at, seeds in enumerate(counts):
        found = [w[at] for w in worlds]
        parts += [f"### {seeds} seeds", "", *accuracies(found), "", *verdicts(found), ""]
    page("planted_comparison", [
        f"## {options.repetitions} comparisons with known answers", "",
        "`copy` is the same text as `good`; `other-1` and `other-2` are as good as `good` but other texts; "
        "`shuffled` describes each class by another's words. Every repetition has new classes, persons and "
        "noise, and trains the published model (one head, narrow, 20 epochs) with each text and seed.", "",
        *parts, "## How often 95 % intervals hold the truth", "",
        f"Outcomes drawn without training, {options.worlds} worlds a line, no difference in truth; the pair is "
        "one of 2 or of 4 texts over which the spread is pooled. Widths are in points. One seed says nothing of "
        "how training varies: its interval is too narrow wherever seeds differ, which is why a comparison of "
        "one seed concludes nothing.", "", *coverage(options.worlds),
    ], made_on=f"{machine()}; {seconds:.0f} s for the comparisons")  # fmt: skip


if __name__ == "__main__":
    main()
