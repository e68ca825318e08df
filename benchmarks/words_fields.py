"""Words to attributes, field by field: how well the values read from text agree with the written ones.

    python benchmarks/words_fields.py [--mpnet sentence-transformers:FOLDER]

Leave one data set of the bank out (classes of other data sets that are the same action stay). Cohen's kappa over the 238
classes, with 95 % intervals by drawing classes anew. Writes ``results/words_fields.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from common import arguments, page, table
from numpy.typing import NDArray
from words import BANK, Matrix, learned, map_without, nearest_class, predicted, said, vectors_of, written

from semtool.catalogue import load_vocabulary
from semtool.encoders.attributes import blocks, choose, probabilities

RESAMPLES = 500


def values_of(codes: Matrix) -> NDArray[np.int64]:
    """Return the likeliest value of every field (C, fields) of codes (C, m), whatever a field weighs in them."""
    picks = []
    for axes, ordered in blocks().values():
        block = codes[:, axes]
        if ordered:  # every step is a pair (below, at least) that sums to one, but for the weight
            steps = block.shape[1] // 2
            block = block / (block.sum(axis=1, keepdims=True) / steps**0.5)
        picks.append(choose(probabilities(block, ordered), ordered))
    return np.stack(picks, axis=1)


def numbered(facts: Sequence[Mapping[str, str]]) -> NDArray[np.int64]:
    """Return facts as the number of each field's value (C, fields)."""
    fields = load_vocabulary().fields
    return np.array([[list(fields[f].values).index(own[f]) for f in blocks()] for own in facts])


def read(encoder: str, kind: str, way: str) -> NDArray[np.int64]:
    """Return the values of every class of the bank (238, fields), each read without its own data set."""
    found = []
    for dataset in BANK:
        texts = said(dataset, kind)
        fact_map = map_without(encoder, dataset, near=True)
        codes, (of_text, ends) = predicted(texts, encoder, fact_map)
        bounds = list(zip([0, *ends[:-1]], ends, strict=True))
        if way == "nearest class":
            flat = tuple(t for own in texts for t in own)
            found.append(values_of(nearest_class(vectors_of(encoder, flat), bounds, encoder, dataset, True)))
        elif kind == "all":
            found.append(values_of(codes))
        else:  # one text a class: its own values, with what its words decide
            found.append(numbered([of_text.values[a] for a, _ in bounds]))
    return np.concatenate(found)


def kappa(mine: NDArray[np.int64], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Cohen's kappa of every field, of values (n, fields); NaN where chance is always right."""
    same = (mine == truth).mean(axis=0)
    top = int(max(mine.max(), truth.max())) + 1
    chance = sum((mine == v).mean(axis=0) * (truth == v).mean(axis=0) for v in range(top))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance < 1 - 1e-9, (same - chance) / (1 - chance), np.nan)


def main() -> None:
    mpnet = arguments(__doc__, mpnet="mpnet").parse_args().mpnet
    truth = np.concatenate([numbered(written(d)[0]) for d in BANK])
    assert len(truth) == sum(name in BANK for name in learned("minilm")[3])
    columns = {
        f"{kind}: {title}": read(encoder, kind, way)
        for kind in ("name", "sentence", "all")
        for title, encoder, way in (
            ("MiniLM", "minilm", "map"), ("mpnet", mpnet, "map"), ("nearest (MiniLM)", "minilm", "nearest class")
        )
        if (kind, title) != ("all", "mpnet")
    }  # fmt: skip
    rng = np.random.default_rng(0)
    draws = rng.integers(len(truth), size=(RESAMPLES, len(truth)))
    rows, kappas = [], {name: kappa(mine, truth) for name, mine in columns.items()}
    drawn = {name: np.stack([kappa(mine[d], truth[d]) for d in draws]) for name, mine in columns.items()}
    spans = {name: np.nanpercentile(d, [2.5, 97.5], axis=0) for name, d in drawn.items()}
    for at, field in enumerate(blocks()):
        cells = [f"{kappas[n][at]:.2f} [{spans[n][0, at]:.2f}, {spans[n][1, at]:.2f}]" for n in columns]
        rows.append((field, *cells))
    means = {
        n: (np.nanmean(kappas[n]), np.percentile(np.nanmean(drawn[n], axis=1), [2.5, 97.5])) for n in columns
    }
    cells = [f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, (low, high) in means.values()]
    rows.append(("**mean of fields**", *cells))
    page("words_fields", [
        "Cohen's kappa of the values read from a class's name, first sentence or all its texts with the written ones, over "
        f"the {len(truth)} classes of the bank, each data set left out in turn (same actions of other data sets and of the "
        f"everyday ones stay); 95 % intervals over classes ({RESAMPLES} draws). MiniLM, mpnet: the map and the word rules; "
        "nearest: the written facts of the class or everyday action with the nearest text. mpnet over all texts was left out.", "", *table(("field", *columns), rows),
    ], "words: fields")  # fmt: skip


if __name__ == "__main__":
    main()
