"""What words say of motion: ``semtool prompts facts`` and ``semtool datasets facts``."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli import console, datasets, prompts
from semtool.cli.asking import Filling
from semtool.cli.console import argument, option
from semtool.cli.options import grouped
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.encoders import Encoder, PredictedFacts

__all__ = ["dataset_facts", "facts"]

Reading = Annotated[str, option("kinetic, or attributes-from:<any sentence encoder>.", "--encoder")]


@prompts.group.command()
def facts(
    texts: Annotated[list[str], argument("A label or a sentence.", metavar="TEXT...")],
    encoder: Reading = "kinetic",
    json: console.Json = False,
) -> None:
    """Show which attribute facts are read from words, field by field, with confidence.

    Example: semtool prompts facts "climb a ladder"
    """
    from semtool.encoders import predict_facts

    reader = _reading(encoder)
    limit, counts = reader.card.max_tokens, None
    if limit and all(map(str.strip, texts)):
        counts = reader.count_tokens(texts)
    for text, tokens in zip(texts, counts if counts is not None else (), strict=False):
        if limit and tokens > limit:
            console.note(f"warning: only the first {limit} of {tokens} tokens of {text[:40]!r}... are read")
    found = predict_facts(texts, reader)
    if json:
        console.json_object(
            {"encoder": encoder, "texts": [_record(found, i, t) for i, t in enumerate(texts)]}
        )
        return
    for at, text in enumerate(texts):
        sure = found.confidence[at]
        rows = [
            (
                field,
                value,
                f"{sure[i]:.2f}",
                "words" if field in found.said[at] else "guess" if sure[i] < 0.5 else "",
            )
            for i, (field, value) in enumerate(found.values[at].items())
        ]
        short = shorten(text, 60, placeholder="...")
        console.table(short, ("field", "value", "confidence", ""), rows)
        console.note(
            f"{len(found.said[at])} of {len(rows)} fields are decided by words, "
            f"{int((sure < 0.5).sum())} are guesses"
        )
        if found.strange[at]:
            console.note(
                f"warning: {short!r} is like nothing that the map was learned from (cosine with "
                f"the nearest text {found.nearest[at]:.2f}): do not rely on it; the map reads English"
            )


@datasets.group.command("facts")
@grouped
def dataset_facts(
    model: Filling,
    file: Annotated[Path, argument("Your YAML file.", exists=True, dir_okay=False)],
    encoder: Reading = "kinetic",
    out: Annotated[Path | None, option("File to write.", "--out", "-o", unset="stdout")] = None,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Fill in the attribute facts that a data set lacks, each with its confidence, for you to correct.

    With --llm a model fills in the same form (prompt set llm-attributes); where its fillings agree more than
    the words are sure, its value is taken.

    Example: semtool datasets facts my-data.yaml --out my-data-with-facts.yaml
    """
    from semtool.disk import write_atomically
    from semtool.fact_scaffold import fill_in

    _reading(encoder)
    options = model.options()
    text = fill_in(file, encoder, llm=options, store=console.store(root) if options else None)
    if out:
        write_atomically(out, text, option="--out")
    if json:
        console.json_object({"file": str(out) if out else None, "yaml": text})
    elif out:
        console.say(f"{out} written")
        console.note(f"next: correct it, then semtool datasets check {out}")
    else:
        console.say(text.rstrip())


def _reading(name: str) -> Encoder:
    """Return an encoder that reads facts from texts; another one is refused."""
    from semtool.encoders import find_encoder

    found = find_encoder(name)
    if found.reads != "either":
        raise UsageError(f"the encoder {name!r} reads no facts from words; use attributes-from:{name}")
    return found


def _record(found: PredictedFacts, at: int, text: str) -> dict[str, Any]:
    fields = {
        field: {
            "value": value,
            "confidence": round(float(found.confidence[at, i]), 3),
            "said": field in found.said[at],
        }
        for i, (field, value) in enumerate(found.values[at].items())
    }
    return {
        "text": text,
        "nearest": round(float(found.nearest[at]), 3),
        "strange": bool(found.strange[at]),
        "fields": fields,
    }
