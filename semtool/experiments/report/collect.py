"""Gathers everything a page shows, as plain values; what cannot be read is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, load_dataset
from semtool.errors import SemtoolError
from semtool.experiments.report.attention import attention
from semtool.experiments.report.clips import choose_samples, clips_of, drawing
from semtool.experiments.report.numbers import accuracies, confusion, measured
from semtool.experiments.report.packing import missing, said
from semtool.experiments.report.positions import shared_map
from semtool.experiments.report.provenance import provenance
from semtool.experiments.report.sources import Measurement, Subject
from semtool.experiments.report.texts import ShownText, collect_text, same_content

if TYPE_CHECKING:
    from skeleton.runs import Predictions

__all__ = ["collect"]

Watched = tuple[Measurement, "Predictions", dict[str, Any]]
"""A cell, its answers for single samples, and what the page shows of it."""

CLIPS = 400
"""Most skeleton clips in a page: they are what weighs most."""
POINTS = 16000
"""Most samples on the maps of all cells together; see `_points`."""
COMPARED = {"differences", "method", "notes", "created", "seeds"}
"""What a page holds of a comparison besides its cells."""
DAMAGE = (SemtoolError, OSError, KeyError, IndexError, TypeError, ValueError)
"""What reading somebody's damaged files may raise; the section then says so."""


