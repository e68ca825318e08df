"""Kernel ridge regression from motion onto text, learned from seen classes and from auxiliary ones together.

Notation: X (n, Dv) training features, standardised; t_i the text prototype of sample i's class, minus the
mean of its data set's prototypes; w_i weights, so that both data sets weigh the same as a whole;

    K = mean over blocks b of exp(-|x_b - z_b|^2 / m_b),   f(x) = k(x, X) (K + a n W^-1)^-1 T,
    score(x, c) = f(x) M (s_c - centre),  f(x) and (s_c - centre) of unit length,

m_b the median squared distance of the block (kinematic features have fifty). A kernel that is a *sum*
over blocks lets a new class look like one known class in its arms and like another in its legs; one kernel
over all columns asks for one class that it resembles in everything.

M = (d C / tr C + b I)^-1 takes back some of what attributes have in common by habit (whoever walks also
swings the arms), as in ESZSL; C is the covariance of the training classes' text, b = 20 shrinks it towards
no correlation at all.

Auxiliary classes (`auxiliary`) are further classes of another data set, with text of the same kind.
They matter because a handful of seen classes says little about most attributes.

At last each class's scores lose their mean over the seen training samples and are divided by their deviation
there: that takes from hub classes what they attract anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from skeleton.methods.baselines import thin
from skeleton.methods.scorers import Normalisation
from skeleton.methods.text import TextBank, prototypes

__all__ = ["RIDGE", "SHRINKAGE", "Examples", "Transfer", "fit_transfer"]

Matrix = NDArray[np.float32]
RIDGE = 1e-3
"""a, the same for every data set and split."""
SHRINKAGE = 20.0
"""b, the same for every data set and split."""
MAX_SAMPLES = 4000
"""Most seen training samples; more are thinned evenly, class by class."""
_TENSORS = ("support", "scales", "dual", "centre", "metric", "anchors")
_LIMIT = 4.0  # standardised features end here: a tracking error is no motion
_CHUNK = 2000


@dataclass(frozen=True)
class Examples:
    """Labelled features: (n, Dv), row of each sample's class in ``bank`` (n,), and the classes' text."""

    features: Matrix
    rows: NDArray[np.int64]
    bank: TextBank


@dataclass(frozen=True)
class Transfer:
    """A fitted model.

    Attributes:
        normalise: standardisation of features, settled on seen training samples.
        widths: widths of the blocks that have a kernel of their own.
        support: (n, Dv) training features, standardised, seen ones first.
        scales: (blocks,) median squared distances; 0 for a block in which nothing varies.
        dual: (n, d) ``(K + a n W^-1)^-1 T``.
        centre: (d,) mean prototype of the seen classes.
        metric: (d, d) M; the identity without decorrelation.
        anchors: (seen samples, d) unit predictions of the seen training samples; none without hub correction.
    """

    normalise: Normalisation
    widths: tuple[int, ...]
    support: Matrix
    scales: Matrix
    dual: Matrix
    centre: Matrix
    metric: Matrix
    anchors: Matrix

    def predict(self, features: Matrix) -> Matrix:
        """Return (n, d), where in centred text space features (n, Dv) point to, unit length."""
        known = _clipped(self.normalise(features))
        parts = [
            _kernel(known[i : i + _CHUNK], self.support, self.widths, self.scales) @ self.dual
            for i in range(0, len(known), _CHUNK)
        ]
        return _unit(np.concatenate(parts)) if parts else np.zeros((0, len(self.centre)), np.float32)

    def place(self, features: Matrix, bank: TextBank) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return samples (n, d) and classes (C, d) in the same centred text space, unit length."""
        self._check(features, bank)
        text = _unit(prototypes(bank) - self.centre)
        return self.predict(features).astype(np.float64), text.astype(np.float64)

    def scores(self, features: Matrix, bank: TextBank) -> Matrix:
        """Return (n, C): features (n, Dv) against the classes of ``bank``."""
        self._check(features, bank)
        text = _unit(prototypes(bank) - self.centre) @ self.metric
        found = self.predict(features) @ text.T
        if len(self.anchors):
            base = self.anchors @ text.T
            spread = base.std(axis=0)
            found = (found - base.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return np.asarray(found, dtype=np.float32)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors and the facts that `restore` needs."""
        tensors = {name: getattr(self, name) for name in _TENSORS}
        tensors |= {"normalise/mean": self.normalise.mean, "normalise/scale": self.normalise.scale}
        facts = {"method": "transfer", "widths": list(self.widths), "normalise": self.normalise.kind}
        return tensors, facts

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> Transfer:
        """Build the model of a checkpoint."""
        try:
            normalise = Normalisation(
                facts["normalise"], tensors["normalise/mean"], tensors["normalise/scale"]
            )
            return cls(normalise, tuple(facts["widths"]), *(tensors[name] for name in _TENSORS))
        except (KeyError, TypeError) as error:
            raise SemtoolError(f"the checkpoint lacks {error}; train the run again") from error

    def _check(self, features: Matrix, bank: TextBank) -> None:
        if features.shape[1] != self.support.shape[1] or bank.dim != len(self.centre):
            raise SemtoolError(
                f"the run was fitted on features of length {self.support.shape[1]} and text of length "
                f"{len(self.centre)}, not {features.shape[1]} and {bank.dim}; use those it was fitted on, "
                "or text of the same encoder"
            )


def fit_transfer(
    seen: Examples,
    auxiliary: Examples | None = None,
    *,
    widths: Sequence[int],
    feature_norm: str = "standard",
    hub_correction: bool = True,
    decorrelate: bool = True,
) -> Transfer:
    """Fit the model.

    Args:
        seen: training samples of the seen classes.
        auxiliary: samples of other classes; standardised by themselves, because another sensor (or none at
            all) recorded them.
        widths: widths of the feature blocks, in order.
        feature_norm: see `skeleton.methods.config.TrainConfig`.
        hub_correction: whether scores are standardised class by class over the seen training samples.
        decorrelate: whether text is compared by M instead of the cosine.

    Raises:
        SemtoolError: if auxiliary features or text are of another length than the seen ones.
    """
    kept = thin(seen.rows, MAX_SAMPLES)
    normalise = Normalisation.of(feature_norm, seen.features)
    support = [_clipped(normalise(seen.features[kept]))]
    vectors = prototypes(seen.bank)
    centre = vectors.mean(axis=0)
    known = [_unit(vectors - centre)]
    targets, weights = [(vectors - centre)[seen.rows[kept]]], [np.full(len(kept), 1 / len(kept))]
    if auxiliary is not None:
        _check_alike(seen, auxiliary)
        own = Normalisation.of(feature_norm, auxiliary.features)
        support.append(_clipped(own(auxiliary.features)))
        vectors = prototypes(auxiliary.bank)
        targets.append((vectors - vectors.mean(axis=0))[auxiliary.rows])
        known.append(_unit(vectors - vectors.mean(axis=0)))
        weights.append(np.full(len(auxiliary.rows), 1 / len(auxiliary.rows)))
    points = np.concatenate(support)
    weight = np.concatenate(weights)
    scales = _scales(support[0], widths)
    kernel = _kernel(points, points, widths, scales)
    dual = _solve(kernel, np.concatenate(targets), weight / weight.mean())
    anchors = _unit(kernel[: len(kept)] @ dual) if hub_correction else np.zeros((0, len(centre)), np.float32)
    metric = _metric(known) if decorrelate else np.eye(len(centre), dtype=np.float32)
    return Transfer(normalise, tuple(widths), points, scales, dual, centre, metric, anchors)


def _check_alike(seen: Examples, auxiliary: Examples) -> None:
    ours = seen.features.shape[1], seen.bank.dim
    theirs = auxiliary.features.shape[1], auxiliary.bank.dim
    if ours != theirs:
        raise SemtoolError(
            f"the auxiliary classes have features of length {theirs[0]} and text of length {theirs[1]}, the "
            f"seen ones {ours[0]} and {ours[1]}; use features of --visual kinematics, or --auxiliary none"
        )


def _metric(known: Sequence[Matrix]) -> Matrix:
    """Return M (d, d) from the unit text (C, d) of the training classes, each data set weighing the same."""
    covariance = np.mean([text.T.astype(np.float64) @ text / len(text) for text in known], axis=0)
    size = len(covariance)
    covariance *= size / max(float(np.trace(covariance)), 1e-12)
    return np.asarray(np.linalg.inv(covariance + SHRINKAGE * np.eye(size)), np.float32)


def _solve(kernel: Matrix, targets: Matrix, weight: NDArray[np.float64]) -> Matrix:
    """Return ``(K + a n W^-1)^-1 T``: each sample's squared error weighs as told."""
    from scipy.linalg import cho_factor, cho_solve

    system = kernel.astype(np.float64)
    system[np.diag_indices_from(system)] += RIDGE * len(system) / weight
    return np.asarray(cho_solve(cho_factor(system, lower=True), targets.astype(np.float64)), np.float32)


def _kernel(left: Matrix, right: Matrix, widths: Sequence[int], scales: Matrix) -> Matrix:
    total = np.zeros((len(left), len(right)), np.float32)
    for (start, end), scale in zip(_spans(widths), scales, strict=True):
        if scale > 0:
            total += np.exp(_distances(left[:, start:end], right[:, start:end]) / -scale)
    return np.asarray(total / max(int((scales > 0).sum()), 1), np.float32)


def _scales(points: Matrix, widths: Sequence[int]) -> Matrix:
    some = points[np.linspace(0, len(points) - 1, min(len(points), 1000)).round().astype(int)]
    found = []
    for start, end in _spans(widths):
        distances = _distances(some[:, start:end], some[:, start:end])
        apart = distances[np.triu_indices(len(some), k=1)]
        positive = apart[apart > 1e-6]
        found.append(float(np.median(positive)) if len(positive) else 0.0)
    return np.array(found, dtype=np.float32)


def _spans(widths: Sequence[int]) -> list[tuple[int, int]]:
    ends = np.cumsum(widths).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _distances(left: Matrix, right: Matrix) -> Matrix:
    squared = (left**2).sum(1)[:, None] + (right**2).sum(1)[None, :] - 2 * left @ right.T
    return np.asarray(np.maximum(squared, 0.0), np.float32)


def _clipped(features: Matrix) -> Matrix:
    return np.clip(features, -_LIMIT, _LIMIT)


def _unit(vectors: Matrix) -> Matrix:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-12), np.float32)
