"""What a grid would take: missing text and features, and every unfinished training."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from semtool.artifacts import Artifact, Store
from semtool.experiments.grid.cells import Cell, Grid
from semtool.experiments.grid.running import unfinished

if TYPE_CHECKING:
    from skeleton.runs import Estimate, Sizes

__all__ = ["estimate_grid"]

ENCODED = 64
"""Texts that are encoded to see how long one takes: a batch, for a text of a smaller one takes longer."""
DIM = 384
"""Length of a vector whose encoder cannot be asked."""


def estimate_grid(
    grid: Grid, *, store: Store, device: str = "auto", jobs: int | None = None
) -> list[Estimate]:
    """Return an estimate for each work that is left, see `skeleton.runs.estimate`; nothing where all is done.

    Every kind of work is measured once. Text that a server encodes is not measured, and counts nothing.

    Args:
        grid: what to train.
        store: where everything lives; only read.
        device: `auto`, `cpu`, `cuda` or `mps`.
        jobs: trainings at the same time; None: as many as there are cores.
    """
    from skeleton.device import reproducible, resolve_device
    from skeleton.runs import bank_of, estimate_acting, helped, rehearse

    where, cores = str(resolve_device(device)), os.cpu_count() or 1
    threads = max(1, cores // (jobs or cores))
    left = unfinished(grid, store, device)
    found: list[Estimate] = []
    with reproducible(threads), TemporaryDirectory(prefix="semtool-estimate-") as folder:
        visual = _features(grid, [cell for cell, _ in left], store, where, found)
        texts: dict[object, tuple[Artifact | None, int, int]] = {}
        kinds: dict[object, list[tuple[Cell, list[int], Sizes]]] = {}
        for cell, seeds in left:
            name, sizes = (cell.dataset, cell.text.label, cell.encoder), visual[cell.dataset, cell.split]
            if name not in texts:
                texts[name] = _text(cell, store, Store(folder), found)
            kind = (*name, sizes.widths, cell.setting.method.model_dump_json())
            kinds.setdefault(kind, []).append((cell, seeds, sizes))
        acted: set[int] = set()
        for alike in kinds.values():
            cell, _, sizes = alike[0]
            method, data = cell.setting.method, cell.target.dataset
            text, dim, several = texts[cell.dataset, cell.text.label, cell.encoder]
            most = replace(sizes, train=max(s.train for *_, s in alike), test=max(s.test for *_, s in alike))
            rehearsal = rehearse(
                method, data, data.split(cell.split), most,
                bank_of(text, [c.id for c in data.classes], method, dim, several),
                auxiliary=helped(method, text), device=where, threads=threads,
            )  # fmt: skip
            for cell, seeds, sizes in alike:
                what = f"training, {cell.dataset} {cell.split} {method.preset} of seed"
                found += [replace(rehearsal.stretch(sizes), what=f"{what} {s}") for s in seeds]
                acted |= set(seeds) if helped(method, text) else set()
        if acted:  # kept below the root: those of a seed are simulated once
            acting = estimate_acting(most)
            found += [replace(acting, what=f"{acting.what} of seed {s}") for s in sorted(acted)]
    return found


def _features(
    grid: Grid, cells: Sequence[Cell], store: Store, device: str, found: list[Estimate]
) -> dict[tuple[str, str], Sizes]:
    """Return the sizes of each split that is not done; add to ``found`` the features that are missing."""
    from skeleton.runs import Sizes, estimate_features, open_features
    from skeleton.visual import newest_features

    sizes: dict[tuple[str, str], Sizes] = {}
    for cell in cells:
        key, visual = (cell.dataset, cell.split), grid.wanted_visual
        if key in sizes:
            continue
        there = newest_features(store, *key, visual)
        if there is None or grid.features_per_seed:
            one, sizes[key] = estimate_features(
                cell.target.called, cell.split, store=store, visual=visual or "stgcn", device=device
            )
            found += [one] * (len(grid.seeds) if grid.features_per_seed else 1)
            continue
        sizes[key] = Sizes.of(open_features(there))
    return sizes


def _text(cell: Cell, store: Store, side: Store, found: list[Estimate]) -> tuple[Artifact | None, int, int]:
    """Return the embedding file of a cell, if there is one, the length of a vector, and texts a class.

    What is missing is described in ``side``; its encoding is measured, and done there where that is quick.
    """
    from semtool.embedding import embed, plan
    from semtool.generation import generate
    from skeleton.runs import Estimate, peak_memory

    described = cell.text.descriptions.get(cell.dataset)
    if described is None:
        described = generate(cell.target.called, cell.text.label, store=side).artifact
        assert described is not None
    made = described if described.kind == "embeddings" else None
    if made is None:
        there = plan(described, cell.encoder, store=store)
        if there.existing:
            made = store.resolve("embeddings", there.existing)
        else:
            load, each, dim = _encoding(described, cell.encoder)
            what = f"embedding {there.descriptions} with {cell.encoder}"
            disk = 4.0 * dim * (there.rows + there.new)
            found.append(Estimate(what, load + each * there.new, peak_memory(), disk, alone=True))
            if each * there.new > 1:
                return None, dim, max(1, there.rows // len(cell.target.dataset.classes))
            made = embed(described, cell.encoder, store=side).artifact
    counts = made.manifest.counts
    return made, counts["dim"], max(1, counts["rows"] // counts["classes"])


def _encoding(described: Artifact, encoder: str) -> tuple[float, float, int]:
    """Return the seconds that an encoder takes to load and for a text, and the length of its vectors."""
    import numpy as np

    from semtool.descriptions import DescriptionSet
    from semtool.encoders import parse_encoder
    from skeleton.runs import clock_of

    parts, clock = parse_encoder(encoder), clock_of("cpu")
    if any("openai" in part.encoder.card.name.split(":") for part in parts):  # also below attributes-from
        return 0.0, 0.0, DIM
    load, each, dim = 0.0, 0.0, 0
    chosen = parts.choose_rows(DescriptionSet.read(described.path))
    for part, texts in zip(parts, chosen.texts, strict=True):
        # Evenly spaced: the texts of a set come by granularity, short ones first.
        few = [texts[i] for i in np.linspace(0, len(texts) - 1, min(ENCODED, len(texts))).astype(int)]
        started = clock()
        part.encoder.fit(texts)
        part.encoder.encode(few[:1])
        loaded = clock()
        dim += part.encoder.encode(few).shape[1]
        load, each = load + loaded - started, each + (clock() - loaded) / len(few)
    return load, each, dim
