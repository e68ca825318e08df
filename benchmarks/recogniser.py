"""The shipped recogniser on real people whom it has never seen, from class names alone.

    python benchmarks/recogniser.py develop --data FOLDER     # UTD-MHAD and NW-UCLA: settles the calibration
    python benchmarks/recogniser.py zoo --data FOLDER         # the four sets of FOLDER/zoo, with that calibration

For UTD-MHAD and NW-UCLA the descriptions of their classes are left out of words and motion, and for every data
set its own level. Results go to ``results/recogniser.json`` and ``.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from common import CORES, arguments, machine, table
from make_recogniser import CALIBRATION, ingredients, levels
from numpy.typing import NDArray
from scipy.stats import rankdata
from skeletons import ZOO, load_zoo
from threadpoolctl import threadpool_limits

from semtool.catalogue import load_bank, load_dataset
from skeleton.recogniser.calibration import Calibration, softmax
from skeleton.recogniser.making import VERBS, Pool, fit_words, make
from skeleton.recogniser.reading import code
from skeleton.recogniser.recogniser import Recogniser
from skeleton.recogniser.words import Pieces
from skeleton.visual.kinematics import Described, describe_all

DEVELOP = ("utd-mhad", "nw-ucla")
TARGETS = {
    "utd-mhad": 45,
    "nw-ucla": 55,
    "msrdaily3d": 42,
    "kard": 55,
    "florence3d": 55,
    "sbu_interaction": 40,
}
FALSE_ALARMS = 0.1
SIZES, LISTS = {"list of 4": 4, "list of 8": 8, "all labels": 99}, 4
"""How many labels are to choose from, and how many lists are drawn a class."""
SHOTS, DRAWS = (1, 3, 5), 3


def load(name: str, data: Path) -> tuple[list[str], Described, NDArray[np.int64]]:
    """Return class names, features and labels of a data set."""
    if name in ZOO:
        dataset, sequences, _ = load_zoo(data, name)
    else:
        from skeleton.data.loading import read_raw
        from skeleton.data.sequence import SkeletonSequence

        dataset, raw = read_raw(data / name.replace("-", "_"), dataset=name)
        sequences = [s for s in raw if isinstance(s, SkeletonSequence)]
    labels = np.array([s.class_id for s in sequences])
    return [c.name for c in dataset.classes], describe_all(sequences, standard=True), labels


def scores(model: Recogniser, found: Described, names: Sequence[str], **how: Any) -> NDArray[np.float32]:
    options = {"act": True, "adapt": "none", "examples": None, "facts": False} | how
    return model.score(found, names, **options)[0]


def accuracy(s: NDArray[np.float32], labels: NDArray[np.int64], top: int = 1) -> float:
    return float((np.argsort(-s, axis=1)[:, :top] == labels[:, None]).any(axis=1).mean())


@dataclass(frozen=True)
class Trial:
    """Choices of which the first label is right: scores (n, C), and how much else fits better, also without it."""

    scores: NDArray[np.float32]
    outdone: NDArray[np.float32]
    missing: NDArray[np.float32]

    def chances(self, calibration: Calibration) -> NDArray[np.float32]:
        """Return probabilities (n, C)."""
        return softmax(self.scores / calibration.temperature(self.scores.shape[1]))

    def error(self, calibration: Calibration) -> float:
        """Return the expected calibration error over ten bins of confidence."""
        p = self.chances(calibration)
        sure, right = p.max(axis=1), p.argmax(axis=1) == 0
        bins = np.minimum((sure * 10).astype(int), 9)
        gaps = [
            (bins == b).mean() * abs(sure[bins == b].mean() - right[bins == b].mean())
            for b in np.unique(bins)
        ]
        return float(sum(gaps))


def trials(
    model: Recogniser, found: Described, names: Sequence[str], labels: NDArray[np.int64]
) -> dict[str, Trial]:
    """Return choices from lists of several lengths, drawn at random around the true label."""
    points, said = model.real(found), model.words.codes(names, facts=False)
    codes = model.estimator.codes(points)
    made = {}
    for name, size in SIZES.items():
        random = np.random.default_rng(size)
        parts = []
        for true in np.unique(labels):
            mine, seen = codes[labels == true], points[labels == true]
            for _ in range(LISTS if size < len(names) else 1):
                others = random.permutation(np.delete(np.arange(len(names)), true))
                some, none = said[[true, *others[: size - 1]]], said[others[:size]]
                weighed, _ = model.weighed(seen, some)
                parts.append((weighed, model.outdone(mine, some), model.outdone(mine, none)))
        made[name] = Trial(*(np.concatenate(p) for p in zip(*parts, strict=True)))
    return made


def few_shot(
    model: Recogniser, found: Described, labels: NDArray[np.int64], zero: NDArray[np.float32]
) -> dict[str, dict[str, float]]:
    """Return accuracy with a few labelled clips a class: the recogniser, and nearest neighbours on its features."""
    points = model.real(found)
    curve: dict[str, dict[str, float]] = {}
    for shots in SHOTS:
        ours, theirs = [], []
        for draw in range(DRAWS):
            random = np.random.default_rng([shots, draw])
            known = np.concatenate(
                [random.permutation(np.flatnonzero(labels == c))[:shots] for c in range(zero.shape[1])]
            )
            rest = np.setdiff1d(np.arange(len(labels)), known)
            learned = model.learned(points[rest], points[known], labels[known], zero.shape[1])
            ours.append(accuracy(zero[rest] + learned, labels[rest]))
            distance = ((points[rest] ** 2).sum(1)[:, None] - 2 * points[rest] @ points[known].T
                        + (points[known] ** 2).sum(1))  # fmt: skip
            theirs.append(float((labels[known][distance.argmin(axis=1)] == labels[rest]).mean()))
        curve[str(shots)] = {"recogniser": float(np.mean(ours)), "nearest neighbour": float(np.mean(theirs))}
    return curve


def measure(
    model: Recogniser, plain: Recogniser, name: str, data: Path
) -> tuple[dict[str, Any], dict[str, Trial]]:
    """Return the figures of one data set, and choices from its labels."""
    names, found, labels = load(name, data)
    s = scores(model, found, names)
    facts = None
    if name not in ZOO:
        bank = load_bank(load_dataset(name))
        stated = code([bank[c].attribute for c in range(len(names))])
        facts = accuracy(model.weighed(model.real(found), stated)[0], labels)
    own = replace(model, real=model.simulated)
    figures = {
        "classes": len(names), "clips": len(labels), "chance": 1 / len(names), "accuracy": accuracy(s, labels),
        "top 3": accuracy(s, labels, 3),
        "class mean": float(np.mean([accuracy(s[labels == c], labels[labels == c]) for c in set(labels.tolist())])),
        "at the simulated level": accuracy(scores(own, found, names), labels),
        "not acted out": accuracy(scores(model, found, names, act=False), labels),
        "batch level (transductive)": accuracy(scores(model, found, names, adapt="batch"), labels),
        "without the general verbs": accuracy(scores(plain, found, names), labels),
        "with facts": facts,
        "few labelled clips": few_shot(model, found, labels, s),
    }  # fmt: skip
    return figures, trials(model, found, names, labels)


def models(
    pieces: Pieces, pool: Pool, names: Sequence[str], card: dict[str, Any]
) -> Iterator[tuple[str, Recogniser, Recogniser]]:
    """Yield for each data set the recogniser that has not met it, and the same without the general verbs."""
    for name in names:
        model = make(pieces, pool, levels(), without=(name,), card=card)
        yield name, model, replace(model, words=fit_words(pieces, (name, VERBS))[0])


def main() -> None:
    parser = arguments(__doc__, data=True)
    parser.add_argument("parts", nargs="+", choices=("develop", "zoo"))
    parser.add_argument("--cache", type=Path, help="what make_recogniser.py --cache kept")
    options = parser.parse_args()
    record = json.loads(CALIBRATION.read_text()) if CALIBRATION.is_file() else {}
    figures = record.setdefault("measured, names only", {})
    with threadpool_limits(1):
        pieces, pool = ingredients(0, CORES, options.cache)
        for part in options.parts:
            kept: dict[str, dict[str, Trial]] = {}
            for name, model, plain in models(
                pieces, pool, DEVELOP if part == "develop" else tuple(ZOO), record
            ):
                figures[name], kept[name] = measure(model, plain, name, options.data)
                print(name, figures[name], flush=True)
            if part == "develop":
                record["calibration"] = asdict(calibrated(list(kept.values())))
            for name, chosen in kept.items():
                figures[name]["choices"] = {
                    size: judged(trial, Calibration(**record["calibration"]))
                    for size, trial in chosen.items()
                }
            record.setdefault("looks", []).append(f"{part}, {machine()}")
            CALIBRATION.write_text(json.dumps(record, indent=1) + "\n")
            CALIBRATION.with_suffix(".md").write_text(page(record))
    print(page(record))


def calibrated(kept: Sequence[dict[str, Trial]]) -> Calibration:
    """Return what makes the true labels likeliest, and the limit of one false alarm in ten on lists of four.

    Every data set and every length of lists weighs the same.
    """
    from scipy.optimize import minimize

    every = [trial for chosen in kept for trial in chosen.values()]

    def surprise(p: NDArray[np.floating]) -> float:
        return float(sum(-np.log(t.chances(Calibration(*p))[:, 0] + 1e-9).mean() for t in every))

    best = minimize(surprise, [-0.5, 0.3], method="Nelder-Mead").x.round(3)
    short = [chosen["list of 4"].outdone for chosen in kept]
    limits = np.unique(np.concatenate(short))
    alarms = np.array([np.mean([(o > limit).mean() for o in short]) for limit in limits])
    return Calibration(*best.tolist(), round(float(limits[alarms <= FALSE_ALARMS][0]), 4))


def judged(trial: Trial, calibration: Calibration) -> dict[str, float]:
    """Return what probabilities and "none of these" are worth; "at 10 %": by a limit of the data set's own."""
    own, limit = np.quantile(trial.outdone, 1 - FALSE_ALARMS), calibration.limit
    both = np.concatenate([trial.outdone, trial.missing])
    rank = rankdata(both)[len(trial.outdone) :]
    count = len(trial.missing)
    return {
        "accuracy": float((trial.scores.argmax(axis=1) == 0).mean()),
        "calibration error": trial.error(calibration),
        "area under the curve": float((rank.sum() - count * (count + 1) / 2) / (count * len(trial.outdone))),
        "found at 10 % false alarms": float((trial.missing > own).mean()),
        "none of these, wrongly": float((trial.outdone > limit).mean()),
        "none of these, rightly": float((trial.missing > limit).mean()),
    }


