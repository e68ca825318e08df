"""Visual encoders: trained on seen-train samples only, then frozen, kept beside the features they made."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from semtool.artifacts.tensors import save_tensors
from semtool.errors import SemtoolError, unknown_name
from skeleton.data.layouts import Layout
from skeleton.data.layouts import layout as find_layout
from skeleton.device import reproducible
from skeleton.visual.clips import STREAMS, augment, canonical, streams
from skeleton.visual.kinematics import FILE, KinematicEncoder
from skeleton.visual.kinematics import NAME as KINEMATICS
from skeleton.visual.stgcn import COMPACT, PAPER, STGCN, Architecture

__all__ = ["FILE", "RECIPES", "VISUALS", "Recipe", "VisualEncoder", "load_visual", "recipe", "train_visual"]

_ARCHITECTURES: dict[str, Architecture] = {a.name: a for a in (COMPACT, PAPER)}


@dataclass(frozen=True)
class Recipe:
    """How a visual encoder is trained (cross-entropy over the seen classes, AdamW, one-cycle learning rate).

    Attributes:
        frames: T, to which every sequence is resampled.
        presentations: training samples shown in all; ``epochs`` follows from it unless it is given.
        smoothing: label smoothing.
    """

    architecture: str
    streams: tuple[str, ...] = STREAMS
    frames: int = 50
    batch: int = 32
    lr: float = 4e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.1
    presentations: int = 14_000
    epochs: int | None = None

    def epochs_for(self, samples: int) -> int:
        """Return the number of epochs: as given, or enough for ``presentations``, between 15 and 60."""
        return self.epochs or min(60, max(15, math.ceil(self.presentations / max(samples, 1))))


RECIPES = {
    "stgcn": Recipe("stgcn"),
    "stgcn-paper": Recipe("stgcn-paper", streams=("joint",), smoothing=0.0, presentations=40_000),
}
"""`stgcn`: compact, three streams. `stgcn-paper`: the published architecture on joint positions alone."""


VISUALS = (*RECIPES, KINEMATICS)
"""Names of all visual encoders."""


def recipe(name: str) -> Recipe | None:
    """Return a recipe by the name of its visual encoder; None for the one that is not trained."""
    if name not in VISUALS:
        raise unknown_name("visual encoder", name, VISUALS)
    return RECIPES.get(name)


class VisualEncoder:
    """A frozen visual encoder.

    Args:
        network: the trained network, moved to ``device``.
        recipe: how it was trained.
        layout: the joints that it reads.
    """

    def __init__(self, network: STGCN, recipe: Recipe, layout: Layout, device: torch.device) -> None:
        self.network = network.to(device).eval()
        self.recipe = recipe
        self.layout = layout
        self.device = device

    def encode(self, clips: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
        """Return float32 (N, Dv) features of clips (N, C, T, V, M)."""
        out = [
            self._forward(clips[i : i + batch], self.network.features) for i in range(0, len(clips), batch)
        ]
        return np.concatenate(out)

    def logits(self, clips: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
        """Return float32 (N, seen classes) logits of the training head."""
        out = [self._forward(clips[i : i + batch], self.network) for i in range(0, len(clips), batch)]
        return np.concatenate(out)

    def encode_sequence(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (Dv,) of one raw sequence (C, T, V, M)."""
        row: NDArray[np.float32] = self.encode(canonical(positions, self.layout, self.recipe.frames)[None])[0]
        return row

    def _forward(
        self, clips: NDArray[np.float32], function: Callable[[Tensor], Tensor]
    ) -> NDArray[np.float32]:
        with torch.no_grad():
            x = streams(torch.from_numpy(clips).to(self.device), self.layout, self.recipe.streams)
            result: NDArray[np.float32] = function(x).cpu().numpy()
        return result

    def save(self, folder: Path) -> None:
        """Write ``visual.safetensors`` into ``folder``: weights, and in the header how to rebuild it."""
        tensors = {k: v.detach().cpu().numpy() for k, v in self.network.state_dict().items()}
        metadata = {"recipe": json.dumps(asdict(self.recipe)), "layout": self.layout.name}
        save_tensors(folder / FILE, tensors, metadata)

    @classmethod
    def load(cls, folder: Path, device: torch.device | None = None) -> VisualEncoder:
        """Read an encoder back.

        Raises:
            SemtoolError: if the file is missing, damaged or of another architecture.
        """
        from safetensors import SafetensorError, safe_open

        path = folder / FILE
        try:
            with safe_open(path, framework="pt") as stream:
                metadata = stream.metadata() or {}
                tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118 (not a dict)
            raw: dict[str, Any] = json.loads(metadata["recipe"])
            found = Recipe(**{**raw, "streams": tuple(raw["streams"])})
            layout = find_layout(metadata["layout"])
            network = _network(found, layout, classes=len(tensors["head.bias"]))
            network.load_state_dict(tensors)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SemtoolError(f"cannot open the visual encoder {path}: {error}") from error
        return cls(network, found, layout, device or torch.device("cpu"))


def load_visual(folder: Path, device: torch.device | None = None) -> VisualEncoder | KinematicEncoder:
    """Read the visual encoder beside its features, trained or not; errors as `VisualEncoder.load`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / FILE, framework="numpy") as stream:
            metadata = stream.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise SemtoolError(f"cannot open the visual encoder {folder / FILE}: {error}") from error
    if KINEMATICS in metadata:
        return KinematicEncoder.restore(metadata)
    return VisualEncoder.load(folder, device)


def _network(recipe: Recipe, layout: Layout, classes: int) -> STGCN:
    return STGCN(layout, _ARCHITECTURES[recipe.architecture], 3 * len(recipe.streams), classes)


def train_visual(
    clips: NDArray[np.float32],
    labels: NDArray[np.int64],
    layout: Layout,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    progress: Callable[[int, int], None] | None = None,
) -> VisualEncoder:
    """Train a visual encoder and return it as it is after the last epoch.

    Args:
        clips: (n, C, T, V, M), seen-train samples only.
        labels: (n,), 0 to number of seen classes - 1.

    Raises:
        SemtoolError: with fewer than two samples or classes, or when the loss is not finite.
    """
    classes = int(labels.max(initial=-1)) + 1
    if len(clips) < 2 or classes < 2:
        raise SemtoolError(f"cannot train a visual encoder on {len(clips)} samples of {classes} seen classes")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), reproducible():
        torch.manual_seed(seed)  # initial weights and dropout
        network = _network(recipe, layout, classes).to(device)
        epochs, batch = recipe.epochs_for(len(clips)), min(recipe.batch, len(clips))
        steps = epochs * (len(clips) // batch)
        optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.lr, total_steps=steps)
        data, target = torch.from_numpy(clips), torch.from_numpy(labels).to(device)
        step = 0
        network.train()
        for _ in range(epochs):
            order = torch.randperm(len(data), generator=generator)
            for start in range(0, len(data) - batch + 1, batch):
                rows = order[start : start + batch]
                x = streams(augment(data[rows].to(device), generator), layout, recipe.streams)
                loss = nn.functional.cross_entropy(
                    network(x), target[rows.to(device)], label_smoothing=recipe.smoothing
                )
                if not torch.isfinite(loss):
                    raise SemtoolError(
                        f"the visual encoder's loss is not finite at step {step}; is a coordinate extreme, "
                        f"or the learning rate {recipe.lr} too high?"
                    )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
                step += 1
                if progress:
                    progress(step, steps)
    return VisualEncoder(network, recipe, layout, device)
