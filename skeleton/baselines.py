"""Training-free zero-shot classifiers: closed forms that take seconds, so that texts can be compared.

Notation: X (n, Dv) seen training features, standardised; Y (n, S) which class each is of; s_c the text
prototype of class c, that is the normalised mean of its codebook, minus the mean of the seen classes'
prototypes, normalised again; P (S, d) the prototypes of the seen classes; K the kernel, linear ``x.z / Dv``
or RBF ``exp(-g |x - z|^2 / m)`` with m the median squared distance.

Both methods first ask how much a sample looks like each seen class, ``r(x) = k(x, X) (K + a n I)^-1 Y``,
then carry that over to any class through text:

- `ridge`: kernel ridge regression onto prototypes, ``f(x) = r(x) P``, compared by cosine:
  ``score(x, c) = f(x) . s_c / |f(x)|``.
- `eszsl` (Romera-Paredes and Torr, ICML 2015), linear kernel, Y of plus and minus one:
  ``score(x, c) = r(x) P (P^T P + b I)^-1 s_c``.

Either may be calibrated: every class's scores minus their mean over the seen training samples, divided by
their standard deviation there, which takes from hub classes what they attract anyway. Kernel, a, b, g and
calibration are chosen by leave-classes-out cross-validation on the seen classes, and recorded.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from skeleton.scorers import Normalisation
from skeleton.text import TextBank, prototypes

__all__ = ["ClosedForm", "Setting", "choose", "fit_closed_form", "grid", "thin"]

Matrix = NDArray[np.float64]
MAX_SAMPLES = 4000
"""Most training samples a kernel is solved for; more are thinned evenly, class by class."""
CV_SAMPLES = 1500
"""The same within cross-validation."""


@dataclass(frozen=True)
class Setting:
    """What cross-validation chooses. ``rbf`` is g, 0 for the linear kernel; ``ridge`` is a, ``text_ridge``
    b."""

    method: str
    rbf: float
    ridge: float
    text_ridge: float
    calibrated: bool


def grid(method: str) -> list[Setting]:
    """Return the settings that are tried; of equals the first wins."""
    if method == "eszsl":
        return [
            Setting(method, 0.0, a, b, z)
            for a, b, z in itertools.product((0.1, 0.01, 0.001, 1.0), (1.0, 0.1, 10.0), (True, False))
        ]
    return [
        Setting(method, g, a, 0.0, z)
        for g, a, z in itertools.product((1.0, 0.5, 2.0, 0.0), (0.01, 0.001, 0.0001, 0.1), (True, False))
    ]


@dataclass(frozen=True)
class ClosedForm:
    """A fitted closed form.

    Attributes:
        setting: the chosen setting.
        normalise: standardisation of features.
        support: (n, Dv) training features the kernel looks at, standardised.
        dual: (n, S) ``(K + a n I)^-1 Y``.
        responses: (n, S) r of the training samples themselves, for the calibration.
        seen: (S, d) prototypes P.
        centre: (d,) mean of the seen classes' uncentred prototypes.
        scale: the median squared distance m.
    """

    setting: Setting
    normalise: Normalisation
    support: Matrix
    dual: Matrix
    responses: Matrix
    seen: Matrix
    centre: Matrix
    scale: float

    def scores(self, features: NDArray[np.float32], bank: TextBank) -> NDArray[np.float32]:
        """Return (n, C): features (n, Dv) against the classes of ``bank``."""
        if features.shape[1] != self.support.shape[1] or bank.dim != len(self.centre):
            raise SemtoolError(
                f"the run was fitted on features of length {self.support.shape[1]} and text of length "
                f"{len(self.centre)}, not {features.shape[1]} and {bank.dim}; use those it was fitted on, "
                "or text of the same encoder"
            )
        kernel = _kernel(
            self.normalise(features).astype(np.float64), self.support, self.setting.rbf, self.scale
        )
        text = _centred(prototypes(bank), self.centre)
        found = _text_scores(kernel @ self.dual, self.responses, self.seen, text, self.setting)
        return found.astype(np.float32)

    def place(self, features: NDArray[np.float32], bank: TextBank) -> tuple[Matrix, Matrix]:
        """Return where samples (n, d) and classes (C, d) lie in text space, before any calibration.

        A sample lies at its predicted text position: ``r P`` (`ridge`) or ``r P (P^T P + b I)^-1`` (`eszsl`).
        """
        kernel = _kernel(
            self.normalise(features).astype(np.float64), self.support, self.setting.rbf, self.scale
        )
        found = kernel @ self.dual
        if self.setting.method == "eszsl":
            gram = self.seen @ self.seen.T + self.setting.text_ridge * np.eye(len(self.seen))
            found = np.asarray(np.linalg.solve(gram, found.T).T, dtype=np.float64)
        return found @ self.seen, _centred(prototypes(bank), self.centre)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors and the facts that `restore` needs."""
        tensors = {name: getattr(self, name) for name in ("support", "dual", "responses", "seen", "centre")}
        tensors |= {"normalise/mean": self.normalise.mean, "normalise/scale": self.normalise.scale}
        facts = {"method": self.setting.method, "setting": asdict(self.setting), "scale": self.scale}
        return tensors, facts | {"normalise": self.normalise.kind}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> ClosedForm:
        """Build the classifier of a checkpoint."""
        try:
            return cls(
                setting=Setting(**facts["setting"]),
                normalise=Normalisation(
                    facts["normalise"], tensors["normalise/mean"], tensors["normalise/scale"]
                ),
                scale=float(facts["scale"]),
                **{name: tensors[name] for name in ("support", "dual", "responses", "seen", "centre")},
            )
        except (KeyError, TypeError) as error:
            raise SemtoolError(f"the checkpoint lacks {error}; train the run again") from error


