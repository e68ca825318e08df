"""The shipped recogniser: any labels, any skeleton, nothing to train."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from semtool.encoders import blocks
from semtool.errors import SemtoolError, UsageError
from skeleton.data import SkeletonSequence, lacking, layout
from skeleton.recogniser.acted import TAKES, performances
from skeleton.recogniser.calibration import NONE, Calibration, softmax
from skeleton.recogniser.estimator import Estimator, Level, fit_ridge_on
from skeleton.recogniser.examples import Examples, Gain
from skeleton.recogniser.reading import Reading, read
from skeleton.recogniser.words import Words
from skeleton.visual import Described, describe_all

__all__ = ["EXAMPLE", "MODEL", "NONE", "Answer", "Recogniser", "load_recogniser"]

Matrix = NDArray[np.float32]
MODEL = Path(__file__).parent / "model"
EXAMPLE = MODEL / "example.npz"
"""A simulated clip of somebody who waves."""
_LARGE = 100_000
_ACT_RIDGE, _EXAMPLE_RIDGE = 0.3, 0.1
_ACT_SHARE = 0.25
"""What the labels acted out weigh beside the predicted codes."""
Adapt = Literal["none", "batch"]


@dataclass(frozen=True)
class Answer:
    """What one sequence shows.

    Attributes:
        name: of the sequence.
        labels: best first, with their ``probabilities``; these sum to one.
        fits: whether the best label fits at all; if not, the answer is `NONE`.
        because: what was seen that speaks for the best label against the others, strongest first.
        notes: what limits the answer: joints or a depth that are missing, a very short clip.
    """

    name: str
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    fits: bool
    because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The answer."""
        return self.labels[0] if self.fits else NONE


