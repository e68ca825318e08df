"""``semtool classify`` and ``semtool recogniser``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from semtool.cli.console import Json, Root, app, argument, json_object, note, option, say, store, table
from semtool.cli.options import grouped
from semtool.cli.recordings import EXAMPLE, Hints, recording, sequences
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.data import SkeletonSequence

__all__ = ["classify"]

_DEFAULT = "wave, clap, kick, sit down, stand up, throw, drink, squat"


@dataclass(frozen=True)
class Trained:
    """A trained run that answers in place of the shipped recogniser."""

    run: Annotated[
        str | None, option("A trained run by name, or `newest`.", unset="the shipped recogniser")
    ] = None
    descriptions: Annotated[str | None, option("With --run: description set to take all classes from.")] = (
        None
    )
    prompts: Annotated[
        str | None, option("With --run: prompt set for the labels.", unset="the run's own")
    ] = None
    seed: Annotated[int | None, option("With --run: its seed.", unset="its first")] = None
    device: Annotated[str, option("With --run: auto, cpu, cuda or mps.")] = "auto"

    def answer(
        self, paths: list[Path], names: list[str], said: dict[str, Any], root: Path | None, json: bool
    ) -> None:
        """Print what the run says of the files."""
        from skeleton.runs import ZeroShotClassifier

        model = ZeroShotClassifier.from_run(self.run, store=store(root), seed=self.seed, device=self.device)
        clips = sequences(paths, said, model.dataset)
        guessed: list[str] = []
        if self.descriptions is None:
            text = model.describe(names, prompts=self.prompts)
            guessed = model.guessed(names) if self.prompts is None else []
        else:
            names, text = model.describe_all(self.descriptions)
        answers = model.predict(clips, names, text=text)
        if json:
            found = [
                {"name": a.name, "label": a.label, "scores": dict(zip(a.labels, a.scores, strict=True))}
                for a in answers
            ]
            json_object({"simulated": model.simulated, "read_from_words": guessed, "predictions": found})
            return
        if guessed:
            understood = f"what was understood: semtool prompts facts {guessed[0]!r}"
            note(f"read from words: {', '.join(guessed)}; {understood}")
        if model.simulated:
            note("the run was trained on SIMULATED skeletons")
        title = "best labels, by score (higher is better; compare within a row)"
        rows = [(a.name, a.label, f"{a.scores[0]:.4f}", _then(a.labels, a.scores, 1)) for a in answers]
        table(title, ("sequence", "label", "score", "then"), rows)


@dataclass(frozen=True)
class Timeline:
    """An answer for each stretch of time and person, in place of one for the whole."""

    window: Annotated[
        float | None, option("Seconds: a timeline for each person instead of one answer.", min=0.2)
    ] = None
    hop: Annotated[float, option("Seconds between windows.", min=0.05)] = 0.5
    out: Annotated[
        Path | None,
        option("Also write the timeline: .csv, .json, or .html with the player.", "--out", "-o"),
    ] = None

    def answer(self, clips: list[SkeletonSequence], names: list[str], act: bool, json: bool) -> None:
        """Print what the recogniser says of each person's time."""
        from skeleton.recogniser import load_recogniser, timeline, write_timeline

        assert self.window is not None
        model = load_recogniser()
        asked: dict[str, Any] = {"window": self.window, "hop": self.hop}
        found = [(s, timeline(model, s, names, act=act, **asked)) for s in clips]
        if self.out is not None:
            write_timeline(self.out, found)
            note(f"wrote {self.out}")
        parts = [(s.name, part) for s, own in found for part in own]
        if json:
            segments = [{"name": name, **part.record()} for name, part in parts]
            json_object({"recogniser": "shipped", **asked, "segments": segments})
            return
        rows = [
            (name, p.person, f"{p.start:.1f}", f"{p.end:.1f}", p.label, f"{p.probability:.2f}")
            for name, p in parts
        ]
        headings = ("sequence", "person", "from", "to", "label", "p")
        table(f"timeline, windows of {self.window:g} s", headings, rows)


