"""``suggest``: a description set with what tells its most confusable classes apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from semtool.artifacts import Artifact, Store
from semtool.catalogue import Dataset, dataset_names, load_bank, load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.diagnosis.agreement import MotionAgreement
from semtool.diagnosis.contrast import choose_fields, confusions, filled
from semtool.diagnosis.diagnosing import diagnose, text_similarity
from semtool.diagnosis.geometry import nearest_pairs
from semtool.diagnosis.inputs import TextInput, read_motion, read_texts
from semtool.errors import UsageError
from semtool.generation import describe_class, generate

if TYPE_CHECKING:
    from semtool.generation import GenerationResult, LlmOptions, PromptSet

__all__ = ["Effect", "SuggestedPair", "Suggestion", "suggest"]

SUFFIX = "+contrast"


@dataclass(frozen=True)
class SuggestedPair:
    """Two classes to tell apart: ids, names, and the cosine of their centred prototypes before and after."""

    a: int
    b: int
    names: tuple[str, str]
    before: float
    after: float | None


@dataclass(frozen=True)
class Effect:
    """The new set, embedded with the same encoder, and how well the old and the new one agree with motion."""

    embeddings: str
    before: MotionAgreement | None
    after: MotionAgreement | None


@dataclass(frozen=True)
class Suggestion:
    """What `suggest` did.

    Attributes:
        source, embeddings: the description set it began with, and where the pairs were found.
        pairs: the pairs to tell apart.
        fields: for each class (by name) the fields that are told of it.
        added: the texts that are new.
        counts: texts of the whole set by granularity.
        artifact: the new description set; None after a dry run, or if answers of a model are missing.
        made: whether it was written now.
        effect: the new set's embedding file; None if it was not looked at.
        asked: what a model was or would be asked, as `semtool.generate` reports it; None without a model.
        notes: in sentences.
    """

    source: str
    embeddings: str
    pairs: tuple[SuggestedPair, ...]
    fields: dict[str, list[str]]
    added: tuple[Description, ...]
    counts: dict[str, int]
    artifact: Artifact | None
    made: bool
    effect: Effect | None
    asked: GenerationResult | None
    notes: tuple[str, ...]


def suggest(
    reference: str,
    *,
    store: Store | None = None,
    pairs: int = 10,
    prompts: str | None = None,
    llm: LlmOptions | None = None,
    features: str | None = None,
    dry_run: bool = False,
    check: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Suggestion:
    """Add to a description set what tells its most confusable classes apart.

    The new set is ``<data set>/<prompt set>+contrast``: all old descriptions and the new ones.

    Args:
        reference: an embedding file, or a description set that is embedded (its newest embedding file is
            then looked at).
        store: where everything is read and written; None: the store of the working folder.
        pairs: how many of the most alike pairs to sharpen; every other class is told from its nearest one.
        prompts: prompt set to use, ``contrast`` or, with a model, ``llm-contrast`` if None.
        llm: ask a model; without, texts are made from the attribute fields in which the classes differ.
        features: features whose seen training samples show whether text and motion agree better or worse
            with the new set; they have no part in choosing pairs or words.
        dry_run: choose, and render or plan, but write nothing and ask nothing.
        check: embed the new set with the same encoder, if it is at hand, and measure what has changed.
        progress: called with the model's answers that are settled and those that are wanted.

    Returns:
        The pairs, what is told of them, the new set, and what became of the pairs.

    Raises:
        UsageError: if nothing is embedded, facts are lacking, or the encoder reads no sentences.
    """
    shelf = store or Store()
    text, notes = _text(reference, shelf)
    if features is not None:
        read_motion(features, text, None, shelf)  # refused before anything is written
    base, source = _source(text, shelf)
    data = _dataset(text, base)
    bank = load_bank(data)
    similarity = text_similarity(text)
    places = nearest_pairs(similarity, pairs)
    ids = [(text.classes[i], text.classes[j]) for i, j in places]
    rivals = confusions(similarity, text.classes, ids)
    fields = choose_fields({c: f.attribute for c, f in bank.items() if f.attribute}, rivals)
    if llm is None and not any(fields.values()):
        raise UsageError(
            f"no attributes of {data.name} are known from which contrasts could be made; embed a set that "
            "has them, such as attributes, or ask a model with --llm MODEL"
        )
    said = Counter(d.class_id for d in base if not d.is_codes)
    prompt_set = filled(prompts or ("llm-contrast" if llm else "contrast"), data, bank, rivals, fields, said)
    asked: GenerationResult | None = None
    new: Iterable[Description] = ()
    if llm is not None:
        asked = generate(data, prompt_set, llm=llm, store=shelf, dry_run=dry_run, progress=progress)
        new = DescriptionSet.read(asked.artifact.path) if asked.artifact else ()
    else:
        if prompt_set.source != "template":
            raise UsageError(
                f"prompt set {prompt_set.name!r} asks a language model: name one with --llm MODEL"
            )
        told = [data.classes[c] for c, names in fields.items() if names]
        new = [d for action in told for d in describe_class(prompt_set, data, action, bank)]
    added = tuple(base.unsaid(new))
    suggestion = Suggestion(
        source=source.reference,
        embeddings=text.reference,
        pairs=tuple(
            SuggestedPair(a, b, (text.names[a], text.names[b]), float(similarity[i, j]), None)
            for (a, b), (i, j) in zip(ids, places, strict=True)
        ),
        fields={text.names[c]: names for c, names in fields.items() if names},
        added=added,
        counts=DescriptionSet([*base, *added]).counts(),
        artifact=None,
        made=False,
        effect=None,
        asked=asked,
        notes=tuple(notes),
    )
    if dry_run or not added:
        return suggestion
    artifact, made = _write(suggestion, base, source, text, prompt_set, shelf, pairs)
    suggestion = replace(suggestion, artifact=artifact, made=made)
    return _checked(suggestion, text, features, shelf) if check else suggestion


def _text(reference: str, store: Store) -> tuple[TextInput, list[str]]:
    """Return the embedding file to look at; of a description set's several the newest."""
    found = read_texts([reference], store)
    text = max(found, key=lambda t: (t.artifact.manifest.created, t.reference))
    notes = [f"of {len(found)} embedding files of {reference}, {text.reference} was looked at"]
    if text.reads_codes:
        raise UsageError(
            f"{text.reference} was made from attribute codes, which no sentence changes; name an embedding "
            "file of a text encoder, or mend the codes themselves"
        )
    return text, notes if len(found) > 1 else []