def page(record: dict[str, Any]) -> str:
    columns = ("accuracy", "top 3", "class mean", "not acted out", "at the simulated level", "without the general verbs", "with facts",
               "batch level (transductive)")  # fmt: skip
    measured = record["measured, names only"]
    rows, choices, few = [], [], []
    for name, found in measured.items():
        cells = ["" if found.get(c) is None else f"{100 * found[c]:.1f}" for c in columns]
        rows.append([name, found["classes"], f"{100 * found['chance']:.1f}", TARGETS[name], *cells])
        for size, judgement in found.get("choices", {}).items():
            choices.append([name, size, *(f"{100 * v:.1f}" for v in judgement.values())])
        curve = found["few labelled clips"]
        shots = [f"{100 * curve[str(k)][m]:.1f}" for k in SHOTS for m in ("recogniser", "nearest neighbour")]
        few.append([name, f"{100 * found['accuracy']:.1f}", *shots])
    judged_by = ("accuracy", "calibration error", "missing against not: area under the curve",
                 "found at 10 % false alarms", "at the shipped limit: wrongly", "rightly")  # fmt: skip
    lines = [
        "# The shipped recogniser: class names alone, nobody of the data set seen", "",
        "`python benchmarks/recogniser.py develop`, then once `zoo`; per cent, all clips, all classes as candidates. "
        "Levels (mean and deviation of columns, no label) are those of the other five "
        "sets; the general verbs (`verbs.yaml`) were written by somebody who knew the class names of all six.", "",
        *table(("", "classes", "chance", "wanted", *columns), rows), "",
        "Probabilities, and \"none of these\" (when another action that the package describes fits better than "
        "the best label by more than the limit). \"Missing\" is the true label taken off the list; calibrated on UTD-MHAD "
        "and NW-UCLA.", "", *table(("", "choice", *judged_by), choices), "",
        "With a few labelled clips a class (mean of three draws); beside it the nearest neighbour on the same features:", "",
        *table(("", "none", *(f(k) for k in SHOTS for f in (str, "{}, neighbour".format))), few), "",
        "Every look at these data sets:", "", *(f"- {look}" for look in record["looks"]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
