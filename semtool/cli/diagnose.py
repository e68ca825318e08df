"""``semtool diagnose``: what can be said about texts without training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli import console
from semtool.cli.console import argument, option
from semtool.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from semtool.diagnosis import Diagnosis, WordFacts

__all__ = ["diagnose"]

PREDICTS = "Which text recognises more is for semtool compare to say: no figure is shown to predict accuracy."


@console.app.command()
def diagnose(
    references: Annotated[
        list[str], argument("Embedding files, or description sets that are embedded.", metavar="REF...")
    ],
    features: Annotated[
        str | None, option("Features: is alike in text what moves alike? Over seen training samples only.")
    ] = None,
    split: Annotated[str | None, option("Class split.", unset="that of the features, else none")] = None,
    dataset: Annotated[
        str | None, option("Path of your own data set's YAML file.", "--dataset", "-d")
    ] = None,
    pairs: Annotated[int, option("Most alike pairs of classes to name.", min=0)] = 10,
    words: Annotated[
        bool, option("Also: how well names, sentences and written facts agree.", "--words")
    ] = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Look at texts without training: what is told apart, and what is not.

    The pairs of classes whose text to sharpen, and how well text and motion agree over seen classes.

    Example: semtool diagnose utd-mhad/multi utd-mhad/label --features utd-mhad/purls-22-5/stgcn
    """
    from semtool.diagnosis import diagnose as look

    with console.progress("looking") as progress:
        found = look(
            *references,
            store=console.store(root),
            features=features,
            split=split,
            dataset=dataset,
            pairs=pairs,
            progress=progress,
        )
    read = _read_words(found[0], root) if words else None
    if json:
        said: dict[str, Any] = {"diagnoses": [d.as_dict() for d in found]}
        console.json_object(said | ({"words": read} if read else {}))
        return
    _show_agreement(found)
    for diagnosis in found:
        _show_pairs(diagnosis)
    if read:
        _show_words(read)
    for note in dict.fromkeys(note for d in found for note in d.notes):
        console.note(f"note: {note}")
    if found[0].pairs and found[0].descriptions and found[0].encoder != "attributes":
        split = f" --split {found[0].split}" if found[0].split else ""
        console.note(f"next: semtool optimise {found[0].descriptions.partition('@')[0]}{split}")


def _read_words(diagnosis: Diagnosis, root: Path | None) -> WordFacts:
    from semtool.descriptions import DescriptionSet
    from semtool.diagnosis import word_facts

    if not diagnosis.descriptions:
        raise UsageError(f"{diagnosis.reference} was imported without its texts; --words has nothing to read")
    texts = console.store(root).resolve("descriptions", diagnosis.descriptions)
    return word_facts(DescriptionSet.read(texts.path))


def _show_words(read: WordFacts) -> None:
    console.say(f"Read from words: {read.classes} classes, {read.described} of them with written facts.")
    for what, share in read.agreement.items():
        console.say(f"{' and '.join(what.split(', '))} agree in {100 * share:.0f} % of the attributes")
    worst = sorted(read.guesses.items(), key=lambda item: -item[1])
    console.say(
        "Guesses: " + (", ".join(f"{f} ({100 * s:.0f} % of classes)" for f, s in worst[:8] if s) or "none")
    )
    if read.strange:
        console.say(f"Names that are not understood: {', '.join(read.strange[:10])}.")


def _show_agreement(found: tuple[Diagnosis, ...]) -> None:
    first = found[0]
    said = f"{first.dataset}, {first.classes} classes"
    if first.split:
        said += f", split {first.split}"
    if first.features:
        said += f", motion of {first.features}" + (" (SIMULATED)" if first.simulated else "")
    console.say(said)
    for d in found:
        console.say(f"  {d.reference}: {d.texts} texts, encoder {d.encoder}")
        if a := d.agreement:
            console.say(
                f"    agrees with motion about which of {a.classes} seen classes are alike: rank correlation "
                f"{a.rho:+.2f}, as high at random with p = {a.p:.3f}"
            )
    console.say(PREDICTS)


def _show_pairs(d: Diagnosis) -> None:
    if not d.pairs:
        return
    rows = []
    for pair in d.pairs:
        best = f"{pair.best} ({pair.separation[pair.best]:.2f})" if pair.best else "-"
        motion = "-" if pair.motion is None else f"{pair.motion:.2f}"
        split = "-" if pair.unseen is None else ("seen", "one unseen", "UNSEEN")[pair.unseen]
        fields = list(pair.fields)
        if len(fields) > 6:
            fields = [*fields[:5], f"and {len(fields) - 5} more"]
        names, apart = " | ".join(pair.names), ", ".join(fields) or "-"
        rows.append((names, f"{pair.similarity:.3f}", best, motion, split, apart))
    headings = ("pair", "cosine", "told apart best by", "motion", "split", "fields that differ")
    console.table(f"sharpen these in {d.reference}", headings, rows)
