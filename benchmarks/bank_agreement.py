"""How far two independent fillings of the attribute vocabulary agree, field by field.

Run: python benchmarks/bank_agreement.py

Compares the bank with ``benchmarks/data/bank_second_filling.yaml`` and writes
``benchmarks/results/bank_agreement.md``. Agreement is the fraction of classes with the same value; kappa is
Cohen's (agreement beyond what the two fillings' value frequencies give by chance), for ordered fields also
with linear weights, so that a neighbouring step counts as a small difference. Where both fillings give one
and the same value to every class kappa is not defined.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import yaml
from common import HERE, page, table

from semtool.catalogue import load_bank, load_dataset, load_vocabulary

FILLING = HERE / "data" / "bank_second_filling.yaml"


def kappa(
    first: Sequence[str], second: Sequence[str], values: Sequence[str], *, weighted: bool
) -> float | None:
    """Return Cohen's kappa, or None where chance alone explains full agreement."""
    steps = {value: step for step, value in enumerate(values)}

    def distance(a: str, b: str) -> float:
        return abs(steps[a] - steps[b]) / (len(values) - 1) if weighted else float(a != b)

    n = len(first)
    observed = sum(distance(a, b) for a, b in zip(first, second, strict=True)) / n
    expected = sum(distance(a, b) for a in first for b in second) / n**2
    return None if expected == 0 else 1 - observed / expected


def compare(bank: Mapping[str, Mapping[str, str]], again: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the report's lines."""
    fields = load_vocabulary().fields
    codes = list(again)
    rows, same, chance, defined = [], 0, 0.0, []
    for name, field in fields.items():
        first, second = [bank[c][name] for c in codes], [again[c][name] for c in codes]
        equal = sum(a == b for a, b in zip(first, second, strict=True))
        near = kappa(first, second, list(field.values), weighted=True) if field.kind == "ordered" else None
        plain = kappa(first, second, list(field.values), weighted=False)
        same += equal
        chance += sum(a == b for a in first for b in second) / len(codes)
        if plain is not None:
            defined.append(plain)
        busy = sum(value != field.default for value in first)
        shown = ["" if k is None else f"{k:.2f}" for k in (plain, near)]
        rows.append([name, field.kind, busy, f"{equal / len(codes):.0%}", *shown])
    total = len(codes) * len(fields)
    overall = (same - chance) / (total - chance)
    told = [
        (c, name)
        for c in codes
        for name, field in fields.items()
        if field.default not in (bank[c][name], again[c][name]) or bank[c][name] != again[c][name]
    ]
    told_same = sum(bank[c][name] == again[c][name] for c, name in told)
    head = ("field", "kind", "not at rest", "agreement", "kappa", "weighted kappa")
    return [
        f"{len(codes)} classes of ntu120, {len(fields)} fields, {total} values.",
        "",
        f"- same value: {same / total:.1%} of all values",
        f"- same value where a filling says more than rest: {told_same / len(told):.1%} of {len(told)}",
        f"- Cohen's kappa over all fields together (chance per field): {overall:.2f}",
        f"- mean kappa of the {len(defined)} fields where it is defined: {sum(defined) / len(defined):.2f}",
        "",
        *table(head, rows),
    ]


def differences(bank: Mapping[str, Mapping[str, str]], again: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return, a line a class, where the fillings differ (bank / second filling)."""
    found = {
        c: [f"{k} {bank[c][k]} / {v}" for k, v in own.items() if bank[c][k] != v] for c, own in again.items()
    }
    return table(
        ("class", "bank / second filling"), [(c, "; ".join(f) or "nowhere") for c, f in found.items()]
    )


def main() -> None:
    """Write the report, and print it."""
    dataset = load_dataset("ntu120")
    vocabulary = load_vocabulary()
    facts = load_bank(dataset)
    bank = {dataset.classes[i].code: f.attribute for i, f in facts.items()}
    raw = yaml.safe_load(FILLING.read_text(encoding="utf-8"))["classes"]
    again = {code: vocabulary.complete(given) for code, given in raw.items()}
    for code, given in raw.items():
        if problems := vocabulary.problems(given):
            sys.exit(f"{FILLING.name}, {code}: {'; '.join(problems)}")
    before = yaml.safe_load((HERE / "data" / "bank_first_filling.yaml").read_text(encoding="utf-8"))[
        "classes"
    ]
    first = {code: vocabulary.complete(given) for code, given in before.items()}
    lines = [
        "The second filling was written from class names and",
        "the vocabulary alone, before the bank's entries for these classes were read, for twenty classes",
        "drawn at random, and has not been changed since. Both fillings were drafted with a language model",
        "under the same written rules (`vocabulary.yaml`): read the figures as what a careful reader of the",
        "rules reaches, and as an upper bound for people who never met.",
        "",
        "## The bank as first written",
        "",
        *compare(first, again),
        "",
        "## The bank as it is now",
        "",
        "After one pass down every field over all classes, which made them consistent by what the actions",
        "are. The second filling was in view then, so this is no independent figure.",
        "",
        *compare(bank, again),
        "",
        "## Where they differ now",
        "",
        *differences(bank, again),
    ]
    page("bank_agreement", lines, "Do two fillings of the attribute vocabulary agree?")


if __name__ == "__main__":
    main()
