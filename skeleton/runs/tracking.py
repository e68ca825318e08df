"""Where a training writes what it does: a JSONL log always, TensorBoard or Weights & Biases on request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from semtool.errors import UsageError, unknown_name

__all__ = ["TRACKERS", "JsonLog", "TensorBoard", "Tracker", "WeightsAndBiases", "open_trackers"]

TRACKERS = ("tensorboard", "wandb")
"""Trackers that can be asked for besides the log."""


class Tracker(Protocol):
    """Receives one record an epoch."""

    def log(self, record: dict[str, Any]) -> None:
        """Take the record of an epoch."""
        ...

    def close(self) -> None:
        """Finish writing."""
        ...


class JsonLog:
    """``log.jsonl``: a line an epoch, on disk at once."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("a", encoding="utf-8")

    def log(self, record: dict[str, Any]) -> None:
        """Write a line."""
        self._stream.write(json.dumps(record) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class TensorBoard:
    """Event files below ``folder`` (needs the package tensorboard)."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError("--track tensorboard needs a package: pip install tensorboard") from error
        self._writer = SummaryWriter(str(folder))

    def log(self, record: dict[str, Any]) -> None:
        """Write every number of the record as a scalar of its phase."""
        for key, value in record.items():
            if isinstance(value, int | float) and key != "epoch":
                self._writer.add_scalar(f"{record.get('phase', 'train')}/{key}", value, record["epoch"])

    def close(self) -> None:
        """Flush the event file."""
        self._writer.close()


class WeightsAndBiases:
    """A Weights & Biases run (needs the package wandb; account and project come from its own settings)."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        try:
            import wandb
        except ImportError as error:
            raise UsageError("--track wandb needs a package: pip install wandb") from error
        self._run: Any = wandb.init(name=name, config=config, reinit=True)

    def log(self, record: dict[str, Any]) -> None:
        """Send the record."""
        self._run.log(record)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


def open_trackers(names: Sequence[str], folder: Path, run: str, config: dict[str, Any]) -> list[Tracker]:
    """Return the log and the trackers asked for.

    Args:
        names: some of `TRACKERS`.
        folder: the seed's folder.
        run: name shown by the tracker.
        config: switches shown by the tracker.
    """
    for name in names:
        if name not in TRACKERS:
            raise unknown_name("tracker", name, TRACKERS)
    trackers: list[Tracker] = [JsonLog(folder / "log.jsonl")]
    if "tensorboard" in names:
        trackers.append(TensorBoard(folder.parent / "tensorboard" / folder.name.strip(".").split(".")[0]))
    if "wandb" in names:
        trackers.append(WeightsAndBiases(run, config))
    return trackers