def fit_closed_form(
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    bank: TextBank,
    setting: Setting,
    *,
    feature_norm: str = "standard",
    limit: int = MAX_SAMPLES,
) -> ClosedForm:
    """Fit a setting.

    Args:
        features: (n, Dv) seen training features.
        rows: (n,) row of each sample's class in ``bank``.
        bank: the text of the classes fitted on.
        setting: kernel and regularisation.
        feature_norm: see `skeleton.config.TrainConfig`.
        limit: most samples the kernel is solved for.
    """
    normalise = Normalisation.of(feature_norm, features)
    kept = thin(rows, limit)
    support = normalise(features[kept]).astype(np.float64)
    scale = _median_distance(support)
    kernel = _kernel(support, support, setting.rbf, scale)
    dual = _solve(kernel, rows[kept], len(bank.classes), setting.ridge, setting.method)
    text = _Text.of(prototypes(bank).astype(np.float64))
    return ClosedForm(setting, normalise, support, dual, kernel @ dual, text.seen, text.centre, scale)


@dataclass(frozen=True)
class _Text:
    """Centred prototypes of the seen classes (S, d) and what they were centred by (d,)."""

    seen: Matrix
    centre: Matrix

    @classmethod
    def of(cls, vectors: Matrix) -> _Text:
        centre = vectors.mean(axis=0)
        return cls(_centred(vectors, centre), centre)


def _solve(kernel: Matrix, rows: NDArray[np.int64], classes: int, ridge: float, method: str) -> Matrix:
    """Return ``(K + a n I)^-1 Y`` (n, S)."""
    from scipy.linalg import cho_factor, cho_solve

    target = np.eye(classes)[rows]
    if method == "eszsl":
        target = 2 * target - 1
    solved = cho_factor(kernel + ridge * len(rows) * np.eye(len(rows)), lower=True)
    return np.asarray(cho_solve(solved, target))


