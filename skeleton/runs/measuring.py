"""`measure`: a scorer on the test samples of a task, over both parts of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skeleton.methods import Scorer
from skeleton.runs.calibration import predict
from skeleton.runs.metrics import gzsl_metrics, zsl_metrics
from skeleton.runs.predictions import Predictions
from skeleton.runs.records import Calibration, Generalised, Part, PartResult
from skeleton.runs.task import Task

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """What was measured: over each part (None where it is unknown), and the answers for single samples."""

    part: Part
    parts: dict[Part, PartResult[float] | None]
    predictions: Predictions

    def fields(self) -> dict[str, object]:
        """Return the fields of `records.Metrics` that these numbers fill."""
        decides, other = self.part, "all" if self.part == "test" else "test"
        result = self.parts[decides]
        assert result is not None
        return {"part": decides, "zsl": result.zsl, "gzsl": result.gzsl, other: self.parts[other]}  # type: ignore[index]


def measure(scorer: Scorer, task: Task, calibration: Calibration | None = None) -> Measured:
    """Measure a scorer; with ``calibration`` by the rules stacking (shown), gate and none."""
    classes = np.array(task.bank.classes, dtype=np.int64)
    unseen = np.isin(classes, task.unseen)
    on_unseen, on_seen = scorer.together(task.bank, task.unseen_test.features, task.seen_test.features)
    among_unseen = on_unseen[:, unseen]
    if not scorer.inductive:
        among_unseen = scorer.scores(task.unseen_test.features, task.bank.take(task.unseen))
    zero_shot = classes[unseen][among_unseen.argmax(axis=1)]

    def by(rule: str, scores: NDArray[np.float32]) -> NDArray[np.int64]:
        fitted = None if rule == "none" else calibration
        return np.asarray(classes[predict(scores, unseen, fitted, gate=rule == "gate")])

    rules = ("stacking", "gate", "none") if calibration is not None else ("none",)
    said = {rule: (by(rule, on_seen), by(rule, on_unseen)) for rule in rules}

    def over(of_seen: NDArray[np.bool_], of_unseen: NDArray[np.bool_]) -> PartResult[float] | None:
        if not of_unseen.any():
            return None
        seen_labels, labels = task.seen_test.labels[of_seen], task.unseen_test.labels[of_unseen]
        gzsl: dict[str, Generalised[float]] = {
            rule: gzsl_metrics(seen[of_seen], seen_labels, answers[of_unseen], labels)
            for rule, (seen, answers) in said.items()
        }
        names = {c: task.name_of(c) for c in task.unseen}
        zsl = zsl_metrics(zero_shot[of_unseen], labels, names)
        return PartResult[float](zsl=zsl, gzsl=gzsl if len(seen_labels) else None)

    # Imported features hold the test part alone: all samples are not known.
    only_test = bool(task.unseen_test.in_test.all())
    every = (np.ones(len(s), bool) for s in (task.seen_test, task.unseen_test))
    parts: dict[Part, PartResult[float] | None] = {
        "test": over(task.seen_test.in_test, task.unseen_test.in_test),
        "all": None if only_test else over(*every),
    }
    decides = task.protocol.decides

    both = (task.unseen_test, task.seen_test)
    on_seen_said, on_unseen_said = said[rules[0]]
    return Measured(
        part=decides if parts[decides] is not None else "all" if decides == "test" else "test",
        parts=parts,
        predictions=Predictions(
            names=(*task.unseen_test.names, *task.seen_test.names),
            unseen=np.repeat([True, False], [len(samples) for samples in both]),
            in_test=np.concatenate([samples.in_test for samples in both]),
            truth=np.concatenate([samples.labels for samples in both]),
            predicted=np.concatenate([zero_shot, on_seen_said]),
            general=np.concatenate([on_unseen_said, on_seen_said]),
            columns=task.unseen,
            scores=np.concatenate([among_unseen, on_seen[:, unseen]]),
        ),
    )
