"""``semtool diagnose``: what can be said about texts without training on them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from semtool.cli import console
from semtool.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from semtool.diagnosis import Diagnosis, WordFacts

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diagnose")(diagnose)


def diagnose(
    references: Annotated[
        list[str],
        typer.Argument(metavar="REF...", help="Embedding files, or description sets that are embedded."),
    ],
    features: Annotated[
        str | None,
        typer.Option(help="Features: is alike in text what moves alike? Over seen training samples only."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Class split.", show_default="that of the features, else none")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", help="Path of your own data set's YAML file.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Show every figure, also those that predict nothing.")
    ] = False,
    pairs: Annotated[int, typer.Option(min=0, help="Most alike pairs of classes to name.")] = 10,
    words: Annotated[
        bool, typer.Option("--words", help="Also: how well names, sentences and written facts agree.")
    ] = False,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Look at texts without training: what is told apart, what is not, and what that may be worth.

    The pairs of classes whose text to sharpen, and how well text and motion agree over seen classes.
    With --figures also margins, hubs, rank, redundancy, retrieval, leaked labels and cut texts, none of which
    was shown to predict accuracy in semtool's own benchmark.

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
        from semtool.diagnosis import MEASURES, record

        console.json_object(
            {
                "diagnoses": [d.as_dict() for d in found],
                "measures": {key: asdict(measure) for key, measure in MEASURES.items()},
                "predictive": record(),
                **({"words": asdict(read)} if read else {}),
            }
        )
        return
    _show_measures(found, every=figures)
    for diagnosis in found:
        _show_one(diagnosis, alone=len(found) == 1)
    if read:
        _show_words(read)
    for note in dict.fromkeys(note for d in found for note in d.notes):
        console.note(f"note: {note}")
    if found[0].pairs and found[0].leakage is not None:  # else its texts are not here
        console.note(f"next: semtool suggest {found[0].reference}")


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


def _show_measures(found: tuple[Diagnosis, ...], *, every: bool) -> None:
    from semtool.diagnosis import MEASURES, predictions, record

    first = found[0]
    said = f"{first.dataset}, {first.classes} classes"
    if first.split:
        said += f", split {first.split}"
    if first.features:
        said += f", motion of {first.features}" + (" (SIMULATED)" if first.simulated else "")
    console.say(said)
    for number, d in enumerate(found, 1):
        console.say(f"  ({number}) {d.reference}: {d.texts} texts, encoder {d.encoder}")
    same = len({d.encoder for d in found}) == 1
    predicted = predictions(same_encoder=same)
    rows = []
    for key, measure in MEASURES.items():
        if not (every or key == "agreement"):
            continue
        values = [d.measures[key] for d in found]
        if all(value is None for value in values):
            continue
        shown = ["-" if value is None else f"{value:.3f}" for value in values]
        told = predicted.get(key)
        rows.append((measure.title, *shown, measure.better, f"{told}, {told.verdict}" if told else "-"))
    columns = ("figure", *(f"({i})" for i in range(1, len(found) + 1)), "better", "rank corr. with accuracy")
    if rows:
        console.table("", columns, rows)
    if not every:
        nearest = predicted.get("agreement")
        console.say(
            "No figure is known to predict accuracy; nearest comes the agreement of text and motion over "
            f"seen classes (--features){f', rank correlation {nearest}' if nearest else ''}. Others: "
            "--figures."
        )
    elif made := record():
        how = "texts under the same encoder" if same else "texts"
        console.say(
            f"Last column: {how} ranked by the figure and by zero-shot accuracy, within a split, averaged "
            f"over {len(made['splits'])} splits; {made['texts']} texts, 95 % intervals "
            f"(commit {made['commit']})."
        )
        console.say(_verdict({MEASURES[key].title: p.verdict for key, p in predicted.items()}))
    if first.agreement and first.features:
        a = first.agreement
        console.say(
            f"Agreement is over {a.classes} seen classes; classes relabelled at random agree as well with "
            f"p = {a.p:.3f}."
        )


def _show_one(d: Diagnosis, *, alone: bool) -> None:
    if len(d.granularities) > 1 and alone:
        rows = [
            (
                name,
                g.texts,
                f"{g.margin:.3f}",
                "-" if g.retrieval is None else f"{g.retrieval:.3f}",
                f"{g.effective_rank:.3f}",
                f"{100 * d.leakage.by_granularity[name]:.0f} %"
                if d.leakage and name in d.leakage.by_granularity
                else "-",
            )
            for name, g in d.granularities.items()
        ]
        columns = ("granularity", "texts", "margin", "retrieval", "effective rank", "names the action")
        console.table("each granularity alone", columns, rows)
        if d.redundancy:
            most = max(d.redundancy, key=lambda k: d.redundancy[k])
            least = min(d.redundancy, key=lambda k: d.redundancy[k])
            console.say(
                f"Most redundant: {most.replace('~', ' and ')} ({d.redundancy[most]:.2f}); least: "
                f"{least.replace('~', ' and ')} ({d.redundancy[least]:.2f})."
            )
    if not d.pairs:
        return
    listed_pairs = []
    for pair in d.pairs:
        best = f"{pair.best} ({pair.separation[pair.best]:.2f})" if pair.best else "-"
        listed_pairs.append((
            " | ".join(pair.names),
            f"{pair.similarity:.3f}",
            best,
            "-" if pair.motion is None else f"{pair.motion:.2f}",
            "-" if pair.unseen is None else ("seen", "one unseen", "UNSEEN")[pair.unseen],
            _some(list(pair.fields)),
        ))  # fmt: skip
    headings = ("pair", "cosine", "told apart best by", "motion", "split", "fields that differ")
    console.table(f"sharpen these in {d.reference}", headings, listed_pairs)
    if alone and d.hubs:
        listed = ", ".join(f"{name} ({count})" for name, count in d.hubs)
        console.say(f"Most often among another's nearest: {listed}.")


def _some(fields: list[str]) -> str:
    """Return the first fields and how many more there are."""
    if len(fields) <= 6:
        return ", ".join(fields) or "-"
    return ", ".join(fields[:5]) + f" and {len(fields) - 5} more"


def _verdict(verdicts: dict[str, str]) -> str:
    """Return what may be concluded from the figures, in a sentence."""
    shown = [title for title, verdict in verdicts.items() if verdict.startswith("shown")]
    hints = [title for title, verdict in verdicts.items() if verdict.startswith("a hint")]
    said = (
        f"Shown to go with accuracy: {', '.join(shown)}." if shown else "None was shown to go with accuracy"
    )
    if hints:
        said += f"{'' if shown else '.'} A hint that does not survive correction for their number: "
        return said + ", ".join(hints) + "."
    return said if shown else said + "; only training tells."