def collect(
    source: Subject, store: Store, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Return everything about a run or a comparison that the page holds.

    Args:
        source: what to report.
        store: where its inputs lie; those that are gone leave a sentence in their place.
        progress: told (cells done, cells).
    """
    page = _Page(store, source)
    cells = []
    for index, cell in enumerate(source.cells):
        cells.append(page.cell(cell))
        if progress is not None:
            progress(index + 1, len(source.cells))
    return {
        "schema": 1,
        "kind": source.kind,
        "name": source.name,
        "simulated": source.simulated,
        "leaky": source.leaky,
        "datasets": page.datasets,
        "texts": [t.shown for t in page.texts.values()],
        "cells": cells,
        "clips": page.clips(),
        "names": list(page.names),
        "comparison": source.comparison and source.comparison.model_dump(mode="json", include=COMPARED),
    }


@dataclass
class _Page:
    """What the cells of a page share."""

    store: Store
    source: Subject
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[tuple[str, str], ShownText] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    watched: dict[tuple[str, str], list[Watched]] = field(default_factory=dict)

    def cell(self, cell: Measurement) -> dict[str, Any]:
        """Return everything about one cell."""
        text = self._text(cell, self._dataset(cell))
        result, metrics = cell.result, cell.metrics.values()
        decide = {s: a.take(a.in_test | (result.part == "all")) for s, a in cell.answers.items()}
        found: dict[str, Any] = {
            "label": result.text,
            "text": list(self.texts).index((result.text, result.embeddings.reference)),
            **result.model_dump(include={"dataset", "split", "preset", "encoder", "n", "chance", "part"}),
            "seeds": [int(s) for s in result.accuracy.values],
            "shown_seed": next(iter(cell.seeds), None),
            "inductive": all(m.inductive for m in metrics),
            "auxiliary": any(m.auxiliary for m in metrics),
            "numbers": accuracies(result),
            "per_class": {
                c: {"n": entry.n, **(measured(entry.accuracy, entry.n) or {})}
                for c, entry in result.per_class.items()
            },
            "unseen": list(result.per_class),
            "confusion": confusion(cell.metrics, decide, summed=self.source.kind == "comparison"),
            "problems": cell.problems,
            "provenance": provenance(cell, text.shown, self.store),
        }
        found |= self._pictures(cell, text)
        first = next(iter(cell.answers.values()), None)
        if first is not None and first.columns:
            self.watched.setdefault((result.dataset, result.split), []).append((cell, first, found))
        return found

    def _pictures(self, cell: Measurement, text: ShownText) -> dict[str, Any]:
        """Return map and attention, which need the checkpoint, the features and the embedding file."""
        if cell.first is None:
            gone = missing("The files of the run are gone.")
            return {"map": gone, "attention": gone}
        run, record = cell.first
        try:
            from skeleton.methods import MLAScorer, load_scorer
            from skeleton.runs import CHECKPOINT, load_task, open_embeddings, seed_folder

            settings = run.settings(record.seed)
            text_file = same_content(self.store, "embeddings", record.embeddings)
            motion = same_content(self.store, "features", record.features)
            task = load_task(
                text_file, motion, record.dataset, codebook=settings.codebook, motion=settings.motion
            )
            scorer = load_scorer(seed_folder(run.path, record.seed) / CHECKPOINT, settings)
            first = next(iter(cell.answers.values()), None)
            drawn = shared_map(scorer, task, most=_points(len(self.source.cells)), answers=first)
            for view in drawn["views"]:
                view["samples"] = [self.names.setdefault(n, len(self.names)) for n in view["samples"]]
            attended: dict[str, Any] | None = None
            if isinstance(scorer, MLAScorer):
                attended = attention(scorer, task, open_embeddings(text_file), text.places)
            return {"map": drawn, "attention": attended}
        except DAMAGE as error:
            gone = missing(f"The map cannot be drawn: {said(error, self.store.root)}.")
            return {"map": gone, "attention": gone}

    def _dataset(self, cell: Measurement) -> Dataset | None:
        """Look the data set up and keep its class names; without it, those of the unseen classes."""
        result, asked = cell.result, cell.result.dataset
        if cell.first is not None:
            asked = cell.first[1].dataset  # the file, of a data set of one's own
        shown = self.datasets.setdefault(result.dataset, {"title": result.dataset, "classes": {}})
        try:
            dataset = load_dataset(self.store.dataset_file(asked))
        except SemtoolError:
            for c, entry in result.per_class.items():
                shown["classes"][str(c)] = {"code": f"class {c}", "name": entry.name}
            return None
        shown["title"] = dataset.title or dataset.name
        shown["classes"] = {str(c.id): {"code": c.code, "name": c.name} for c in dataset.classes}
        return dataset

    def _text(self, cell: Measurement, dataset: Dataset | None) -> ShownText:
        label, embeddings = cell.result.text, cell.result.embeddings
        key = (label, embeddings.reference)
        if key not in self.texts:
            compared = self.source.comparison.texts if self.source.comparison else ()
            named = next((t.descriptions for t in compared if t.label == label), None)
            self.texts[key] = collect_text(self.store, label, dataset, embeddings, named)
        return self.texts[key]

    def clips(self) -> dict[str, Any]:
        """Return the skeletons to play, by data set, and note in each cell what it said of them."""
        found: dict[str, Any] = {}
        most = CLIPS // max(1, len(self.watched))
        for (dataset, split), group in self.watched.items():
            chosen = choose_samples([answers for _, answers, _ in group])
            chosen = [chosen[i * len(chosen) // most] for i in range(most)] if len(chosen) > most else chosen
            for _, answers, shown in group:
                shown["outcomes"] = _outcomes(answers, chosen)
            part = found.setdefault(dataset, {"layout": None, "samples": {}, "problems": []})
            try:
                from skeleton.data import ArraySet

                arrays = ArraySet.open(self._arrays(group[0][0]).path)
                part["layout"] = drawing(arrays.layout)
                part["samples"] |= clips_of(arrays, chosen)
            except DAMAGE as error:
                sentence = (
                    f"The skeletons of the split {split} cannot be shown: {said(error, self.store.root)}."
                )
                part["problems"].append(sentence)
        return found

    def _arrays(self, cell: Measurement) -> Artifact:
        assert cell.first is not None
        features = self.store.resolve("features", cell.first[1].features.reference)
        named = features.manifest.inputs.get("arrays")
        if named is None:
            raise SemtoolError(f"the features {features.reference} were imported without skeletons")
        return same_content(self.store, "arrays", named)


def _points(cells: int) -> int:
    """Return how many samples a map may show."""
    return min(2400, max(150, POINTS // cells))


def _outcomes(answers: Predictions, chosen: list[str]) -> dict[str, Any]:
    """Return for each chosen sample: true class, answer, and the three best classes with their scores."""
    place = {name: index for index, name in enumerate(answers.names)}
    found = {}
    for name in chosen:
        if name in place:
            row = place[name]
            best = (-answers.scores[row]).argsort(kind="stable")[:3]
            top = [[answers.columns[i], round(float(answers.scores[row, i]), 4)] for i in best]
            found[name] = [int(answers.truth[row]), int(answers.predicted[row]), top]
    return found
