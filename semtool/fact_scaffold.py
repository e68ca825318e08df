"""A data set's file with its ``facts`` filled in from words, to be corrected by a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from semtool.catalogue import Dataset, load_bank, load_dataset, load_vocabulary, read_yaml
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.artifacts import Store
    from semtool.encoders import Encoder
    from semtool.generation import LlmOptions

__all__ = ["fill_in"]

Guess = tuple[str, float, str]
"""A value, how likely it is right, and whose it is: ``words``, the ``map``, or a ``model``."""


def fill_in(
    file: Path,
    encoder: str | Encoder = "minilm",
    *,
    llm: LlmOptions | None = None,
    store: Store | None = None,
) -> str:
    """Return the YAML of a data set with attribute facts for every class that has none.

    What is written stays. Facts are read from a class's name, aliases and sentences: of each field the value
    that one of these texts is surest of. With a model, its fillings of the same form (prompt set
    ``llm-attributes``) take the place of values that are less sure than the fillings agree with each other.

    Args:
        file: the data set's YAML file.
        encoder: the sentence encoder, or an encoder ``attributes-from`` it.
        llm: the model that revises, and how it is asked.
        store: where its answers are kept.
    """
    data = load_dataset(file)
    bank = load_bank(data)
    lacking = [c.id for c in data.classes if c.id not in bank or not bank[c.id].attribute]
    found = {index: _predicted(data, index, encoder) for index in lacking}
    if llm and lacking:
        for index, fields in _model(data, replace(llm, classes=tuple(map(str, lacking))), store).items():
            for field, guess in fields.items():
                if guess[1] > found[index][field][1]:
                    found[index][field] = guess
    raw = read_yaml(file)
    entries: dict[str, Any] = raw.pop("facts", None) or {}
    lines = [(_dumped(raw) if entries else file.read_text("utf-8-sig")).rstrip(), "facts:"]
    owner = {data.find_class(str(key)).id: str(key) for key in entries}
    for action in data.classes:
        entry = entries.get(owner.get(action.id, ""), {})
        lines.append(f"  {json.dumps(owner.get(action.id, action.name), ensure_ascii=False)}:")
        if entry:
            lines += [f"    {line}" for line in _dumped(entry).rstrip().splitlines()]
        if action.id in found:
            lines += _lines(found[action.id])
    return "\n".join(lines) + "\n"


def _dumped(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def _predicted(data: Dataset, index: int, encoder: str | Encoder) -> dict[str, Guess]:
    from semtool.encoders import predict_facts

    action, known = data.classes[index], load_bank(data).get(index)
    texts = [action.name, *action.aliases, *(known.sentences if known else ())]
    facts = predict_facts(texts, encoder)
    out = {}
    for at, field in enumerate(load_vocabulary().fields):
        best = int(facts.confidence[:, at].argmax())
        whose = "words" if field in facts.said[best] else "map"
        out[field] = (facts.values[best][field], float(facts.confidence[best, at]), whose)
    return out


def _model(data: Dataset, llm: LlmOptions, store: Store | None) -> Mapping[int, dict[str, Guess]]:
    from semtool.descriptions import DescriptionSet
    from semtool.encoders import parse_codes
    from semtool.generation import generate

    done = generate(data, "llm-attributes", llm=llm, store=store)
    if done.artifact is None or done.llm is None:
        raise SemtoolError(f"the model left {done.failed} forms unanswered: {dict(done.reasons or {})}")
    share = done.llm.agreement.fields if done.llm.agreement else {}
    filled = {d.class_id: parse_codes(d.text) for d in DescriptionSet.read(done.artifact.path) if d.is_codes}
    return {
        index: {field: (value, share.get(field, 0.5), "model") for field, value in fields.items()}
        for index, fields in filled.items()
    }


def _lines(found: Mapping[str, Guess]) -> list[str]:
    """Return the fields that are not at rest, with confidence, and which others are no more than guesses."""
    rest = load_vocabulary().complete({})
    told = {field: guess for field, guess in found.items() if guess[0] != rest[field]}
    unsure = [f"{f} {sure:.2f}" for f, (_, sure, _) in found.items() if f not in told and sure < 0.5]
    lines = ["    attribute:" if told else "    attribute: {}"]
    for field, (value, sure, whose) in told.items():
        mark = ", a guess" if sure < 0.5 else ""
        lines.append(f"      {field + ': ' + value:<27} # {sure:.2f} {whose}{mark}")
    if unsure:
        lines.append(f"      # at rest, but a guess: {', '.join(unsure)}")
    return lines