def _source(text: TextInput, store: Store) -> tuple[DescriptionSet, Artifact]:
    given = text.artifact.manifest.inputs.get("descriptions")
    if text.descriptions is None or given is None:
        raise UsageError(
            f"the descriptions that {text.reference} was made from are not under {store.root}; name an "
            "embedding file whose description set is there"
        )
    return text.descriptions, store.resolve("descriptions", given.reference)


def _dataset(text: TextInput, base: DescriptionSet) -> Dataset:
    """Return the catalogue's data set, or one made from what the descriptions themselves say."""
    name = text.file.dataset
    if name in dataset_names():
        data = load_dataset(name)
        if all(c < len(data.classes) and data.classes[c].name == text.names[c] for c in text.classes):
            return data
    names = [text.names.get(c, f"class {c}") for c in range(max(text.classes) + 1)]
    facts = {text.names[c]: {"attribute": codes} for c, codes in text.codes.items()}
    return Dataset.model_validate({"name": base.dataset, "classes": names, "facts": facts})


def _write(
    suggestion: Suggestion,
    base: DescriptionSet,
    source: Artifact,
    text: TextInput,
    prompt_set: PromptSet,
    store: Store,
    pairs: int,
) -> tuple[Artifact, bool]:
    whole = DescriptionSet([*base, *suggestion.added])
    name = source.name if source.name.endswith(SUFFIX) else source.name + SUFFIX
    inputs = {
        "descriptions": source.as_input(),
        "embeddings": text.artifact.as_input(),
        "prompts": prompt_set.as_input(),
    }
    if suggestion.asked and suggestion.asked.artifact:
        inputs["answers"] = suggestion.asked.artifact.as_input()
    parameters = {"source": "contrast", "pairs": pairs}
    full = f"{source.dataset}/{name}"
    if found := store.find("descriptions", full, Store.identity("descriptions", inputs, parameters)):
        return found.verify(), False
    with store.create(
        "descriptions", full, inputs=inputs, parameters=parameters, libraries=("jinja2",)
    ) as draft:
        whole.write(draft.folder)
        draft.counts = whole.counts() | {"descriptions": len(whole), "classes": len(whole.class_ids)}
        draft.details = {
            "prompts": name,
            "contrast": {
                "added": len(suggestion.added),
                "pairs": [{"names": list(p.names), "cosine": round(p.before, 4)} for p in suggestion.pairs],
                "fields": suggestion.fields,
            },
        }
    return draft.result, True


def _checked(suggestion: Suggestion, text: TextInput, features: str | None, store: Store) -> Suggestion:
    """Embed the new set as the old one was and measure; say so if the encoder is not at hand."""
    from semtool.embedding import embed
    from semtool.encoders import parse_encoder

    try:
        parts = parse_encoder(text.file.encoder)
        there = all(part.encoder.availability().now for part in parts)
    except UsageError:
        there = False
    if not there or suggestion.artifact is None:
        note = f"the encoder {text.file.encoder} is not at hand, so nothing was measured"
        return replace(suggestion, notes=(*suggestion.notes, note))
    ensemble = bool(text.artifact.manifest.parameters.get("ensemble"))
    made = embed(suggestion.artifact, text.file.encoder, store=store, ensemble=ensemble).artifact
    after = read_texts([made.reference], store)[0]
    before, now = diagnose(text.reference, made.reference, store=store, features=features, pairs=0)
    similarity = text_similarity(after)
    at = {c: i for i, c in enumerate(after.classes)}
    return replace(
        suggestion,
        pairs=tuple(replace(p, after=float(similarity[at[p.a], at[p.b]])) for p in suggestion.pairs),
        effect=Effect(made.reference, before.agreement, now.agreement),
    )
