"""Regression from motion onto text in closed form, learned from seen classes and, if asked, auxiliary ones.

Notation: X (n, Dv) training features, standardised (and clipped); s_c the text prototype of class c (the
normalised mean of its codebook), c0 the mean of the seen classes' prototypes; W weights of the samples, so
that seen and auxiliary classes have their share (`SHARE`) whatever their number; K the kernel. Everything is

    f(x) = k(x, X) (K + a n W^-1)^-1 T,        score(x, c) = f(x) M u(s_c - c0),    u(v) = v / |v|

- `fit_ridge`: T holds s_c - c0 of each sample's class (or u of it), f(x) is brought to unit length,
  a = 0.001;
  K = mean over blocks b of exp(-|x_b - z_b|^2 / m_b), with m_b the median squared distance within the block.
  A kernel that is a *sum* over blocks (kinematic features have fifty) lets a new class look like one known
  class in its arms and like another in its legs; one kernel over all columns asks for one class that it
  resembles in everything, which serves better where a thousand combinations are known. M = I, or,
  decorrelated, (d C / tr C + b I)^-1 with C the covariance of the training classes' text and b = 5: it takes
  back some of what attributes have in common by habit (whoever walks also swings the arms).
- `fit_eszsl` (Romera-Paredes and Torr, ICML 2015, eq. 5, with a kernel): K = x.z / Dv, a = 0.01,
  T = Y P (P^T P + I)^-1 with P (S, d) the prototypes u(s_c - c0) and Y (n, S) of plus and minus one; M = I.

At last each class's scores lose their mean over the seen training samples and are divided by their deviation
there (hub correction), which takes from hub classes what they attract anyway.

The constants are the same for every data set and split. They are not chosen by cross-validation over the seen
classes of a run: a visual encoder that was trained on those very classes has already pulled them apart, and
would choose kernels that are too sharp. They were set once on features that are not trained
(`skeleton.visual.kinematics`), where they hardly matter (``benchmarks/results/best_choose.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from skeleton.methods.base import Examples, Scorer
from skeleton.methods.kernel.solving import EXACT, LANDMARKS, solve, spread
from skeleton.methods.normalisation import Normalisation
from skeleton.methods.text import TextBank, prototypes

__all__ = ["RIDGE", "SHRINKAGE", "KernelScorer", "fit_eszsl", "fit_ridge"]

Matrix = NDArray[np.float32]
RIDGE = {"rbf": 1e-3, "linear": 1e-2}
"""a, by kernel."""
SHRINKAGE = 5.0
"""b of the decorrelation."""
SHARE = 0.8
"""Share of simulated classes, as a whole, in the regression and in C."""
_CHUNK = 2000
_TENSORS = ("support", "scales", "dual", "centre", "metric", "anchors")


@dataclass(frozen=True)
class KernelScorer(Scorer):
    """A fitted kernel regression.

    Attributes:
        kernel: `rbf` (then f(x) is of unit length) or `linear`.
        clip: where normalised features end, on both sides; None: nowhere.
        normalise: standardisation of features, settled on seen training samples.
        widths: widths of the blocks that have a kernel of their own.
        support: (n, Dv) training features, standardised, seen ones first; of very many, landmarks
            (`skeleton.methods.kernel.solving`).
        scales: (blocks,) median squared distances; 0 for a block in which nothing varies.
        dual: (n, d) ``(K + a n W^-1)^-1 T``.
        centre: (d,) mean prototype of the seen classes.
        metric: (d, d) M; (0, 0) for the identity.
        anchors: (seen samples, d) predictions of the seen training samples; none without hub correction.
    """

    kernel: str
    clip: float | None
    normalise: Normalisation
    widths: tuple[int, ...]
    support: Matrix
    scales: Matrix
    dual: Matrix
    centre: Matrix
    metric: Matrix
    anchors: Matrix

    def predict(self, features: Matrix) -> Matrix:
        """Return (n, d), where in centred text space features (n, Dv) point to."""
        known = _clipped(self.normalise(features), self.clip)
        parts = [np.zeros((0, len(self.centre)), np.float32)]
        for start in range(0, len(known), _CHUNK):
            k = _kernel(self.kernel, known[start : start + _CHUNK], self.support, self.widths, self.scales)
            parts.append(np.asarray(k @ self.dual, np.float32))
        found = np.concatenate(parts)
        return _unit(found) if self.kernel == "rbf" else found

    def place(self, features: Matrix, bank: TextBank) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return samples (n, d) and classes (C, d) in the same centred text space, before hub correction."""
        self._check(features, bank)
        text = _unit(prototypes(bank) - self.centre)
        return self.predict(features).astype(np.float64), text.astype(np.float64)

    def scores(self, features: Matrix, bank: TextBank) -> Matrix:
        """Return (n, C): features (n, Dv) against the classes of ``bank``."""
        self._check(features, bank)
        text = _unit(prototypes(bank) - self.centre)
        if len(self.metric):
            text = text @ self.metric
        scores = self.predict(features) @ text.T
        if len(self.anchors):
            base = self.anchors @ text.T
            spread = base.std(axis=0)
            scores = (scores - base.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return np.asarray(scores, dtype=np.float32)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors and the facts that `restore` needs."""
        tensors = {name: getattr(self, name) for name in _TENSORS} | self.normalise.tensors()
        return tensors, {
            "kernel": self.kernel,
            "clip": self.clip,
            "widths": self.widths,
            "normalise": self.normalise.kind,
        }

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> KernelScorer:
        """Return the scorer of a checkpoint."""
        normalise = Normalisation.restore(facts["normalise"], tensors)
        parts = {name: tensors[name] for name in _TENSORS}
        return cls(facts["kernel"], facts["clip"], normalise, tuple(facts["widths"]), **parts)

    def solved(self, samples: int) -> dict[str, Any]:
        """Return what metrics say of a fit on ``samples``: how many, and whether it is exact."""
        exact = self.kernel == "linear" or len(self.support) == samples
        solver = "exact" if exact else f"nystroem, {len(self.support)} landmarks"
        return {"samples": samples, "solver": solver}

    def _check(self, features: Matrix, bank: TextBank) -> None:
        if features.shape[1] != self.support.shape[1] or bank.dim != len(self.centre):
            raise SemtoolError(
                f"the run was fitted on features of length {self.support.shape[1]} and text of length "
                f"{len(self.centre)}, not {features.shape[1]} and {bank.dim}; use those it was fitted on, "
                "or text of the same encoder"
            )


def fit_ridge(
    seen: Examples,
    auxiliary: Examples | None = None,
    *,
    widths: Sequence[int] = (),
    share: float = SHARE,
    feature_norm: str = "standard",
    hub_correction: bool = True,
    target: str = "unit",
    decorrelate: bool = False,
    clip: float | None = None,
) -> KernelScorer:
    """Fit kernel ridge regression onto prototypes.

    Args:
        seen: training samples of the seen classes.
        auxiliary: samples of other classes; standardised by themselves, because another sensor (or none at
            all) recorded them.
        widths: widths of the feature blocks, in order, that have a kernel of their own; none: one kernel.
        share: of the auxiliary classes, as a whole, in the regression and in C.
        feature_norm: see `skeleton.methods.base.FeatureNorm`.
        hub_correction: whether scores are standardised class by class over the seen training samples.
        target: `unit`: prototypes are brought to unit length before they are regressed onto; `centred`: not.
        decorrelate: whether text is compared by M instead of the cosine.
        clip: where normalised features end.

    Raises:
        SemtoolError: if auxiliary features or text are of another length than the seen ones.
    """
    if auxiliary is not None:
        _check_alike(seen, auxiliary)
    sources = [seen, *([auxiliary] if auxiliary is not None else [])]
    widths = tuple(widths) or (seen.features.shape[1],)
    normalise = Normalisation.of(feature_norm, seen.features)
    each = [normalise, *(Normalisation.of(feature_norm, e.features) for e in sources[1:])]
    points = np.concatenate([_clipped(n(e.features), clip) for n, e in zip(each, sources, strict=True)])
    text = [_centred(prototypes(e.bank)) for e in sources]
    onto = [_unit(t) for t in text] if target == "unit" else text
    targets = np.concatenate([t[e.rows] for t, e in zip(onto, sources, strict=True)])
    shares = [1 - share, share] if auxiliary is not None else [1.0]
    weight = np.concatenate(
        [np.full(len(e.rows), s / len(e.rows)) for s, e in zip(shares, sources, strict=True)]
    )
    return _solved(
        points,
        targets,
        weight,
        groups=np.concatenate([e.rows + at * len(seen.bank.classes) for at, e in enumerate(sources)]),
        anchors=len(seen.rows) if hub_correction else 0,
        kernel="rbf",
        clip=clip,
        normalise=normalise,
        widths=widths,
        scales=_scales(points[: len(seen.rows)], widths),
        centre=prototypes(seen.bank).mean(axis=0),
        metric=_metric([_unit(t) for t in text], shares) if decorrelate else np.zeros((0, 0), np.float32),
    )


def fit_eszsl(
    seen: Examples,
    *,
    feature_norm: str = "standard",
    hub_correction: bool = True,
    clip: float | None = None,
) -> KernelScorer:
    """Fit ESZSL; arguments as in `fit_ridge`."""
    normalise = Normalisation.of(feature_norm, seen.features)
    points = _clipped(normalise(seen.features), clip)
    vectors = prototypes(seen.bank)
    known = _unit(vectors - vectors.mean(axis=0)).astype(np.float64)
    signs = 2 * np.eye(len(known))[seen.rows] - 1
    # P (P^T P + I)^-1 = (P P^T + I)^-1 P, which is the smaller system.
    targets = signs @ np.linalg.solve(known @ known.T + np.eye(len(known)), known)
    return _solved(
        points,
        targets,
        np.ones(len(points)),
        groups=seen.rows,
        anchors=len(seen.rows) if hub_correction else 0,
        kernel="linear",
        clip=clip,
        normalise=normalise,
        widths=(points.shape[1],),
        scales=np.ones(1, np.float32),
        centre=vectors.mean(axis=0),
        metric=np.zeros((0, 0), np.float32),
    )


def _solved(
    points: Matrix,
    targets: NDArray[Any],
    weight: NDArray[np.float64],
    groups: NDArray[np.int64],
    anchors: int,
    **facts: Any,
) -> KernelScorer:
    """Solve for the dual; the predictions of the first ``anchors`` samples serve the hub correction.

    Landmarks are spread over the ``groups`` (n,) of the samples; those of the linear kernel are the axes.
    """
    kernel, landmarks = facts["kernel"], None
    if len(points) > EXACT:
        axes = np.eye(points.shape[1], dtype=np.float32) * points.shape[1]
        landmarks = axes if kernel == "linear" else points[spread(groups, LANDMARKS)]
    found = solve(
        partial(_kernel, kernel, widths=facts["widths"], scales=facts["scales"]),
        points,
        targets.astype(np.float64),
        weight / weight.mean(),
        RIDGE[kernel] * len(points),
        landmarks,
    )
    base = found.fitted[:anchors]
    base = _unit(base) if kernel == "rbf" else base
    return KernelScorer(support=found.support, dual=found.dual, anchors=base, **facts)


def _check_alike(seen: Examples, auxiliary: Examples) -> None:
    ours = seen.features.shape[1], seen.bank.dim
    theirs = auxiliary.features.shape[1], auxiliary.bank.dim
    if ours != theirs:
        raise SemtoolError(
            f"the auxiliary classes have features of length {theirs[0]} and text of length {theirs[1]}, the "
            f"seen ones {ours[0]} and {ours[1]}; use features of --visual kinematics, or --auxiliary none"
        )


def _metric(known: Sequence[Matrix], shares: Sequence[float]) -> Matrix:
    """Return M (d, d) from the unit text (C, d) of the training classes of each source, and its share."""
    parts = [
        s * (text.T.astype(np.float64) @ text) / len(text) for s, text in zip(shares, known, strict=True)
    ]
    covariance = np.sum(parts, axis=0)
    size = len(covariance)
    covariance *= size / max(float(np.trace(covariance)), 1e-12)
    return np.asarray(np.linalg.inv(covariance + SHRINKAGE * np.eye(size)), np.float32)


def _kernel(kind: str, left: Matrix, right: Matrix, widths: Sequence[int], scales: Matrix) -> Matrix:
    """Return K (n, m) between the rows of two matrices."""
    if kind == "linear":
        return np.asarray(left @ right.T / left.shape[1], np.float32)
    total = np.zeros((len(left), len(right)), np.float32)
    for (start, end), scale in zip(_spans(widths), scales, strict=True):
        if scale > 0:
            a, b = (np.asarray(side[:, start:end] / np.sqrt(scale), np.float32) for side in (left, right))
            exponent = 2 * (a @ b.T) - (a**2).sum(axis=1)[:, None] - (b**2).sum(axis=1)
            total += np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)
    return np.asarray(total / max(int((scales > 0).sum()), 1), np.float32)


def _scales(points: Matrix, widths: Sequence[int]) -> Matrix:
    """Return the median squared distance within each block, over at most a thousand points."""
    from scipy.spatial.distance import pdist

    some = points[np.linspace(0, len(points) - 1, min(len(points), 1000)).round().astype(int)]
    medians = []
    for start, end in _spans(widths):
        apart = pdist(some[:, start:end], "sqeuclidean")
        positive = apart[apart > 1e-6]
        medians.append(float(np.median(positive)) if len(positive) else 0.0)
    return np.array(medians, dtype=np.float32)


def _spans(widths: Sequence[int]) -> list[tuple[int, int]]:
    ends = np.cumsum(widths).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _clipped(features: Matrix, clip: float | None) -> Matrix:
    return features if clip is None else np.clip(features, -clip, clip)


def _centred(text: Matrix) -> Matrix:
    return np.asarray(text - text.mean(axis=0), np.float32)


def _unit(vectors: Matrix) -> Matrix:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-12), np.float32)
