"""Attributes filled in several times by a model: each field's majority, and how far the fillings agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

__all__ = ["Agreement", "agreement", "majority"]

Filling = Mapping[str, str]


def majority(fillings: Sequence[Filling]) -> dict[str, str]:
    """Return for each field the value that most fillings give; of equally frequent ones the first given."""
    fields = fillings[0] if fillings else {}
    return {name: Counter(f[name] for f in fillings).most_common(1)[0][0] for name in fields}


@dataclass
class Agreement:
    """How often two fillings of the same class give the same value, counted over all classes.

    Attributes:
        pairs: pairs of fillings compared.
        same: for each field, the pairs that agree.
        values: for each field, how often each value was given.
    """

    pairs: int = 0
    same: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, fillings: Sequence[Filling]) -> None:
        """Count in the fillings of one class."""
        for one, other in combinations(fillings, 2):
            self.pairs += 1
            self.same.update(name for name in one if one[name] == other[name])
        for filling in fillings:
            for name, value in filling.items():
                self.values.setdefault(name, Counter())[value] += 1

    def by_field(self) -> dict[str, float]:
        """Return for each field the share of pairs that agree, in [0, 1]."""
        return {name: self.same[name] / self.pairs for name in self.values} if self.pairs else {}

    def chance(self) -> dict[str, float]:
        """Return for each field how often two fillings would agree if drawn from the field's values."""
        found = {}
        for name, counts in self.values.items():
            total = counts.total()
            found[name] = sum((n / total) ** 2 for n in counts.values())
        return found

    def summary(self) -> dict[str, object]:
        """Return the figures for the manifest: by field, their mean, and the mean that chance would give.

        A field that always has the same value agrees without telling anything: compare with ``chance``.
        """
        fields = self.by_field()
        if not fields:
            return {}
        return {
            "pairs": self.pairs,
            "mean": round(sum(fields.values()) / len(fields), 4),
            "chance": round(sum(self.chance().values()) / len(fields), 4),
            "fields": {name: round(value, 4) for name, value in fields.items()},
        }


def agreement(classes: Iterable[Sequence[Filling]]) -> Agreement:
    """Return the agreement over the fillings of every class."""
    found = Agreement()
    for fillings in classes:
        found.add(fillings)
    return found