def choose(
    method: str,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    bank: TextBank,
    *,
    seed: int = 0,
    feature_norm: str = "standard",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Setting, dict[str, Any]]:
    """Choose a setting by leave-classes-out cross-validation on the seen classes.

    The classes are dealt into up to five folds of at least two, twice. A fold's classes are recognised among
    themselves by a fit on the others; the mean over folds of the class-mean accuracy decides.

    Returns:
        the setting, and what was found: folds, the winning accuracy, chance, the best five settings.
    """
    settings = grid(method)
    classes = len(bank.classes)
    count = min(5, classes // 2)
    if count < 2:
        return settings[0], {
            "note": f"{classes} seen classes are too few to cross-validate; defaults were used"
        }
    rng = np.random.default_rng(seed)
    folds = [np.sort(f) for _ in range(2) for f in np.array_split(rng.permutation(classes), count)]
    found = np.zeros((len(settings), len(folds)))
    kept = thin(rows, CV_SAMPLES)
    features, rows = features[kept], rows[kept]
    vectors = prototypes(bank).astype(np.float64)
    for at, fold in enumerate(folds):
        rest = np.setdiff1d(np.arange(classes), fold)
        train, test = np.flatnonzero(np.isin(rows, rest)), np.flatnonzero(np.isin(rows, fold))
        places, truth = np.searchsorted(rest, rows[train]), np.searchsorted(fold, rows[test])
        text = _Text.of(vectors[rest])
        held = _centred(vectors[fold], text.centre)
        normalise = Normalisation.of(feature_norm, features[train])
        known, asked = (normalise(features[i]).astype(np.float64) for i in (train, test))
        scale = _median_distance(known)
        for rbf in dict.fromkeys(s.rbf for s in settings):
            kernel, across = _kernel(known, known, rbf, scale), _kernel(asked, known, rbf, scale)
            for ridge in dict.fromkeys(s.ridge for s in settings):
                dual = _solve(kernel, places, len(rest), ridge, method)
                responses, on_train = across @ dual, kernel @ dual
                for index, setting in enumerate(settings):
                    if (setting.rbf, setting.ridge) == (rbf, ridge):
                        guess = _text_scores(responses, on_train, text.seen, held, setting).argmax(axis=1)
                        right = [float((guess[truth == c] == c).mean()) for c in np.unique(truth)]
                        found[index, at] = np.mean(right)
        if progress is not None:
            progress(at + 1, len(folds))
    mean = found.mean(axis=1)
    order = np.argsort(-mean, kind="stable")
    record = {
        "folds": [[int(bank.classes[c]) for c in fold] for fold in folds],
        "accuracy": float(mean[order[0]]),
        "chance": float(np.mean([1 / len(fold) for fold in folds])),
        "seed": seed,
        "best": [{**asdict(settings[i]), "accuracy": float(mean[i])} for i in order[:5]],
    }
    return settings[int(order[0])], record


def _text_scores(responses: Matrix, on_train: Matrix, seen: Matrix, text: Matrix, setting: Setting) -> Matrix:
    """Carry responses (n, S) over to the classes with prototypes ``text`` (C, d): (n, C)."""
    if setting.method == "eszsl":
        # P (P^T P + b I)^-1 = (P P^T + b I)^-1 P, which is the smaller system.
        carry = np.linalg.solve(seen @ seen.T + setting.text_ridge * np.eye(len(seen)), seen @ text.T)
        found, base = responses @ carry, on_train @ carry
    else:
        gram, carry = seen @ seen.T, seen @ text.T
        found, base = (
            (r @ carry)
            / np.sqrt(np.maximum(np.einsum("ns,st,nt->n", r, gram, r, optimize=True), 1e-24))[:, None]
            for r in (responses, on_train)
        )
    if setting.calibrated:
        spread = base.std(axis=0)
        found = (found - base.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(found)


def _kernel(left: Matrix, right: Matrix, rbf: float, scale: float) -> Matrix:
    if rbf == 0:
        return np.asarray(left @ right.T / left.shape[1])
    return np.asarray(np.exp(-rbf / scale * _distances(left, right)))


def _distances(left: Matrix, right: Matrix) -> Matrix:
    squared = (left**2).sum(1)[:, None] + (right**2).sum(1)[None, :] - 2 * left @ right.T
    return np.asarray(np.maximum(squared, 0.0))


def _median_distance(points: Matrix) -> float:
    some = points[np.linspace(0, len(points) - 1, min(len(points), 500)).round().astype(int)]
    found = _distances(some, some)
    positive = found[found > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def _centred(text: NDArray[np.floating[Any]], centre: Matrix) -> Matrix:
    moved = np.asarray(text, dtype=np.float64) - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12))


def thin(rows: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """Return at most ``limit`` indices, spread evenly over each class's samples."""
    if len(rows) <= limit:
        return np.arange(len(rows))
    classes = np.unique(rows)
    share = max(1, limit // len(classes))
    kept = []
    for c in classes:
        at = np.flatnonzero(rows == c)
        kept.append(at[np.linspace(0, len(at) - 1, min(share, len(at))).round().astype(int)])
    return np.sort(np.concatenate(kept))
