"""From answers to descriptions, and the record of how they came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from semtool.catalogue import load_vocabulary
from semtool.descriptions import CODES, Description
from semtool.generation.llm.attributes import Agreement, majority
from semtool.generation.llm.costs import Price
from semtool.generation.llm.outcomes import Outcome
from semtool.generation.llm.replay import Lookup, Replay, never, replay
from semtool.generation.llm.requests import TEXT, Cell

__all__ = ["Assembly", "assemble"]


@dataclass
class Assembly:
    """The texts of all cells and what the manifest says about their origin.

    Attributes:
        outcomes: how many requests ended how.
        missing: the texts that are not there: class, granularity, variant, outcome.
        agreement: between the fillings of attributes.
    """

    descriptions: list[Description] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    missing: list[dict[str, Any]] = field(default_factory=list)
    agreement: Agreement = field(default_factory=Agreement)
    models: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    finish: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    answers: int = 0
    batched: int = 0
    first: str = ""
    last: str = ""
    cost: float | None = None

    def add(self, cell: Cell, state: Replay, source: str, dataset: str, price: Price | None) -> None:
        """Add a cell whose answers have been judged."""
        self.outcomes.update(state.outcomes.values())
        self.missing += [
            {
                "class_id": cell.action.id,
                "class_name": cell.action.name,
                "granularity": cell.granularity,
                "variant": variant,
                "outcome": str(outcome),
            }
            for variant, outcome in sorted(state.outcomes.items())
            if not outcome.good
        ]
        self._count(state, price)
        values = [state.accepted[variant] for variant in sorted(state.accepted)]
        if cell.granularity == "attribute":
            self.agreement.add(values)
        for slot, variant, text in _texts(cell, values):
            action = cell.action
            self.descriptions.append(
                Description(dataset, action.id, action.name, cell.granularity, slot, variant, text, source)
            )

    def _count(self, state: Replay, price: Price | None) -> None:
        for answer in state.used:
            self.answers += 1
            self.batched += answer.batch
            self.models[answer.model] += 1
            self.hosts[answer.host] += 1
            self.finish[answer.finish or "none"] += 1
            self.formats[answer.format] += 1
            tokens = max(answer.tokens_in, 0), max(answer.tokens_out, 0)
            self.tokens_in += tokens[0]
            self.tokens_out += tokens[1]
            self.first = min(self.first or answer.answered, answer.answered)
            self.last = max(self.last, answer.answered)
            if price is not None:
                self.cost = (self.cost or 0.0) + price.cost(*tokens, batch=answer.batch)

    def _shared(self) -> int:
        """Return how many texts are said of several classes; many mean that the model does not listen."""
        said: dict[tuple[str, str, str], set[int]] = {}
        for d in self.descriptions:
            if d.granularity != "attribute":
                said.setdefault((d.granularity, d.slot, d.text), set()).add(d.class_id)
        return sum(len(classes) > 1 for classes in said.values())

    def details(self) -> dict[str, Any]:
        """Return what the manifest and ``--json`` say."""
        found: dict[str, Any] = {
            "models": _plain(self.models),
            "hosts": sorted(self.hosts),
            "answers": self.answers,
            "batched": self.batched,
            "tokens": {"in": self.tokens_in, "out": self.tokens_out},
            "cost_usd": None if self.cost is None else round(self.cost, 6),
            "finish_reasons": _plain(self.finish),
            "formats": _plain(self.formats),
            "answered": {"first": self.first, "last": self.last},
            "outcomes": _plain(self.outcomes),
            "shared_texts": self._shared(),
            "missing": self.missing,
        }
        if summary := self.agreement.summary():
            found["agreement"] = summary
        return found


def assemble(
    cells: Iterable[Cell], lookup: Lookup, *, source: str, dataset: str, price: Price | None
) -> Assembly:
    """Judge what is known of every cell, ask for nothing, and collect the texts."""
    found = Assembly()
    for cell in cells:
        found.add(cell, replay(cell, lookup, never), source, dataset, price)
    return found


def _texts(cell: Cell, values: list[dict[str, str]]) -> Iterator[tuple[str, int, str]]:
    """Yield slot, variant and text in the order of a description set."""
    if cell.granularity == "attribute":
        if not values:
            return
        fields = load_vocabulary().fields
        chosen = load_vocabulary().complete(majority(values))
        for slot in cell.slots:
            yield slot, 0, fields[slot].values[chosen[slot]].says
        yield CODES, 0, "; ".join(f"{name}={value}" for name, value in chosen.items())
        return
    for slot in cell.slots:
        for variant, texts in enumerate(values):
            yield "" if slot == TEXT else slot, variant, texts[slot]


def _plain(counts: Counter[Any]) -> dict[str, int]:
    return {str(name): counts[name] for name in sorted(counts)}
