"""``semtool classify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli.console import Json, Root, app, json_object, note, store, table
from semtool.cli.options import grouped
from semtool.cli.recordings import EXAMPLE, Hints, recording, sequences
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.data import SkeletonSequence

__all__ = ["classify"]

_DEFAULT = "wave, clap, kick, sit down, stand up, throw, drink, squat"


@app.command()
@grouped
def classify(
    hints: Hints,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Skeleton files in any known format; `example`: the clip that the package carries."
        ),
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels", "-l", help="What it may be, separated by commas, or the name of a data set."
        ),
    ] = None,
    labels_file: Annotated[Path | None, typer.Option("--labels-file", help="A label a line.")] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", help="A trained run by name, or `newest`.", show_default="the shipped recogniser"
        ),
    ] = None,
    act: Annotated[
        bool,
        typer.Option("--act/--no-act", help="Let simulated people act the labels out, and learn from them."),
    ] = False,
    adapt: Annotated[
        str, typer.Option("--adapt", help="none, or batch: the files' own level (transductive).")
    ] = "none",
    examples: Annotated[
        Path | None,
        typer.Option("--examples", help="Folder of a folder a label with clips of it."),
    ] = None,
    window: Annotated[
        float | None,
        typer.Option("--window", min=0.2, help="Seconds: a timeline for each person instead of one answer."),
    ] = None,
    hop: Annotated[float, typer.Option("--hop", min=0.05, help="Seconds between windows.")] = 0.5,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Also write the timeline: .csv, .json, or .html with the player."),
    ] = None,
    descriptions: Annotated[
        str | None,
        typer.Option("--descriptions", help="With --run: description set to take all classes from."),
    ] = None,
    prompts: Annotated[
        str | None,
        typer.Option(
            "--prompts", help="With --run: prompt set for the labels.", show_default="the run's own"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="With --run: its seed.", show_default="its first")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="With --run: auto, cpu, cuda or mps.")] = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Say which of your labels a skeleton sequence shows; nothing has to be trained.

    Without --run the recogniser that the package carries answers (`semtool recogniser card`). A label that
    the catalogue knows is described by its facts there; any other one by what its words say.

    Example: semtool classify example --labels "wave, kick, sit down, drink"
    """
    given = [name for name in (labels, labels_file, descriptions) if name is not None]
    if len(given) > 1 or (not given and run is not None):
        raise UsageError("say what it may be: one of --labels, --labels-file or, with --run, --descriptions")
    if not given and files != [Path(EXAMPLE)]:
        raise UsageError('say what it may be: --labels "wave, kick, sit down"')
    paths = [recording(path) for path in files]
    if adapt not in ("none", "batch"):
        raise UsageError("--adapt is none or batch")
    names = _names(labels, labels_file) if descriptions is None else []
    if run is not None:
        _with_run(paths, names, run, descriptions, prompts, seed, device, root, hints.said(), as_json)
        return
    if descriptions is not None:
        raise UsageError("--descriptions needs --run: the shipped recogniser reads labels")
    clips = sequences(paths, hints.said())
    if window is not None:
        _timelines(clips, names, window, hop, act, out, as_json)
        return
    _answers(clips, names, act, adapt, examples, hints.said(), as_json)


