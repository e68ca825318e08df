"""The search: what is tried, what is kept, and when to stop.

A try is kept if held-out classes gain and there is little doubt that it helps. Of a change that was tried on
other data sets the doubt is the probability that it does not help, given its gains here and there
(`semtool.experiments.optimisation.record`), at most ``alpha`` for each such try, whose number is not
corrected for. Of any other it is the chance of such a gain:
the classes' gains keep their sign with probability p (a sign-flip test, one-sided, a class a unit), and p is
at most ``alpha / (k (k + 1))`` for the k-th such try. These shares add up to ``alpha``, however many such
tries there are. Texts put back in their place have a test of their own
(`semtool.experiments.optimisation.repair`), at ``alpha / 2``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.descriptions import DescriptionSet
from semtool.disk import digest
from semtool.errors import SemtoolError
from semtool.experiments.optimisation.log import Log, Try
from semtool.experiments.optimisation.moves import Means, Move, moves
from semtool.experiments.optimisation.record import doubt
from semtool.experiments.optimisation.repair import FOLDS, misplaced

__all__ = ["ALPHA", "Search", "interval_of", "sign_flip", "text_digest"]

ALPHA = 0.05


class Search:
    """The text so far, and what became of held-out classes with it."""

    def __init__(
        self, texts: DescriptionSet, called: str, means: Means, log: Log, alpha: float = ALPHA
    ) -> None:
        self.texts, self.called, self.means, self.log, self.alpha = texts, called, means, log, alpha
        self.judge = means.judge
        self.held = self.first = self.judge.measure(texts)
        self.met = {text_digest(texts)}
        self.done = 0

    def run(
        self,
        budget: Mapping[str, float | None],
        tell: Callable[[str], None],
        progress: Callable[[int, int], None],
    ) -> str:
        """Try until nothing is left to try or a budget is used up; return why it stopped."""
        going = self._moves()
        while (move := next(going, None)) is not None:
            logged = self.log.tries[self.done] if self.done < len(self.log.tries) else None
            if logged is not None:
                if move.name != logged.move:
                    continue  # it gave a text that was known
                texts = self.log.text(logged) if logged.kept else None
            else:
                if why := self._spent(move, budget):
                    return why
                began = time.monotonic()
                texts, tokens = move.ask() if move.ask else (move.texts, 0)
                if texts is not None and text_digest(texts) in self.met:
                    continue
                logged = self._try(move, texts, tokens, began)
                self.log.add(logged, texts)
                tell(_said(logged))
            self.done += 1
            self.met.add(logged.digest)
            progress(self.done, int(budget["tries"] or 0))
            if logged.kept and texts is not None:
                self.texts, self.called, self.held = texts, move.called, self.judge.measure(texts)
                going = self._moves()
        if self.done < len(self.log.tries):
            raise SemtoolError(f"{self.log.path} does not fit what is tried today; choose another --name")
        return "nothing else that was tried is shown to help"

    def _moves(self) -> Iterator[Move]:
        margins = self.judge.measure(self.texts, FOLDS).margins
        rings = misplaced(margins, self.alpha / 2)
        return moves(self.texts, self.called, self.held, rings, self.means)

    def _spent(self, move: Move, budget: Mapping[str, float | None]) -> str:
        tries, tokens, minutes = budget["tries"], budget["tokens"], budget["minutes"]
        used = sum(t.tokens for t in self.log.tries)
        if self.log.end is not None:
            return "the unseen classes were looked at already: nothing more is tried"
        if tries is not None and len(self.log.tries) >= tries:
            return f"the budget of {tries} tries is used up"
        if minutes is not None and sum(t.seconds for t in self.log.tries) >= 60 * minutes:
            return f"the budget of {minutes:g} minutes is used up"
        plan = move.plan().plan if tokens is not None and move.plan else None
        next_ = plan.tokens_in + plan.tokens_out if plan else 0
        if tokens is not None and used + next_ > tokens:
            return f"the budget of {tokens} tokens is used up: {used} spent, the next try takes about {next_}"
        return ""

    def _try(self, move: Move, texts: DescriptionSet | None, tokens: int, began: float) -> Try:
        elsewhere = None if move.ring else self.means.record.gains(self.called, move.called)
        k = 1 + sum(not t.exchange and t.elsewhere is None for t in self.log.tries)
        share = self.alpha / 2 if move.ring else self.alpha if elsewhere else self.alpha / (k * (k + 1))
        found: dict[str, Any] = {}
        if texts is not None:
            held = self.judge.measure(texts)
            gains = held.accuracy - self.held.accuracy
            gain, low, high = interval_of(gains)
            p = move.ring.p if move.ring else sign_flip(gains)
            unsure = doubt(gains, elsewhere) if elsewhere else None
            found = {"digest": text_digest(texts), "held_out": float(held.accuracy.mean()), "gain": gain}
            found |= {"low": low, "high": high, "p": p, "doubt": unsure}
            found["kept"] = gain > 0 and (p if unsure is None else unsure) <= share
        return Try(
            number=len(self.log.tries) + 1,
            move=move.name,
            exchange=move.ring is not None,
            elsewhere=elsewhere.mean if elsewhere else None,
            alpha=share,
            tokens=tokens,
            seconds=time.monotonic() - began,
            **found,
        )


def sign_flip(gains: NDArray[np.float64]) -> float:
    """Return the one-sided p-value of a mean gain above 0: signs drawn anew, all where they are few."""
    from scipy.stats import permutation_test

    if not np.any(gains):
        return 1.0
    rounded = np.round(gains[gains != 0], 12)
    if len(rounded) == 1:
        return 0.5 if rounded[0] > 0 else 1.0
    found = permutation_test(
        (rounded,), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples", alternative="greater",
        vectorized=True, n_resamples=20_000, rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def interval_of(gains: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean gain over classes and its 95 % interval (Student's t)."""
    from skeleton.runs import interval

    low, high = interval(gains.tolist()) or (float("nan"),) * 2
    return float(gains.mean()), low, high


def text_digest(texts: DescriptionSet) -> str:
    """Return a checksum of what is said of each class."""
    return digest([[d.class_id, d.granularity, d.slot, d.text] for d in texts])[:16]


def _said(t: Try) -> str:
    if t.gain is None:
        return f"try {t.number}: {t.move}: no text"
    verdict = "kept" if t.kept else "not kept"
    tested = (
        f"p = {t.p:.4f}"
        if t.elsewhere is None
        else f"{100 * t.elsewhere:+.1f} elsewhere, doubt {t.doubt:.4f}"
    )
    return (
        f"try {t.number}: {t.move}: {100 * t.gain:+.1f} points on held-out classes, {tested} "
        f"(at most {t.alpha:.4f}): {verdict}"
    )
