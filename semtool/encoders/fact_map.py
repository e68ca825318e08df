"""From the vectors of a sentence encoder to attribute codes: kernel ridge regression, learned from the bank.

What is learned from are the classes of the bank and everyday actions of no data set (``everyday.yaml``).

With X (n, d) the unit vectors of the bank's texts, C (n, m) the attribute codes of their classes, W the
weights of the texts, so that every class weighs the same, and c0 the weighted mean code:

    k(x, z) = exp(3 (x.z - 1)),    f(x) = c0 + k(x, X) (K + 0.1 W^-1)^-1 (C - c0)

A text like none of the bank's gets c0, the code of no class in particular. How often a field is right is
learned on data sets that were left out, each in turn: a logistic regression on the odds of the chosen value
and on the cosine of the text with the nearest text of the bank.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from semtool.encoders.attributes import AttributeEncoder, blocks, choose, probabilities
from semtool.errors import SemtoolError, unknown_name

if TYPE_CHECKING:
    from semtool.encoders.base import Encoder

__all__ = [
    "SHIPPED", "FactMap", "bank_digest", "bank_texts", "fit", "fit_map", "held_out_errors", "shipped_digest",
    "shipped_for", "solve_map",
]  # fmt: skip

Matrix = NDArray[np.float32]
SHARPNESS, RIDGE, SAME = 3.0, 0.1, 0.85
EVERYDAY = "everyday"
"""What everyday actions of no data set are called among the data sets that a map is learned from."""
SHIPPED = Path(__file__).with_name("kinetic.safetensors")
_SHIPPED_MODEL = "all-MiniLM-L6-v2"


@dataclass(frozen=True)
class FactMap:
    """A fitted map.

    Attributes:
        support: (n, d) vectors of the bank's texts.
        dual: (n, m) what the kernel is multiplied with.
        mean: (m,) c0.
        trust: (3,) intercept and slopes of the logistic regression: log odds of the value, nearest cosine.
        sharpness: of the kernel that it was fitted with.
    """

    support: Matrix
    dual: Matrix
    mean: Matrix
    trust: Matrix
    sharpness: float = SHARPNESS

    def __call__(self, vectors: Matrix) -> tuple[Matrix, Matrix]:
        """Return predicted codes (n, m), not normalised, and the cosine with the nearest known text (n,)."""
        cosine = vectors @ self.support.T
        return np.exp(self.sharpness * (cosine - 1)) @ self.dual + self.mean, cosine.max(axis=1)

    def confidence(self, chosen: Matrix, nearest: Matrix) -> Matrix:
        """Return how likely values (n, fields) are right, from their probabilities and the cosines (n,).

        Args:
            chosen: (n, fields) probabilities of the chosen values.
            nearest: (n,) cosine of each text with the nearest text of the bank.

        Returns:
            float32 (n, fields), 0 to 1.
        """
        a, b, c = self.trust
        logits = a + b * _log_odds(chosen) + c * nearest[:, None]
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the map, and the checksum of the bank that it is said to be learned from.

        Vectors and dual are bytes with a scale a row, which moves codes by up to 0.05.
        """
        from safetensors.numpy import save_file

        tensors: dict[str, NDArray[Any]] = {"mean": self.mean, "trust": self.trust}
        tensors["sharpness"] = np.array(self.sharpness, np.float32)
        for name in ("support", "dual"):
            tensor: Matrix = getattr(self, name)
            scale = np.abs(tensor).max(axis=1, keepdims=True) / 127
            tensors[name] = np.rint(tensor / np.where(scale > 0, scale, 1)).astype(np.int8)
            tensors[f"{name}.scale"] = scale.astype(np.float32)
        save_file(tensors, path, metadata={"bank": bank_digest()})

    @classmethod
    def load(cls, path: Path) -> FactMap:
        """Read what `save` wrote.

        Raises:
            SemtoolError: if the file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors = load_file(path)
            for name in ("support", "dual"):
                tensors[name] = tensors[name].astype(np.float32) * tensors.pop(f"{name}.scale")
            sharpness = float(tensors.pop("sharpness"))
            return cls(tensors["support"], tensors["dual"], tensors["mean"], tensors["trust"], sharpness)
        except (OSError, KeyError, SafetensorError) as error:
            raise SemtoolError(
                f"the map {path.name} is damaged ({error}); delete it, or install again"
            ) from error


def shipped_for(encoder: Encoder) -> bool:
    """Return whether the package carries the map for this encoder."""
    return encoder.card.family == "sentence-transformers" and encoder.card.model == _SHIPPED_MODEL


@cache
def shipped_digest() -> str:
    """Return the checksum of the map that the package carries."""
    return hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:16]


def fit_map(base: str | Encoder = "minilm", *, without: Sequence[str] = (), near: bool = True) -> FactMap:
    """Learn the map from the bank.

    Args:
        base: the sentence encoder.
        without: data sets of the bank that nothing is learned from (``utd-mhad``), for measurements on them.
        near: whether classes of other data sets may stay that agree with one of ``without`` in 85 % of the
            attributes.

    Returns:
        The map, from unit vectors of that encoder to attribute codes.

    Raises:
        UsageError: if the bank has no such data set.
    """
    from semtool.encoders.encoding import encode_texts
    from semtool.encoders.registry import find_encoder

    encoder = find_encoder(base) if isinstance(base, str) else base
    encoder.fetch()
    sets, owner, texts, codes = bank_texts()
    for name in without:
        if name not in sets:
            raise unknown_name("data set of the bank", name, list(dict.fromkeys(sets)))
    vectors = encode_texts(encoder, texts).vectors
    return fit(vectors, owner, codes, np.array(sets), without=without, near=near)


def fit(
    vectors: Matrix,
    owner: NDArray[np.int64],
    codes: Matrix,
    sets: NDArray[Any],
    *,
    without: Sequence[str] = (),
    near: bool = True,
) -> FactMap:
    """Fit from vectors (n, d), the class of each (n,), and codes (C, m) and data sets (C,) of the classes."""
    agreement = codes @ codes.T / len(blocks())
    hidden = np.isin(sets, without)
    gone = hidden | (agreement[:, hidden].max(axis=1, initial=0) >= SAME) if not near else hidden
    seen: list[tuple[NDArray[np.bool_], Matrix, Matrix]] = []
    names = dict.fromkeys(sets[~gone])
    for name in names if len(names) > 1 else ():
        rows = sets[owner] == name
        kept = ~(gone | (sets == name))[owner]
        part = solve_map(vectors[kept], owner[kept], codes)
        predicted, nearest = part(vectors[rows])
        right, chosen = _hits(predicted, codes[owner[rows]])
        seen.append((right, chosen, nearest))
    whole = solve_map(vectors[~gone[owner]], owner[~gone[owner]], codes)
    return replace(whole, trust=_trust(seen))


def solve_map(vectors: Matrix, owner: NDArray[np.int64], codes: Matrix) -> FactMap:
    """Return the map learned from texts, every class of them with the same weight; its trust is left at zero.

    Args:
        vectors: (n, d) unit vectors of texts.
        owner: (n,) the class of each.
        codes: (C, m) of the classes.
    """
    from scipy.linalg import solve

    kernel, share = _system(vectors, owner)
    mean = share @ codes[owner]
    dual = solve(kernel, codes[owner] - mean, assume_a="pos", overwrite_a=True)
    support, row = np.unique(vectors, axis=0, return_inverse=True)  # a text that classes share is kept once
    summed = np.zeros((len(support), dual.shape[1]))
    np.add.at(summed, row.ravel(), dual)
    return FactMap(support, summed.astype(np.float32), mean.astype(np.float32), np.zeros(3, np.float32))


def held_out_errors(vectors: Matrix, owner: NDArray[np.int64], codes: Matrix) -> NDArray[np.float64]:
    """Return the errors (C, m) of the map on each class's first text, learned without that class.

    Args:
        vectors: (n, d) unit vectors of texts.
        owner: (n,) the class of each.
        codes: (C, m) of the classes.
    """
    system, share = _system(vectors, owner)
    centred = codes[owner] - share @ codes[owner]
    inverse = np.linalg.inv(system)
    dual = inverse @ centred
    groups = (np.flatnonzero(owner == at) for at in range(len(codes)))
    # Rasmussen and Williams 2006, equation 5.12, for the rows of a class at once.
    return np.stack([np.linalg.solve(inverse[np.ix_(rows, rows)], dual[rows])[0] for rows in groups])


def _system(vectors: Matrix, owner: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return K + 0.1 W^-1 (n, n), and the share of each text in the sum of weights (n,)."""
    x = vectors.astype(np.float64)
    counts = np.bincount(owner)[owner]
    share = 1 / counts / np.sum(1 / counts)
    system = np.exp(SHARPNESS * (x @ x.T - 1))
    system[np.diag_indices_from(system)] += RIDGE / (share * len(share))
    return system, share


