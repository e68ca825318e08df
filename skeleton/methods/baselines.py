"""Training-free zero-shot classifiers: closed forms that take a second, so that texts can be compared.

Notation: X (n, Dv) seen training features, standardised; Y (n, S) which class each is of; s_c the text
prototype of class c, that is the normalised mean of its codebook, minus the mean of the seen classes'
prototypes, normalised again; P (S, d) the prototypes of the seen classes; K the kernel, linear ``x.z / Dv``
or RBF ``exp(-|x - z|^2 / m)`` with m the median squared distance.

Both methods first ask how much a sample looks like each seen class, ``r(x) = k(x, X) (K + a n I)^-1 Y``,
then carry that over to any class through text:

- `ridge`: kernel ridge regression onto prototypes, RBF, a = 0.001, ``f(x) = r(x) P``, compared by cosine:
  ``score(x, c) = f(x) . s_c / |f(x)|``.
- `eszsl` (Romera-Paredes and Torr, ICML 2015), linear kernel, a = 0.01, Y of plus and minus one, b = 1:
  ``score(x, c) = r(x) P (P^T P + b I)^-1 s_c``.

At last each class's scores lose their mean over the seen training samples and are divided by their deviation
there (hub correction), which takes from hub classes what they attract anyway.

The constants are the same for every data set and split. They are not chosen by cross-validation over the seen
classes of a run: a visual encoder that was trained on those very classes has already pulled them apart, and
would choose kernels that are too sharp. They were set once on features that are not trained
(`skeleton.visual.kinematics`), where they hardly matter (``benchmarks/results/best_choose.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.errors import SemtoolError
from skeleton.methods.scorers import Normalisation
from skeleton.methods.text import TextBank, prototypes

__all__ = ["ClosedForm", "fit_closed_form", "thin"]

Matrix = NDArray[np.float64]
MAX_SAMPLES = 4000
"""Most training samples a kernel is solved for; more are thinned evenly, class by class."""
_RIDGE = {"ridge": 1e-3, "eszsl": 1e-2}
_TEXT_RIDGE = 1.0


@dataclass(frozen=True)
class ClosedForm:
    """A fitted closed form.

    Attributes:
        method: `ridge` or `eszsl`.
        normalise: standardisation of features.
        support: (n, Dv) training features the kernel looks at, standardised.
        dual: (n, S) ``(K + a n I)^-1 Y``.
        responses: (n, S) r of the training samples themselves; none without hub correction.
        seen: (S, d) prototypes P.
        centre: (d,) mean of the seen classes' uncentred prototypes.
        scale: the median squared distance m.
    """

    method: str
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
        text = _centred(prototypes(bank), self.centre)
        found = self._carry(self._respond(features), text)
        if len(self.responses):
            base = self._carry(self.responses, text)
            spread = base.std(axis=0)
            found = (found - base.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return found.astype(np.float32)

    def place(self, features: NDArray[np.float32], bank: TextBank) -> tuple[Matrix, Matrix]:
        """Return where samples (n, d) and classes (C, d) lie in text space, before hub correction.

        A sample lies at its predicted text position: ``r P`` (`ridge`) or ``r P (P^T P + b I)^-1`` (`eszsl`).
        """
        found = self._respond(features)
        if self.method == "eszsl":
            found = np.asarray(np.linalg.solve(self._gram(), found.T).T, np.float64)
        return np.asarray(found @ self.seen), _centred(prototypes(bank), self.centre)

    def checkpoint(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the tensors and the facts that `restore` needs."""
        tensors = {name: getattr(self, name) for name in ("support", "dual", "responses", "seen", "centre")}
        tensors |= {"normalise/mean": self.normalise.mean, "normalise/scale": self.normalise.scale}
        return tensors, {"method": self.method, "scale": self.scale, "normalise": self.normalise.kind}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> ClosedForm:
        """Build the classifier of a checkpoint."""
        try:
            return cls(
                method=facts["method"],
                normalise=Normalisation(
                    facts["normalise"], tensors["normalise/mean"], tensors["normalise/scale"]
                ),
                scale=float(facts["scale"]),
                **{name: tensors[name] for name in ("support", "dual", "responses", "seen", "centre")},
            )
        except (KeyError, TypeError) as error:
            raise SemtoolError(f"the checkpoint lacks {error}; train the run again") from error

    def _respond(self, features: NDArray[np.float32]) -> Matrix:
        """Return r (n, S) of features (n, Dv)."""
        known = self.normalise(features).astype(np.float64)
        return _kernel(self.method, known, self.support, self.scale) @ self.dual

    def _carry(self, responses: Matrix, text: Matrix) -> Matrix:
        """Carry responses (n, S) over to the classes with centred prototypes ``text`` (C, d): (n, C)."""
        across = self.seen @ text.T
        if self.method == "eszsl":
            # P (P^T P + b I)^-1 = (P P^T + b I)^-1 P, which is the smaller system.
            return np.asarray(responses @ np.linalg.solve(self._gram(), across))
        squared = np.einsum("ns,st,nt->n", responses, self.seen @ self.seen.T, responses, optimize=True)
        return np.asarray((responses @ across) / np.sqrt(np.maximum(squared, 1e-24))[:, None])

    def _gram(self) -> Matrix:
        return np.asarray(self.seen @ self.seen.T + _TEXT_RIDGE * np.eye(len(self.seen)))


