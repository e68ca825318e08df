"""Controls of a text: the same amount of text that says less. What a text gains over them is what it says.

A difference to `names` alone may come from more text, other words or luck: Roth et al., Waffling around for
Performance (ICCV 2023), found random words to help CLIP as much as descriptions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from semtool.catalogue import Dataset, load_bank
from semtool.descriptions import Description, DescriptionSet
from semtool.errors import SemtoolError, UsageError
from semtool.experiments.comparison.ablation import WITHOUT
from semtool.experiments.grid import Target, Text, keep
from semtool.generation import words

if TYPE_CHECKING:
    from semtool.artifacts import Artifact, Store

__all__ = ["DRAWS", "KINDS", "Kind", "add_controls", "control", "unreadable"]

Kind = Literal["names", "nameless", "filled", "random", "shuffled"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAWS = 5
"""How many of each kind that is drawn."""
_DRAWN = ("filled", "random", "shuffled")
_RARE = 0.25
"""A word of a class's names is taken out if at most this share of the other classes' sentences have it."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ers?|ed|es|e|s)$")


def control(
    descriptions: DescriptionSet,
    kind: Kind,
    seed: int = 0,
    *,
    names: Mapping[int, Sequence[str]] | None = None,
) -> DescriptionSet:
    """Return a control of a description set; the same arguments give the same set.

    - ``names``: the class's name and nothing else.
    - ``nameless``: no labels, and the other sentences without the words of the class's names, but for words
      (arm, left) that many other classes' sentences have as well.
    - ``filled``: in place of each sentence the name, filled up to its length with words of the whole set.
    - ``random``: in place of each sentence as many words of the whole set; codes by value, within a field.
    - ``shuffled``: each class has all texts of another one, none its own.

    The first three have no attribute codes.

    Args:
        descriptions: the text.
        kind: see above.
        seed: of what is drawn.
        names: other names of each class (synonyms), by class id, that `nameless` takes out too.

    Raises:
        SemtoolError: if nothing is left of a class, or there is only one class.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    sentences = [d for d in descriptions if not d.is_codes]
    made: Iterable[Description]
    if kind == "shuffled":
        made = _shuffled(descriptions, rng)
    elif kind == "names":
        first = {d.class_id: d for d in descriptions}
        made = [
            replace(d, granularity="label", slot="", variant=0, text=d.class_name) for d in first.values()
        ]
    elif kind == "nameless":
        made = _nameless(sentences, names or {})
    else:
        pool = [w for d in sentences for w in words(d.text)]
        made = [_drawn(d, pool, rng, named=kind == "filled") for d in sentences]
        if kind == "random":
            made += _random_codes([d for d in descriptions if d.is_codes], rng)
    made = list(made)
    lost = set(descriptions.class_ids) - {d.class_id for d in made}
    if lost:
        raise SemtoolError(f"the control {kind!r} leaves no text of {len(lost)} classes")
    return DescriptionSet(replace(d, source="control") for d in made)


def add_controls(
    texts: Sequence[Text], targets: Sequence[Target], store: Store, draws: int = DRAWS
) -> list[Text]:
    """Return texts with their controls, as description sets ``<prompt set>-<kind>[-<draw>]`` in the store.

    `names` is one for all. A control of which nothing would be left (names without names) is left out.

    Args:
        texts: the texts; those that are draws of another are not controlled.
        targets: the data sets that they describe.
        store: where the controls are written.
        draws: how many of each kind that is drawn.

    Raises:
        UsageError: for less than one draw.
    """
    if draws < 1:
        raise UsageError("controls are drawn at least once")
    found = list(texts)
    for text in [t for t in texts if not t.family]:
        for kind in KINDS:
            for draw in range(draws if kind in _DRAWN else 1):
                family = "names" if kind == "names" else f"{text.label}-{kind}"
                label = f"{family}-{draw}" if kind in _DRAWN else family
                if label in {t.label for t in found}:
                    continue
                made = {t.dataset.name: _written(text, t.dataset, kind, draw, store) for t in targets}
                whole = {name: artifact for name, artifact in made.items() if artifact is not None}
                if len(whole) == len(made):
                    found.append(Text(label, whole, family=family, control=kind, of=text.label))
    return found


def unreadable(texts: Sequence[Text], encoders: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return the controls and shortened texts (label, encoder) that say nothing to an encoder of codes.

    They have no codes, or all of them, where something else was left out.
    """
    from semtool.encoders import parse_encoder

    coded = [e for e in encoders if any(p.encoder.reads == "codes" for p in parse_encoder(e))]
    silent = [
        t.label
        for t in texts
        if t.control in ("names", "nameless", "filled")
        or (t.control == WITHOUT and f"-{WITHOUT}-attribute-" not in t.label)
    ]
    return frozenset((label, e) for e in coded for label in silent)