@app.command()
@grouped
def classify(
    hints: Hints,
    trained: Trained,
    timeline: Timeline,
    files: Annotated[
        list[Path],
        argument("Skeleton files in any known format; `example`: the clip that the package carries."),
    ],
    labels: Annotated[
        str | None,
        option("What it may be, separated by commas, or the name of a data set.", "--labels", "-l"),
    ] = None,
    labels_file: Annotated[Path | None, option("A label a line.")] = None,
    act: Annotated[
        bool,
        option("Simulated people act the labels out, to learn from: 0.1 s a label.", "--act/--no-act"),
    ] = True,
    adapt: Annotated[
        Literal["none", "batch"], option("none, or batch: the files' own level (transductive).")
    ] = "none",
    examples: Annotated[Path | None, option("Folder of a folder a label with clips of it.")] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Say which of your labels a skeleton sequence shows; nothing has to be trained.

    Without --run the recogniser that the package carries answers (`semtool recogniser card`). A label that
    the catalogue knows is described by its facts there; any other one by what its words say.

    Example: semtool classify example --labels "wave, kick, sit down, drink"
    """
    given = [name for name in (labels, labels_file, trained.descriptions) if name is not None]
    if len(given) > 1 or (not given and trained.run is not None):
        raise UsageError("say what it may be: one of --labels, --labels-file or, with --run, --descriptions")
    if not given and files != [Path(EXAMPLE)]:
        raise UsageError('say what it may be: --labels "wave, kick, sit down"')
    paths = [recording(path) for path in files]
    names = _names(labels, labels_file) if trained.descriptions is None else []
    if trained.run is not None:
        trained.answer(paths, names, hints.said(), root, as_json)
        return
    if trained.descriptions is not None:
        raise UsageError("--descriptions needs --run: the shipped recogniser reads labels")
    clips = sequences(paths, hints.said())
    if timeline.window is not None:
        timeline.answer(clips, names, act, as_json)
        return

    from skeleton.recogniser import NONE, load_examples, load_recogniser

    model = load_recogniser()
    learned = load_examples(examples, names, hints.said()) if examples else None
    answers = model.predict(clips, names, act=act, adapt=adapt, examples=learned)
    gain = model.gain(learned, names, act=act) if learned else None
    if as_json:
        said = ("name", "label", "because", "notes")
        found = [
            {key: getattr(a, key) for key in said}
            | {"probabilities": dict(zip(a.labels, a.probabilities, strict=True))}
            for a in answers
        ]
        more: dict[str, Any] = {"examples": gain.record()} if gain else {}
        json_object({"recogniser": "shipped", "inductive": adapt == "none", "predictions": found} | more)
        return
    if gain:
        note(gain.sentence())
    rows = []
    for a in answers:
        for text in a.notes:
            note(f"{a.name}: {text}")
        p = f"{a.probabilities[0]:.2f}" if a.fits else ""
        then = _then(a.labels, a.probabilities, 0 if a.label == NONE else 1)
        rows.append((a.name, a.label, p, then, " ".join(a.because)))
    level = " (TRANSDUCTIVE: the files' own level)" if adapt == "batch" else ""
    table(f"answers, with probabilities{level}", ("sequence", "label", "p", "then", "because"), rows)


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


group = typer.Typer(help="The recogniser that the package carries: needs no training.", no_args_is_help=True)
app.add_typer(group, name="recogniser")


@group.command()
def card(as_json: Json = False) -> None:
    """Say what the recogniser was made from, what was measured, and what it cannot do.

    Example: semtool recogniser card
    """
    from skeleton.recogniser import load_recogniser

    found = load_recogniser().card
    if as_json:
        json_object(dict(found))
        return
    say(_written(found))


@group.command()
@grouped
def describe(
    hints: Hints,
    files: Annotated[list[Path], argument("Skeleton files in any known format, or `example`.")],
    as_json: Json = False,
) -> None:
    """Say in the attribute vocabulary what is being done, without any label.

    Example: semtool recogniser describe clip.json
    """
    from skeleton.recogniser import load_recogniser

    clips = sequences([recording(path) for path in files], hints.said())
    found = load_recogniser().attributes(clips)
    if as_json:
        json_object({"sequences": [
            {"name": s.name, "attributes": {n: {"value": r.value, "confidence": r.confidence}
                                            for n, r in a.items()}}
            for s, a in zip(clips, found, strict=True)
        ]})  # fmt: skip
        return
    for sequence, attributes in zip(clips, found, strict=True):
        rows = [(r.field, r.value, f"{r.confidence:.2f}", r.sentence) for r in attributes.values()]
        table(sequence.name, ("field", "value", "confidence", "says"), rows)


def _written(value: Any, depth: int = 0) -> str:
    """Return nested facts as indented lines."""
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{'  ' * depth}{key}:", _written(inner, depth + 1)]
        else:
            shown = ", ".join(map(str, inner)) if isinstance(inner, list) else inner
            shown = f"{inner:.3f}" if isinstance(inner, float) else "-" if inner is None else shown
            lines.append(f"{'  ' * depth}{key}: {shown}")
    return "\n".join(lines)