def fit_closed_form(
    method: str,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    bank: TextBank,
    *,
    feature_norm: str = "standard",
    hub_correction: bool = True,
    limit: int = MAX_SAMPLES,
) -> ClosedForm:
    """Fit a closed form.

    Args:
        method: `ridge` or `eszsl`.
        features: (n, Dv) seen training features.
        rows: (n,) row of each sample's class in ``bank``.
        bank: the text of the classes fitted on.
        feature_norm: see `skeleton.methods.config.TrainConfig`.
        hub_correction: see the module.
        limit: most samples the kernel is solved for.
    """
    from scipy.linalg import cho_factor, cho_solve

    normalise = Normalisation.of(feature_norm, features)
    kept = thin(rows, limit)
    support = normalise(features[kept]).astype(np.float64)
    scale = _median_distance(support)
    kernel = _kernel(method, support, support, scale)
    target = np.eye(len(bank.classes))[rows[kept]]
    if method == "eszsl":
        target = 2 * target - 1
    system = kernel + _RIDGE[method] * len(kept) * np.eye(len(kept))
    dual = np.asarray(cho_solve(cho_factor(system, lower=True), target))
    vectors = prototypes(bank).astype(np.float64)
    centre = vectors.mean(axis=0)
    responses = kernel @ dual if hub_correction else np.zeros((0, len(bank.classes)))
    return ClosedForm(method, normalise, support, dual, responses, _centred(vectors, centre), centre, scale)


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


def _kernel(method: str, left: Matrix, right: Matrix, scale: float) -> Matrix:
    if method == "eszsl":
        return np.asarray(left @ right.T / left.shape[1])
    return np.asarray(np.exp(-_distances(left, right) / scale))


def _distances(left: Matrix, right: Matrix) -> Matrix:
    squared = (left**2).sum(1)[:, None] + (right**2).sum(1)[None, :] - 2 * left @ right.T
    return np.asarray(np.maximum(squared, 0.0))


def _median_distance(points: Matrix) -> float:
    some = points[np.linspace(0, len(points) - 1, min(len(points), 500)).round().astype(int)]
    apart = _distances(some, some)[np.triu_indices(len(some), k=1)]
    positive = apart[apart > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def _centred(text: NDArray[np.floating[Any]], centre: Matrix) -> Matrix:
    moved = np.asarray(text, dtype=np.float64) - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12))
