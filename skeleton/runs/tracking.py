"""Where a training writes what it does: a JSONL log always, TensorBoard or Weights & Biases on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from semtool.errors import UsageError, unknown_name

__all__ = ["TRACKERS", "Tracker", "open_trackers"]


@dataclass(frozen=True)
class Tracker:
    """Receives one record an epoch."""

    log: Callable[[dict[str, Any]], None]
    close: Callable[[], None]


def _json_log(path: Path) -> Tracker:
    """``log.jsonl``: a line an epoch, on disk at once."""
    stream = path.open("a", encoding="utf-8", buffering=1)
    return Tracker(lambda record: print(json.dumps(record), file=stream), stream.close)


def _tensorboard(folder: Path, run: str, config: dict[str, Any]) -> Tracker:
    """Event files below the run's folder: every number of a record as a scalar of its phase."""
    del run, config
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder.parent / "tensorboard" / folder.name.strip(".").split(".")[0]))

    def log(record: dict[str, Any]) -> None:
        for key, value in record.items():
            if isinstance(value, int | float) and key != "epoch":
                writer.add_scalar(f"{record.get('phase', 'train')}/{key}", value, record["epoch"])

    return Tracker(log, writer.close)


def _wandb(folder: Path, run: str, config: dict[str, Any]) -> Tracker:
    """A Weights & Biases run; account and project come from its own settings."""
    del folder
    import wandb

    made: Any = wandb.init(name=run, config=config, reinit=True)
    return Tracker(made.log, made.finish)


TRACKERS: Mapping[str, Callable[[Path, str, dict[str, Any]], Tracker]] = MappingProxyType(
    {"tensorboard": _tensorboard, "wandb": _wandb}
)
"""Trackers that can be asked for besides the log."""


def open_trackers(names: Sequence[str], folder: Path, run: str, config: dict[str, Any]) -> list[Tracker]:
    """Return the log and the trackers asked for.

    Args:
        names: some of `TRACKERS`.
        folder: the seed's folder.
        run: name shown by the tracker.
        config: switches shown by the tracker.
    """
    found = []
    for name in names:
        if name not in TRACKERS:
            raise unknown_name("tracker", name, TRACKERS)
        try:
            found.append(TRACKERS[name](folder, run, config))
        except ImportError as error:
            raise UsageError(f"--track {name} needs a package: pip install {name}") from error
    return [_json_log(folder / "log.jsonl"), *found]
