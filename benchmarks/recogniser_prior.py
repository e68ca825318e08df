"""Whether `best` gains from the recogniser's scores: on held-out seen classes, no sample of an unseen class is read.

    python benchmarks/recogniser_prior.py --data FOLDER

`best` as `fit_ridge` calls it, learned from the other seen classes and 1,200 acted combinations that are like no held-out
or unseen class; scores are centred by sample and of one size on the whole, and those of the recogniser added. The results go to ``results/recogniser_prior.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from best import OPTIONS, held_out
from common import DATASETS, arguments, page, table
from make_recogniser import ingredients, levels
from numpy.typing import NDArray
from recogniser import accuracy, load
from threadpoolctl import threadpool_limits

from semtool.catalogue import load_bank, load_dataset
from skeleton.methods import Examples, TextBank
from skeleton.methods.kernel.regression import fit_ridge
from skeleton.recogniser.making import Pool, make
from skeleton.recogniser.reading import code

WEIGHTS = (0.25, 0.5, 1.0)
DRAWS = 6
COMBINATIONS, LIKE = 1200, 0.9
"""Cosine of codes from which on a combination is like a class."""


def bank(codes: NDArray[np.float32]) -> TextBank:
    count, axes = codes.shape
    return TextBank(tuple(range(count)), codes[:, None], np.ones(count, np.int64), np.zeros((count, axes), np.float32),
                    ("attribute",), "none")  # fmt: skip


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def standardised(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = scores - scores.mean(axis=1, keepdims=True)
    return centred / centred.std()


def measure(name: str, pool: Pool, pieces: Any, data: Path) -> list[list[str]]:
    """Return a row for each split: `best`, both together by weight, the recogniser alone."""
    dataset = load_dataset(name)
    _, found, labels = load(name, data)
    facts = load_bank(dataset)
    stated = unit(code([facts[c.id].attribute for c in dataset.classes]))
    model = make(pieces, pool, levels(), without=(name,))
    codes = model.estimator.codes(model.real(found))
    mixed, said = np.flatnonzero(np.array(pool.source) == "mixed"), unit(pool.codes)
    rows = []
    for split in DATASETS[name]:
        unseen = dataset.split(split).unseen
        seen = tuple(c.id for c in dataset.classes if c.id not in unseen)
        results = []
        for held in held_out(seen, max(2, min(len(unseen), len(seen) // 3)), DRAWS):
            rest = np.array([c for c in seen if c not in held])
            hidden = np.array([c.id for c in dataset.classes if c.id not in rest])
            apart = mixed[(said[mixed] @ stated[hidden].T).max(axis=1) < LIKE][:COMBINATIONS]
            train, test = np.isin(labels, rest), np.isin(labels, held)
            examples = Examples(
                found.features[train], np.searchsorted(rest, labels[train]), bank(stated[rest])
            )
            acted = Examples(pool.features.features[apart], np.arange(len(apart)), bank(said[apart]))
            candidates = stated[list(held)]
            best = standardised(
                fit_ridge(examples, acted, **OPTIONS).scores(found.features[test], bank(candidates))
            )
            prior = standardised(model.estimator.scores(codes[test], candidates))
            truth = np.searchsorted(held, labels[test])
            every = [best, *(best + weight * prior for weight in WEIGHTS), prior]
            results.append([accuracy(s, truth) for s in every])
        rows.append(
            [
                f"{name} {split}",
                len(held),
                len(results),
                *(f"{100 * v:.1f}" for v in np.mean(results, axis=0)),
            ]
        )
    return rows


def main() -> None:
    parser = arguments(__doc__, data=True, jobs=1)
    parser.add_argument("--cache", type=Path, help="what make_recogniser.py --cache kept")
    options = parser.parse_args()
    with threadpool_limits(1):
        pieces, pool = ingredients(0, options.jobs, options.cache)
        rows = [row for name in DATASETS for row in measure(name, pool, pieces, options.data)]
    head = [
        "",
        "classes held out",
        "draws",
        "best",
        *(f"+ {w:g} x recogniser" for w in WEIGHTS),
        "recogniser",
    ]
    page(
        "recogniser_prior",
        table(head, rows),
        "The recogniser as a prior of best: held-out seen classes, per cent",
    )


if __name__ == "__main__":
    main()
