"""What words say of motion: ``semtool prompts facts`` and ``semtool datasets facts``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console, datasets, prompts
from semtool.cli.asking import Filling
from semtool.cli.options import grouped
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.encoders import PredictedFacts

__all__ = ["dataset_facts", "facts"]

Encoder = Annotated[
    str, typer.Option("--encoder", help="kinetic, or attributes-from:<any sentence encoder>.")
]


@prompts.group.command()
def facts(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="A label or a sentence.")],
    encoder: Encoder = "kinetic",
    json: console.Json = False,
) -> None:
    """Show which attribute facts are read from words, field by field, with confidence.

    Example: semtool prompts facts "climb a ladder"
    """
    found = reader(encoder)(texts)
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
        console.table(_short(text), ("field", "value", "confidence", ""), rows)
        console.note(
            f"{len(found.said[at])} of {len(rows)} fields are decided by words, "
            f"{int((sure < 0.5).sum())} are guesses"
        )
        if found.strange[at]:
            console.note(
                f"warning: {_short(text)!r} is like nothing that the map was learned from (cosine with "
                f"the nearest text {found.nearest[at]:.2f}): do not rely on it; the map reads English"
            )


@datasets.group.command("facts")
@grouped
def dataset_facts(
    model: Filling,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Your YAML file.")],
    encoder: Encoder = "kinetic",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="stdout")
    ] = None,
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

    reader(encoder)
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


def reader(encoder: str) -> Any:
    """Return the function of an encoder that reads facts from texts.

    Raises:
        UsageError: if the encoder reads none.
    """
    from semtool.encoders import find_encoder

    found = find_encoder(encoder)
    if found.reads != "either":
        raise UsageError(f"the encoder {encoder!r} reads no facts from words; use attributes-from:{encoder}")

    def read(texts: list[str]) -> PredictedFacts:
        from semtool.encoders import predict_facts

        limit = found.card.max_tokens
        counts = found.count_tokens(texts) if all(map(str.strip, texts)) else None
        for text, tokens in zip(texts, counts if counts is not None else (), strict=False):
            if limit and tokens > limit:
                console.note(
                    f"warning: only the first {limit} of {tokens} tokens of {text[:40]!r}... are read"
                )
        return predict_facts(texts, found)

    return read


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


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
