"""Lint for prompt sets: what a set says about every class of a data set, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from semtool.catalogue import ActionFacts, Dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.errors import SemtoolError
from semtool.generation.describing import describe
from semtool.generation.prompt_set import PromptSet

__all__ = ["Finding", "check_descriptions", "check_prompt_set", "estimate_tokens", "leaks"]

MAX_TOKENS = 77
"""What CLIP reads."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at: an ``error`` must be mended, a ``warning`` may be meant so."""

    severity: str
    rule: str
    where: str
    message: str


def check_prompt_set(
    prompt_set: PromptSet,
    dataset: Dataset,
    bank: Mapping[int, ActionFacts],
    *,
    max_tokens: int = MAX_TOKENS,
    count_tokens: Callable[[Sequence[str]], Iterable[int] | None] | None = None,
) -> list[Finding]:
    """Render a ``template`` set for every class and look for what is wrong with it.

    Args:
        prompt_set: of source ``template``.
        dataset: whose classes are described.
        bank: class id -> what is known of it.
        max_tokens: what the encoder reads; longer texts are cut there.
        count_tokens: the encoder's own count (None if it has no limit); without it an estimate.

    Returns:
        Errors and warnings; none if all is well.
    """
    try:
        descriptions = describe(prompt_set, dataset, bank)
    except SemtoolError as error:
        return [Finding("error", "render", prompt_set.name, str(error))]
    found = list(check_descriptions(descriptions, prompt_set, dataset, bank))
    texts = [d for d in descriptions if not d.is_codes]
    said = [d.text for d in texts]
    counts = count_tokens(said) if count_tokens else map(estimate_tokens, said)
    for d, count in zip(texts, counts if counts is not None else [0] * len(texts), strict=True):
        if count > max_tokens:
            message = f"about {count} tokens, the encoder reads {max_tokens}: {d.text}"
            found.append(Finding("warning", "length", _where(d), message))
    return found


def check_descriptions(
    descriptions: DescriptionSet, prompt_set: PromptSet, dataset: Dataset, bank: Mapping[int, ActionFacts]
) -> Iterator[Finding]:
    """Yield what is wrong with the texts: length in words, leaked labels, duplicates, uneven counts."""
    texts = [d for d in descriptions if not d.is_codes]
    per_class: dict[int, list[tuple[str, str, str]]] = {i: [] for i in descriptions.class_ids}
    first: dict[tuple[str, str], Description] = {}
    for d in texts:
        spec = prompt_set.granularities[d.granularity]
        words = len(d.text.split())
        per_class[d.class_id].append((d.granularity, d.slot, d.text))
        if words > spec.max_words:
            yield Finding(
                "error", "words", _where(d), f"{words} words, at most {spec.max_words} are meant: {d.text}"
            )
        if spec.forbid_label and (label := leaks(d.text, d.class_id, dataset, bank)):
            yield Finding("error", "label", _where(d), f"names the action ({label!r}): {d.text}")
        # Classes share attribute sentences by design: that is what carries over to unseen classes.
        other = first.setdefault((d.granularity, d.text.lower()), d)
        if other.class_id != d.class_id and d.granularity != "attribute":
            yield Finding(
                "warning", "duplicate", _where(d), f"says the same as {other.class_name!r}: {d.text}"
            )
    whole: dict[tuple[tuple[str, str, str], ...], int] = {}
    for index, said in per_class.items():
        twin = whole.setdefault(tuple(said), index)
        if twin != index:
            names = f"{dataset.classes[twin].name!r} and {dataset.classes[index].name!r}"
            yield Finding("error", "twins", prompt_set.name, f"{names} have the same texts throughout")
    sizes = sorted({len(said) for said in per_class.values()})
    if len(sizes) > 1:
        message = f"classes have {sizes[0]} to {sizes[-1]} texts; models with a codebook need the same number"
        yield Finding("warning", "uneven", prompt_set.name, message)


def leaks(text: str, class_id: int, dataset: Dataset, bank: Mapping[int, ActionFacts]) -> str:
    """Return the name of the class that ``text`` contains as whole words, or an empty string."""
    action, facts = dataset.classes[class_id], bank.get(class_id)
    labels = [action.name, *action.aliases]
    if facts and facts.label:
        labels += [facts.label.noun, facts.label.gerund, facts.label.third]
    for label in labels:
        if label and re.search(rf"\b{re.escape(label.lower())}\b", text.lower()):
            return label
    return ""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens ``text`` has: words and marks, long words in two, and two for the ends.

    A tokeniser would be exact for one family of models only, and would have to be downloaded first.
    """
    pieces = re.findall(r"[A-Za-z]+|[0-9]|[^\sA-Za-z0-9]", text)
    return 2 + sum(1 + (len(piece) > 9) for piece in pieces)


def _where(d: Description) -> str:
    return f"{d.class_name}, {d.granularity} {d.slot}".rstrip()