@dataclass(frozen=True)
class Recogniser:
    """Labels and motion meet in attribute codes.

    Attributes:
        words: labels -> codes.
        estimator: standardised features -> codes.
        simulated: level of the simulated people that the estimator learned from.
        real: level of real people, by which a single clip is standardised.
        card: what it was made from, calibration, measured figures.
    """

    words: Words
    estimator: Estimator
    simulated: Level
    real: Level
    card: Mapping[str, Any] = field(default_factory=dict)

    def predict(
        self,
        sequences: SkeletonSequence | Sequence[SkeletonSequence],
        labels: Sequence[str],
        *,
        act: bool = True,
        adapt: Adapt = "none",
        examples: Examples | None = None,
        facts: bool = True,
    ) -> list[Answer]:
        """Say which label each sequence shows.

        Args:
            sequences: of any layouts and lengths.
            labels: what they may be, at least two.
            act: whether the labels' attributes are acted out by simulated people and learned from as well.
            adapt: `batch` takes the level of the sequences given together instead of that of other people,
                which makes the answers depend on each other (transductive).
            examples: labelled sequences to learn from.
            facts: whether a label that the package describes has the attributes stated there, or those read
                from the words alone.

        Returns:
            An answer for each sequence, in order; its probabilities sum to one.

        Raises:
            UsageError: for fewer than two labels, or such that cannot be told apart.
            SemtoolError: if a sequence shows no motion.
        """
        given = [sequences] if isinstance(sequences, SkeletonSequence) else list(sequences)
        names = _checked(labels)
        if not given:
            return []
        found = self._describe(given)
        scores, codes = self.score(found, names, act=act, adapt=adapt, examples=examples, facts=facts)
        said = self.words.codes(names, facts=facts)
        chances = softmax(scores / self.calibration.temperature(len(names)))
        # Of examples the words may say nothing, so that what else fits the motion says nothing either.
        fits = (self.outdone(codes, said) <= self.calibration.limit) | (examples is not None)
        apart = (said - said.mean(axis=0)) @ self.estimator.metric
        stated = [read(row) for row in said]
        answers = []
        for row, sequence in enumerate(given):
            order = np.argsort(-scores[row], kind="stable")
            because = self._because(codes[row], apart[order[0]], stated[order[0]])
            answers.append(
                Answer(
                    sequence.name, tuple(names[i] for i in order), tuple(chances[row, order].tolist()),
                    bool(fits[row]), because, _notes(sequence, names),
                )
            )  # fmt: skip
        return answers

    def attributes(
        self, sequences: SkeletonSequence | Sequence[SkeletonSequence], *, adapt: Adapt = "none"
    ) -> list[dict[str, Reading]]:
        """Say in the attribute vocabulary what is being done, without any label: field -> reading.

        Args:
            sequences: of any layouts and lengths.
            adapt: see `predict`.

        Returns:
            For each sequence, field -> value, confidence (0 to 1) and sentence.

        Raises:
            UsageError: if a batch has one sequence only.
            SemtoolError: if a sequence shows no motion.
        """
        given = [sequences] if isinstance(sequences, SkeletonSequence) else list(sequences)
        if not given:
            return []
        found = self._describe(given)
        return [read(row) for row in self.estimator.codes(self._standard(found, adapt))]

    def similarity(self, sequences: Sequence[SkeletonSequence], labels: Sequence[str]) -> Matrix:
        """Return (n, C), how far sequences agree with labels; deviations from what any motion scores.

        Args:
            sequences: n, of any layouts and lengths.
            labels: C, at least two.

        Raises:
            UsageError: for fewer than two labels, or one given twice.
            SemtoolError: if a sequence shows no motion.
        """
        found = self._describe(list(sequences))
        codes = self.estimator.codes(self._standard(found, "none"))
        return self.estimator.scores(codes, self.words.codes(_checked(labels)))

    def outdone(self, codes: Matrix, said: Matrix) -> Matrix:
        """Return by how much another action that the package describes fits better than any label, (n,).

        Args:
            codes: (n, D) predicted of motion.
            said: (C, D) what the labels say.

        Returns:
            Deviations of what any motion scores; below zero if a label fits best of all.
        """
        known = self.words.table
        centre = known.mean(axis=0)
        labels, others = (self.estimator.agreement(codes, c - centre).max(axis=1) for c in (said, known))
        return np.asarray(others - labels, np.float32)

    @property
    def calibration(self) -> Calibration:
        """What was settled on data sets, or nothing."""
        return Calibration(**self.card.get("calibration", {}))

    def gain(self, examples: Examples, labels: Sequence[str], *, act: bool = True) -> Gain:
        """Say what examples are worth: each is recognised with the help of the others.

        Args:
            examples: of some of the labels.
            labels: what they may be.
            act: whether the labels' attributes are acted out by simulated people and learned from as well.

        Returns:
            Accuracy on the examples, 0 to 1, with and without learning from the others.
        """
        found = self._describe(examples.sequences)
        before, _ = self.score(found, labels, act=act, adapt="none", examples=None)
        points = self._standard(found, "none")
        after = before.copy()
        for at in range(len(examples.rows)):
            rest = np.arange(len(examples.rows)) != at
            if rest.any():
                after[at] += self.learned(points[[at]], points[rest], examples.rows[rest], len(labels))[0]
        right = [float((scores.argmax(axis=1) == examples.rows).mean()) for scores in (before, after)]
        return Gain(len(examples.rows), *right)

    def score(
        self, found: Described, labels: Sequence[str], *, act: bool, adapt: Adapt,
        examples: Examples | None = None, facts: bool = True,
    ) -> tuple[Matrix, Matrix]:  # fmt: skip
        """Return scores (n, C) of described motion over labels, and the predicted codes (n, D).

        Args:
            found: n sequences, described.
            labels: C labels.
            act: whether the labels' attributes are acted out by simulated people and learned from as well.
            adapt: see `predict`.
            examples: labelled sequences to learn from.
            facts: see `predict`.

        Raises:
            UsageError: if a batch has one sequence only.
        """
        points = self._standard(found, adapt)
        scores, codes = self.weighed(points, self.words.codes(labels, facts=facts), act=act)
        if examples is not None:
            shown = self._standard(self._describe(examples.sequences), "none")
            scores = scores + self.learned(points, shown, examples.rows, len(labels))
        return scores, codes

    def weighed(self, points: Matrix, said: Matrix, *, act: bool = True) -> tuple[Matrix, Matrix]:
        """Return scores (n, C) over labels, and the predicted codes (n, D).

        Args:
            points: (n, Dv) standardised features of motion.
            said: (C, D) what the labels say.
            act: whether simulated people act the labels out as well.
        """
        codes = self.estimator.codes(points)
        scores = self.estimator.scores(codes, said)
        return (scores + _ACT_SHARE * self._acted(points, said) if act else scores), codes

    def _acted(self, points: Matrix, said: Matrix) -> Matrix:
        """Return scores (n, C) by simulated performances of what the labels say."""
        stated = [tuple((name, r.value) for name, r in read(row).items()) for row in said]
        seen = self.estimator.lift(np.concatenate([self.simulated(performances(s)) for s in stated]))
        shown = np.repeat(np.eye(len(said), dtype=np.float32), TAKES, axis=0)
        weights, origin, offset = fit_ridge_on(seen, shown, _ACT_RIDGE)
        return _by_row((self.estimator.lift(points) - origin) @ weights + offset)

    def learned(self, points: Matrix, shown: Matrix, rows: NDArray[np.int64], count: int) -> Matrix:
        """Return scores (n, C) by labelled examples ``shown``; many weigh more.

        Args:
            points: (n, Dv) standardised features of what is to be recognised.
            shown: (m, Dv) those of the examples.
            rows: int64 (m,), which label each example shows.
            count: C, the number of labels.
        """
        onto = np.eye(count, dtype=np.float32)[rows]
        weights, origin, offset = fit_ridge_on(self.estimator.lift(shown), onto, _EXAMPLE_RIDGE)
        each = len(rows) / len(set(rows.tolist()))
        return _by_row((self.estimator.lift(points) - origin) @ weights + offset) * np.float32(1 + each)

    def _describe(self, sequences: Sequence[SkeletonSequence]) -> Described:
        for sequence in sequences:
            if sequence.positions.shape[1] < 2 or not sequence.positions.any():
                raise SemtoolError(
                    f"{sequence.name} shows no motion: it has fewer than two frames with a body"
                )
        return describe_all(sequences, standard=True)

    def _standard(self, found: Described, adapt: Adapt) -> Matrix:
        if adapt == "batch":
            if len(found.features) < 2:
                raise UsageError("a batch has at least two sequences; leave --adapt out for one")
            return Level.of(found.features)(found)
        return self.real(found)

    def _because(self, codes: Matrix, apart: Matrix, stated: Mapping[str, Reading]) -> tuple[str, ...]:
        """Return the sentences of what was seen that speaks most for a label, by what tells it apart (D,)."""
        speaks = (codes - self.estimator.usual) * apart
        seen = read(codes)
        strength = {name: float(speaks[span].sum()) for name, (span, _) in blocks().items()}
        order = sorted(strength, key=lambda name: -strength[name])
        agreed = [n for n in order if strength[n] > 0 and seen[n].value == stated[n].value]
        return tuple(seen[name].sentence for name in agreed[:3])

    # ---- files
    def save(self, folder: Path) -> None:
        """Write it to a folder."""
        from safetensors.numpy import save_file

        tensors = {f"words.{k}": v for k, v in self.words.tensors().items()}
        tensors |= {f"estimator.{k}": v for k, v in self.estimator.tensors().items()}
        for name, level in (("simulated", self.simulated), ("real", self.real)):
            tensors |= {f"{name}.mean": level.mean, f"{name}.deviation": level.deviation}
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: _halved(v) for k, v in tensors.items()}, folder / "recogniser.safetensors")
        (folder / "pieces.txt").write_text("\n".join(self.words.pieces.names), encoding="utf-8", newline="\n")
        (folder / "texts.txt").write_text("\n".join(self.words.texts), encoding="utf-8", newline="\n")
        text = json.dumps(self.card, indent=1, sort_keys=True)
        (folder / "card.json").write_text(text + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def open(cls, folder: Path) -> Recogniser:
        """Read it from a folder."""
        from safetensors.numpy import load_file

        try:
            tensors = load_file(folder / "recogniser.safetensors")
            pieces, texts = (
                (folder / f"{n}.txt").read_text(encoding="utf-8").split("\n") for n in ("pieces", "texts")
            )
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise SemtoolError(
                f"the recogniser's file cannot be read: {error}; install the package again"
            ) from error
        parts: dict[str, dict[str, Any]] = {}
        for name, value in tensors.items():
            part, _, key = name.partition(".")
            parts.setdefault(part, {})[key] = value.astype(np.float32) if value.dtype == np.float16 else value
        return cls(
            Words.restore(parts["words"], pieces, texts), Estimator.restore(parts["estimator"]),
            Level(**parts["simulated"]), Level(**parts["real"]), card,
        )  # fmt: skip


@cache
def load_recogniser() -> Recogniser:
    """Return the recogniser that the package carries."""
    return Recogniser.open(MODEL)


def _halved(values: NDArray[Any]) -> NDArray[Any]:
    """Return large tables of numbers in half the space: three digits are enough for them."""
    large = values.dtype == np.float32 and values.size > _LARGE
    return np.ascontiguousarray(values.astype(np.float16) if large else values)


def _checked(labels: Sequence[str]) -> list[str]:
    names = [label.strip() for label in labels]
    if len(names) < 2 or not all(names):
        raise UsageError("give at least two labels, separated by commas, none of them empty")
    plain = [" ".join(name.lower().split()) for name in names]
    if doubled := sorted({p for p in plain if plain.count(p) > 1}):
        raise UsageError(f"a label is given twice: {', '.join(doubled)}")
    return names


_LEGGED = (
    "kick",
    "walk",
    "run",
    "jog",
    "jump",
    "hop",
    "squat",
    "lunge",
    "step",
    "leg",
    "foot",
    "knee",
    "stand",
    "sit",
)


def _notes(sequence: SkeletonSequence, labels: Sequence[str]) -> tuple[str, ...]:
    """Return what limits an answer on this sequence."""
    found = []
    joints = layout(sequence.layout)
    missing = lacking(joints)
    if missing:
        found.append(f"{sequence.layout.split(':')[0]} has no {', '.join(missing)}")
        about = [n for n in labels if any(w in n.lower() for w in _LEGGED)]
        if about and any("knee" in j or "ankle" in j for j in missing):
            found.append(f"without legs {', '.join(about)} can hardly be told")
    if not sequence.positions[2:].any():
        found.append("without depth, movement to the front and back and turns cannot be seen")
    if sequence.positions.shape[1] < 10:
        found.append(f"only {sequence.positions.shape[1]} frames")
    return tuple(found)


def _by_row(scores: NDArray[np.floating]) -> Matrix:
    """Return scores of which each row has mean zero and deviation one."""
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray(
        (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1), np.float32
    )
