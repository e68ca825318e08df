"""`tabulate`: what is missing of a field's table is trained, then ours stands beside the published rows.

A table is one or two sweeps (presets that want features of another kind have one of their own), so that it is
resumed, reused and counted as sweeps are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.errors import UsageError
from semtool.experiments.grid import SweepFile, SweepResult, Words, sweep
from semtool.experiments.table.views import checked, published, write_views, zero_shot

if TYPE_CHECKING:
    from skeleton.runs import Executor

__all__ = ["FOLDER", "TableRequest", "TableResult", "tabulate"]

FOLDER = "tables"
Note = Callable[[str], None]
Progress = Callable[[int, int], None]


class TableRequest(SweepFile):
    """What a table is of: a sweep over the class splits of a family.

    Attributes:
        family: `synse`, `purls`, `smie`, `sadvae` or `star`.
        datasets: names or YAML files; none: those that have skeletons or features and splits of the family.
    """

    family: str
    datasets: dict[str, Words] = Field(default_factory=dict)
    prompts: Words = Field(default=("multi",), min_length=1)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)

    def splits(self, store: Store) -> dict[str, tuple[str, ...]]:
        """Return the class splits of the family, by what their data set was called."""
        published(self.family)
        found = {}
        present = {a.dataset for kind in ("features", "arrays") for a in store.artifacts(kind)}
        for called in self.datasets or sorted(present):
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
        datasets = self.splits(store)
        return [
            self.model_copy(update={
                "name": "-".join(["table", self.family, *([visual] if visual else [])]),
                "datasets": datasets, "presets": tuple(names), "visual": visual or self.visual,
            })
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
