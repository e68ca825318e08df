"""Streams: some heads of an MLA, the part of the motion that they see, the part of the text that they read.

In the published model there is one: every head sees the whole visual feature and reads a class's whole
codebook. With ``alignment: granularity``, text that speaks of a body part or of a phase of time is read by
heads of its own, which see the columns that describe that part or phase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skeleton.methods.config import TrainConfig, head_series
from skeleton.methods.text import TOPICS, WHOLE, TextBank

__all__ = ["Stream", "plan_streams"]


@dataclass(frozen=True)
class Stream:
    """One stream; by default the published model's.

    Attributes:
        heads: granularity k of each head.
        name: one of `skeleton.methods.text.TOPICS`.
        columns: those of the visual feature that are seen; None: all.
        topics: those of the descriptions that are read; None: all.
    """

    heads: tuple[int, ...]
    name: str = WHOLE
    columns: tuple[int, ...] | None = None
    topics: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("heads", "columns", "topics"):  # JSON has lists
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple(value))


def plan_streams(
    config: TrainConfig,
    dataset: str,
    bank: TextBank,
    trained: Sequence[int],
    regions: Mapping[str, Sequence[int]],
) -> tuple[Stream, ...]:
    """Return the streams of a model, `whole` first.

    A topic has a stream of its own if there are columns for it and every class has a description of it. What
    is left over is read by `whole`; if that left a class with nothing, `whole` reads everything.

    Args:
        config: says whether there are streams besides `whole`, and their heads.
        dataset: canonical name, which settles the end of the heads' series.
        bank: the text of every class that the model is to tell apart.
        trained: the classes trained on; a head chooses no more descriptions than the longest of them has.
        regions: columns by topic (`skeleton.visual.kinematic_columns.regions`).
    """

    def there(*topics: str) -> bool:
        return all(len(rows) for rows in bank.about(topics))

    def series(*topics: str) -> tuple[int, ...]:
        longest = max(len(rows) for rows in bank.take(trained).about(topics or None))
        return head_series(config, dataset, longest)

    own = [t for t in regions if there(t)] if config.alignment == "granularity" else []
    rest = tuple(t for t in TOPICS if t not in own)
    rest = rest if own and there(*rest) else ()
    return (
        Stream(series(*rest), topics=rest or None),
        *(Stream(series(t), t, tuple(regions[t]), (t,)) for t in own),
    )