def _hits(predicted: Matrix, codes: Matrix) -> tuple[NDArray[np.bool_], Matrix]:
    """Return which chosen values are right (n, fields), and their probabilities."""
    right, chosen = [], []
    for block, ordered in blocks().values():
        p = probabilities(predicted[:, block], ordered)
        truth = probabilities(codes[:, block], ordered).argmax(axis=1)
        pick = choose(p, ordered)
        right.append(pick == truth)
        chosen.append(np.take_along_axis(p, pick[:, None], axis=1)[:, 0])
    return np.stack(right, axis=1), np.stack(chosen, axis=1)


def _trust(seen: Sequence[tuple[NDArray[np.bool_], Matrix, Matrix]]) -> Matrix:
    from sklearn.linear_model import LogisticRegression

    if not seen:  # one data set: nothing to hold out, so the odds are taken as they are
        return np.array([0, 1, 0], dtype=np.float32)
    right = np.concatenate([r.ravel() for r, _, _ in seen])
    odds = np.concatenate([_log_odds(p).ravel() for _, p, _ in seen])
    near = np.concatenate([np.repeat(n, r.shape[1]) for r, _, n in seen])
    model = LogisticRegression(C=1e6).fit(np.stack([odds, near], axis=1), right)
    return np.array([model.intercept_[0], *model.coef_[0]], dtype=np.float32)


