"""What the words of a description set say of motion, beside the facts that somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary
from semtool.descriptions import Description
from semtool.encoders import parse_codes, predict_facts

__all__ = ["WordFacts", "word_facts"]

SENTENCES = 5
"""Most sentences of a class that are read."""
GUESS = 0.5


@dataclass(frozen=True)
class WordFacts:
    """How well names, sentences and written facts agree.

    Attributes:
        classes, described: classes, and those among them with written facts.
        agreement: mean agreement of attributes over classes, 0 to 1 (`Vocabulary.agreement`), of
            ``names, facts``, ``sentences, facts`` and ``names, sentences``; what there is not is left out.
        guesses: for each field the share of classes in which neither name nor sentence is half sure of it.
        strange: classes whose name is like nothing that the map was learned from.
    """

    classes: int
    described: int
    agreement: dict[str, float]
    guesses: dict[str, float]
    strange: tuple[str, ...]


def word_facts(descriptions: Iterable[Description]) -> WordFacts:
    """Read facts (encoder ``kinetic``) from the names and from at most five sentences of every class."""
    names: dict[int, str] = {}
    sentences: dict[int, list[str]] = {}
    facts: dict[int, dict[str, str]] = {}
    dataset = ""
    for d in descriptions:
        dataset = d.dataset
        names[d.class_id] = d.class_name
        if d.is_codes:
            facts[d.class_id] = parse_codes(d.text)
        elif d.granularity != "label" and len(sentences.setdefault(d.class_id, [])) < SENTENCES:
            sentences[d.class_id].append(d.text)
    if not facts and dataset in dataset_names():
        facts = {c: known.attribute for c, known in load_bank(load_dataset(dataset)).items() if c in names}
    order = [(c, text) for c in names for text in (names[c], *sentences.get(c, ()))]
    found = predict_facts([text for _, text in order])
    vocabulary, fields = load_vocabulary(), list(load_vocabulary().fields)
    pairs: dict[str, list[float]] = {"names, facts": [], "sentences, facts": [], "names, sentences": []}
    unsure = dict.fromkeys(fields, 0)
    strange = []
    for c in names:
        rows = [row for row, (owner, _) in enumerate(order) if owner == c]
        name, said = found.values[rows[0]], [found.values[row] for row in rows[1:]]
        if found.strange[rows[0]]:
            strange.append(names[c])
        if c in facts:
            pairs["names, facts"].append(vocabulary.agreement(name, facts[c]))
        for values in said:
            pairs["names, sentences"].append(vocabulary.agreement(name, values))
            if c in facts:
                pairs["sentences, facts"].append(vocabulary.agreement(values, facts[c]))
        for at, field in enumerate(fields):
            unsure[field] += bool(found.confidence[rows, at].max() < GUESS)
    return WordFacts(
        classes=len(names),
        described=len(facts),
        agreement={key: sum(values) / len(values) for key, values in pairs.items() if values},
        guesses={field: count / len(names) for field, count in unsure.items()},
        strange=tuple(strange),
    )
