"""What a grid would take: features that are missing, and every training that is still to be done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from semtool.artifacts import Store
from semtool.experiments.grid.cells import Cell, Grid

if TYPE_CHECKING:
    from skeleton.runs import Estimate, Sizes

__all__ = ["estimate_grid"]


def estimate_grid(grid: Grid, *, store: Store, device: str = "auto", threads: int = 1) -> list[Estimate]:
    """Return an estimate for each features that are missing and each seed of each cell, done or not.

    Every kind of work is measured once. Text that is not there yet is taken to be as long as a sentence
    encoder's usual 384 numbers, 30 descriptions a class.
    """
    from skeleton.device import resolve_device
    from skeleton.runs import Sizes, estimate_features, estimate_seed, open_features
    from skeleton.visual import newest_features

    where, found = str(resolve_device(device)), []
    sizes: dict[tuple[str, str], Sizes] = {}
    for target in grid.targets:
        for split in target.splits:
            visual = grid.wanted_visual
            there = newest_features(store, target.dataset.name, split, visual)
            if there is None or grid.features_per_seed:
                one, of = estimate_features(
                    target.called, split, store=store, visual=visual or "stgcn", device=where
                )
                times = len(grid.seeds) if grid.features_per_seed else 1
                found += [one] * times
            else:
                file = open_features(there)
                train = len(file.rows("seen-train"))
                of = Sizes(
                    train=train, test=len(file.names) - train, visual=file.features.shape[1],
                    widths=file.widths,
                    seen=len(target.dataset.seen(target.dataset.split(split))),
                    unseen=len(target.dataset.split(split).unseen),
                )  # fmt: skip
            sizes[target.dataset.name, split] = of
    measured: dict[object, Estimate] = {}
    for cell in grid.cells():
        of = _with_text(sizes[cell.dataset, cell.split], cell, store)
        key = (of, cell.setting.method.model_dump_json())
        if key not in measured:
            measured[key] = estimate_seed(
                cell.setting.method, of, dataset=cell.dataset, device=where, threads=threads
            )
        what = f"training, {cell.dataset} {cell.split} {cell.setting.method.preset}"
        found += [replace(measured[key], what=f"{what} of seed {s}") for s in grid.seeds_of(cell)]
    return found


def _with_text(sizes: Sizes, cell: Cell, store: Store) -> Sizes:
    """Return sizes with what the newest embedding file of a cell's encoder says of text."""
    suffix = f"/{cell.encoder}"
    for text in store.artifacts("embeddings", cell.dataset):
        if f"/{text.name}".endswith(f"/{cell.text.label}{suffix}"):
            counts = text.manifest.counts
            several = max(1, counts["rows"] // max(1, counts["classes"]))
            return replace(sizes, text=counts["dim"], descriptions=several)
    return sizes