def _log_odds(p: Matrix) -> Matrix:
    clipped = np.clip(p, 0.02, 0.98)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float32)


# ---- what is learned from


def bank_texts() -> tuple[list[str], NDArray[np.int64], list[str], Matrix]:
    """Return the data set of each class (C,), the class of each text (n,), the texts, and codes (C, m)."""
    sets, codes, owner, texts = [], [], [], []
    for index, (name, attribute, said) in enumerate(_described()):
        sets.append(name)
        codes.append("; ".join(f"{field}={value}" for field, value in attribute.items()))
        for text in dict.fromkeys(said):
            owner.append(index)
            texts.append(text)
    return sets, np.array(owner, dtype=np.int64), texts, AttributeEncoder().encode(codes)


def bank_digest() -> str:
    """Return the checksum of everything in the bank that a map is learned from."""
    sets, owner, texts, codes = bank_texts()
    learned = [sets, owner.tolist(), texts, codes.astype(float).round(4).tolist()]
    return hashlib.sha256(repr(learned).encode()).hexdigest()


def _described() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Yield data set, facts and texts of every class of the bank, then of the everyday actions.

    The texts of a class are its names, `global` and `motion` sentences.
    """
    import yaml

    from semtool.catalogue import SHARED, dataset_names, load_bank, load_dataset

    for name in dataset_names():
        if name in SHARED:
            continue
        data = load_dataset(name)
        for index, facts in load_bank(data).items():
            action = data.classes[index]
            forms = facts.label.model_dump().values() if facts.label else ()
            said = [action.name, *action.aliases, *forms, *facts.synonyms, *facts.sentences, facts.motion]
            yield name, facts.attribute, [text for text in said if text]
    everyday = yaml.safe_load(Path(__file__).with_name("everyday.yaml").read_text(encoding="utf-8"))
    yield from ((EVERYDAY, action["is"], action["says"]) for action in everyday["actions"])