def _written(text: Text, dataset: Dataset, kind: Kind, draw: int, store: Store) -> Artifact | None:
    """Return the control of a text on one data set, or None if nothing is left of it."""
    source = text.descriptions[dataset.name]
    if source.kind == "embeddings":
        return None
    name = "names" if kind == "names" else f"{source.name}-{kind}" + (f"-{draw}" if kind in _DRAWN else "")
    inputs = {} if kind == "names" else {"descriptions": source.as_input()}
    parameters = {"control": kind, "seed": draw, "names": _names(dataset)}
    full = f"{dataset.name}/{name}"
    if there := store.find("descriptions", full, store.identity("descriptions", inputs, parameters)):
        return there
    try:
        made = control(DescriptionSet.read(source.path), kind, draw, names=_names(dataset))
    except SemtoolError:
        return None
    return keep(made, full, store, inputs=inputs, parameters=parameters)


def _names(dataset: Dataset) -> dict[int, list[str]]:
    """Return all names of each class: its own, aliases, synonyms, and those of its label."""
    bank = load_bank(dataset)
    named = {c.id: [c.name, *c.aliases] for c in dataset.classes}
    for index, facts in bank.items():
        said = facts.label.model_dump().values() if facts.label else ()
        named[index] += [*facts.synonyms, *said]
    return named


def _shuffled(descriptions: DescriptionSet, rng: np.random.Generator) -> list[Description]:
    order = rng.permutation(descriptions.class_ids).tolist()
    if len(order) < 2:
        raise SemtoolError("one class alone cannot be shuffled")
    gets = dict(zip(order, [*order[1:], order[0]], strict=True))  # one cycle: nobody keeps its own
    whose = {giver: taker for taker, giver in gets.items()}
    named = {d.class_id: d.class_name for d in descriptions}
    return [replace(d, class_id=whose[d.class_id], class_name=named[whose[d.class_id]]) for d in descriptions]


def _drawn(d: Description, pool: Sequence[str], rng: np.random.Generator, *, named: bool) -> Description:
    begin = [d.class_name] if named else []
    count = len(words(d.text)) - len(words(" ".join(begin)))
    return replace(
        d, text=" ".join([*begin, *(pool[i] for i in rng.integers(len(pool), size=max(count, 0)))])
    )


def _random_codes(rows: Sequence[Description], rng: np.random.Generator) -> list[Description]:
    """Shuffle each field's values over classes: what is drawn is as frequent as it was."""
    tables = [[pair.partition("=") for pair in d.text.split("; ")] for d in rows]
    orders = {name: rng.permutation(len(rows)) for table in tables for name, _, _ in table}
    values = [{name: value for name, _, value in table} for table in tables]
    return [
        replace(
            d, text="; ".join(f"{n}={values[orders[n][at]].get(n, v)}" for n, _, v in tables[at])
        )
        for at, d in enumerate(rows)
    ]  # fmt: skip


def _nameless(sentences: Sequence[Description], names: Mapping[int, Sequence[str]]) -> list[Description]:
    kept = [d for d in sentences if d.granularity != "label"]
    said: dict[int, set[str]] = {}
    for d in kept:
        said.setdefault(d.class_id, set()).update(map(_stem, words(d.text)))
    frequent = Counter(stem for stems in said.values() for stem in stems)
    made = []
    for d in kept:
        own = {_stem(w) for name in (d.class_name, *names.get(d.class_id, ())) for w in words(name)}
        out = {s for s in own if frequent[s] - (s in said[d.class_id]) <= _RARE * (len(said) - 1)}
        parts = _WORD.split(d.text)
        kept_words = ["" if _stem(w.casefold()) in out else w for w in _WORD.findall(d.text)]
        text = "".join(a + b for a, b in zip(parts, [*kept_words, ""], strict=True))
        if words(text):
            made.append(replace(d, text=" ".join(text.split())))
    return made


def _stem(word: str) -> str:
    """Return a word without a common English ending; doubled consonants before it count once."""
    bare = _ENDING.sub("", word)
    return bare[:-1] if bare != word and len(bare) > 3 and bare[-1] == bare[-2] else bare
