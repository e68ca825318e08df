"""`tabulate`: what is missing of a field's table is trained, then ours stands beside the published rows.

A table is one or two sweeps (presets that want features of another kind have one of their own), so that it is
resumed, reused and counted as sweeps are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from semtool.experiments.grid import Preview, SweepFile, SweepResult, estimate_grid, grid_of, preview, sweep
from semtool.experiments.table.published import published
from semtool.experiments.table.views import checked, write_views, zero_shot

if TYPE_CHECKING:
    from skeleton.runs import Estimate, Executor

__all__ = ["FOLDER", "TableRequest", "TableResult", "estimate_table", "plan_table", "tabulate"]

FOLDER = "tables"
Note = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class TableRequest:
    """What a table is of.

    Attributes:
        family: of the class splits: `synse`, `purls`, `smie`, `sadvae` or `star`.
        datasets: names or YAML files; none: those that have skeletons or features and splits of the family.
        texts, encoders, presets: see `semtool.experiments.compare`.
        seeds: one training each.
        visual: the visual encoder, also of imported features; None: what the presets want.
        switches: values of switches of the presets' methods.
    """

    family: str
    datasets: tuple[str, ...] = ()
    texts: tuple[str, ...] = ("multi",)
    encoders: tuple[str, ...] = ("minilm",)
    presets: tuple[str, ...] = ("paper",)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    visual: str | None = None
    switches: dict[str, list[Any]] | None = None

    def splits(self, store: Store) -> dict[str, tuple[str, ...]]:
        """Return the class splits of the family, by what their data set was called."""
        published(self.family)
        found = {}
        for called in self.datasets or _present(store):
            data = load_dataset(store.dataset_file(called))
            own = [s.name for s in data.splits.values() if s.family == self.family]
            if own:
                found[called] = tuple(own)
            elif self.datasets:
                raise UsageError(f"{data.name} has no class split of the family {self.family}")
        if not found:
            raise UsageError(
                f"no data set here has skeletons or features for a split of {self.family}: semtool prepare, "
                "semtool simulate or semtool features import makes some"
            )
        return found

    def sweeps(self, store: Store) -> list[SweepFile]:
        """Return the sweeps, one for each kind of features that presets want."""
        from skeleton.methods import preset

        kinds: dict[str | None, list[str]] = {}
        for name in self.presets:
            kinds.setdefault(preset(name).visual, []).append(name)
        return [
            SweepFile(
                name="-".join(["table", self.family, *([visual] if visual else [])]),
                datasets=self.splits(store), prompts=self.texts, encoders=self.encoders, presets=tuple(names),
                seeds=self.seeds, visual=visual or self.visual, switches=self.switches or {},
            )
            for visual, names in kinds.items()
        ]  # fmt: skip


@dataclass(frozen=True, repr=False)
class TableResult(SweepResult):
    """A finished table, named as its family: what its sweeps left, and the files of the table."""

    files: tuple[Path, ...] = ()

    def headline(self) -> str:
        """Return what was trained, reused and failed in one line."""
        return f"{self.name} table: {self.trained} trained, {self.reused} reused, {len(self.failures)} failed"

    def _repr_html_(self) -> str:
        table = zero_shot(self.name, checked(self.to_frame()))
        return f"<p>{self.headline()}; accuracy in per cent</p>{table.to_html(index=False, border=0)}"


def plan_table(request: TableRequest, *, store: Store, device: str = "auto") -> list[Preview]:
    """Return what `tabulate` would do, sweep by sweep; writes nothing."""
    return [preview(grid_of(w, store), store=store, device=device) for w in request.sweeps(store)]


def estimate_table(
    request: TableRequest, *, store: Store, device: str = "auto", jobs: int | None = None
) -> list[Estimate]:
    """Return what each work that is left of `tabulate` would take, see `estimate_grid`; writes nothing."""
    return [
        estimate
        for wanted in request.sweeps(store)
        for estimate in estimate_grid(grid_of(wanted, store), store=store, device=device, jobs=jobs)
    ]


def tabulate(
    request: TableRequest,
    *,
    store: Store,
    executor: Executor | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    note: Note | None = None,
) -> TableResult:
    """Train what is missing, and write ``tables/<family>/`` as LaTeX, Markdown, CSV and a page.

    Killed and started again it goes on. ``log.txt`` beside the table says how far it is.

    Args:
        request: what the table is of.
        store: where everything lives.
        executor, device, progress, note: as of `semtool.experiments.sweep`.

    Raises:
        UsageError: if the data sets have no split of the family, or parts would be mixed in a column.
        SemtoolError: if a text cannot be made or embedded.
    """
    from skeleton.runs import log, logged

    folder = store.root / FOLDER / request.family
    folder.mkdir(parents=True, exist_ok=True)
    progress = logged(progress, folder / "log.txt")

    def tell(text: str) -> None:
        log(text, folder / "log.txt")
        if note is not None:
            note(text)

    done = [
        sweep(wanted, store=store, executor=executor, device=device, progress=progress, note=tell)
        for wanted in request.sweeps(store)
    ]
    rows = [row for found in done for row in found.rows]
    files = write_views(folder, request.family, rows)
    tell(f"wrote {folder}")
    return TableResult(
        name=request.family,
        path=folder,
        rows=rows,
        trained=sum(d.trained for d in done),
        reused=sum(d.reused for d in done),
        failures=[f for d in done for f in d.failures],
        files=files,
    )


def _present(store: Store) -> Sequence[str]:
    """Return the data sets that have skeletons or features."""
    found = [a.dataset for kind in ("features", "arrays") for a in store.artifacts(kind)]
    return sorted(set(found))