def _answers(
    clips: list[SkeletonSequence], names: list[str], act: bool, adapt: str, examples: Path | None,
    said: dict[str, Any], as_json: bool,
) -> None:  # fmt: skip
    from skeleton.recogniser import NONE, load_examples, load_recogniser

    model = load_recogniser()
    learned = load_examples(examples, names, said) if examples else None
    answers = model.predict(
        clips, names, act=act, adapt="batch" if adapt == "batch" else "none", examples=learned
    )
    gain = model.gain(learned, names, act=act) if learned else None
    if as_json:
        found = [
            {
                "name": a.name, "label": a.label,
                "probabilities": dict(zip(a.labels, a.probabilities, strict=True)),
                "because": a.because, "notes": a.notes,
            }
            for a in answers
        ]  # fmt: skip
        more: dict[str, Any] = {"examples": gain.record()} if gain else {}
        json_object({"recogniser": "shipped", "inductive": adapt == "none", "predictions": found} | more)
        return
    if gain:
        note(gain.sentence())
    for answer in answers:
        for text in answer.notes:
            note(f"{answer.name}: {text}")
    title = "answers, with probabilities" + (
        " (TRANSDUCTIVE: the files' own level)" if adapt == "batch" else ""
    )
    table(
        title,
        ("sequence", "label", "p", "then", "because"),
        [
            (
                a.name, a.label, f"{a.probabilities[0]:.2f}" if a.fits else "",
                _then(a.labels, a.probabilities, 0 if a.label == NONE else 1), " ".join(a.because),
            )
            for a in answers
        ],
    )  # fmt: skip


def _timelines(
    clips: list[SkeletonSequence], names: list[str], window: float, hop: float, act: bool,
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    from skeleton.recogniser import load_recogniser, timeline, write_timeline

    model = load_recogniser()
    found = [(s, timeline(model, s, names, window=window, hop=hop, act=act)) for s in clips]
    if out is not None:
        write_timeline(out, found)
        note(f"wrote {out}")
    rows = [(s.name, part) for s, parts in found for part in parts]
    if as_json:
        json_object({"recogniser": "shipped", "window": window, "hop": hop,
                     "segments": [{"name": name, **part.record()} for name, part in rows]})  # fmt: skip
        return
    table(
        f"timeline, windows of {window:g} s",
        ("sequence", "person", "from", "to", "label", "p"),
        [(n, p.person, f"{p.start:.1f}", f"{p.end:.1f}", p.label, f"{p.probability:.2f}") for n, p in rows],
    )


def _with_run(
    paths: list[Path], names: list[str], run: str, descriptions: str | None, prompts: str | None,
    seed: int | None, device: str, root: Path | None, said: dict[str, Any], as_json: bool,
) -> None:  # fmt: skip
    from skeleton.runs import ZeroShotClassifier

    model = ZeroShotClassifier.from_run(run, store=store(root), seed=seed, device=device)
    clips = sequences(paths, said, model.dataset)
    guessed: list[str] = []
    if descriptions is None:
        text = model.describe(names, prompts=prompts)
        guessed = model.guessed(names) if prompts is None else []
    else:
        names, text = model.describe_all(descriptions)
    answers = model.predict(clips, names, text=text)
    if as_json:
        found = [
            {"name": a.name, "label": a.label, "scores": dict(zip(a.labels, a.scores, strict=True))}
            for a in answers
        ]
        json_object({"simulated": model.simulated, "read_from_words": guessed, "predictions": found})
        return
    if guessed:
        note(
            f"read from words: {', '.join(guessed)}; "
            f"what was understood: semtool prompts facts {guessed[0]!r}"
        )
    if model.simulated:
        note("the run was trained on SIMULATED skeletons")
    table(
        "best labels, by score (higher is better; compare within a row)",
        ("sequence", "label", "score", "then"),
        [(a.name, a.label, f"{a.scores[0]:.4f}", _then(a.labels, a.scores, 1)) for a in answers],
    )


def _names(labels: str | None, file: Path | None) -> list[str]:
    """Return the labels that were given; of a data set, its classes."""
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read as text: {error}") from error
        return [line.strip() for line in lines if line.strip()]
    text = labels if labels is not None else _DEFAULT
    if "," not in text:
        from semtool.catalogue import dataset_names, load_dataset

        if text.strip() in dataset_names() or Path(text).suffix in (".yaml", ".yml"):
            return [c.name for c in load_dataset(text.strip()).classes]
    return [label.strip() for label in text.split(",")]


def _then(labels: tuple[str, ...], scores: tuple[float, ...], first: int) -> str:
    pairs = list(zip(labels, scores, strict=True))[first : first + 3]
    return ", ".join(f"{name} {score:.2f}" for name, score in pairs)
