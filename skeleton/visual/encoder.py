"""What a visual encoder is: settings, `fit` on seen samples, `encode`, and how it is saved and restored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from semtool.errors import SemtoolError, UsageError
from semtool.record import Record
from semtool.tensors import save_tensors
from skeleton.data import Layout
from skeleton.data import layout as find_layout
from skeleton.visual.clips import canonical

__all__ = ["FILE", "Blocks", "Progress", "VisualEncoder", "VisualSettings"]

FILE = "visual.safetensors"
"""Where a visual encoder is kept beside the features it made."""
Blocks = tuple[tuple[str, int], ...]
Progress = Callable[[int, int], None]


class VisualSettings(Record):
    """Settings of a visual encoder; each kind has its own, and no others.

    Attributes:
        frames: T, to which every sequence is resampled.
    """

    frames: int = 50


class VisualEncoder(ABC):
    """A visual encoder: a skeleton sequence in, a vector out.

    A subclass is announced by an entry point of the group ``semtool.visual``, whose name is the encoder's.
    It sees *clips*: float32 (N, C=3, T, V, M), centred, facing the sensor, of body size
    (`skeleton.visual.clips`), and the number of frames (N,) that each recording had.

    Attributes:
        name: how users call it.
        version: raised when the same settings give other numbers.
        trained: whether `fit` learns, so that seed and device matter.
        any_layout: whether it describes sequences of other layouts than its own in the same numbers.
        Settings: its settings.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    trained: ClassVar[bool] = False
    any_layout: ClassVar[bool] = False
    Settings: ClassVar[type[VisualSettings]] = VisualSettings

    def __init__(self, settings: VisualSettings, layout: Layout, device: str = "cpu") -> None:
        self.settings = settings
        self.layout = layout
        self.device = device

    @classmethod
    def settings_of(cls, given: Mapping[str, object]) -> VisualSettings:
        """Return the settings with what is given.

        Raises:
            UsageError: for a setting that this encoder does not have, or a value that does not fit.
        """
        try:
            return cls.Settings.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            own = ", ".join(cls.Settings.model_fields)
            raise UsageError(
                f"the visual encoder {cls.name} has no setting {where} of this value: {first['msg']}; its "
                f"settings are {own}"
            ) from None

    def fit(  # noqa: B027 (training-free encoders have nothing to do)
        self, clips: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int, progress: Progress | None
    ) -> None:
        """Learn from seen-train samples only; an encoder that is not trained does nothing.

        Args:
            clips: (n, C, T, V, M).
            labels: (n,), 0 to number of seen classes - 1.
            seed: of everything that is drawn.
            progress: called with steps done and in all.
        """

    def clips(
        self, positions: NDArray[np.float32], layout: Layout, length: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Return sequences (N, C, T, V, M) of a layout as the clips that it sees.

        Args:
            positions: padded to T frames.
            layout: their joints; the encoder's own unless `any_layout`.
            length: (N,) valid frames; without it all T.
        """
        return canonical(positions, layout, self.settings.frames, length)

    @abstractmethod
    def encode(self, clips: NDArray[np.float32], length: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return float32 (N, Dv) of clips (N, C, T, V, M) of recordings of ``length`` (N,) frames.

        Args:
            clips: float32, as `clips` returns them.
            length: int64, frames of each recording before it was resampled.
        """

    def classify(self, clips: NDArray[np.float32]) -> NDArray[np.int64] | None:
        """Return the seen class (N,) that the encoder's own training would choose, if it has one."""
        del clips
        return None

    def blocks(self) -> Blocks:
        """Return name and width of the blocks that the columns form, in order; nothing if they form none."""
        return ()

    def details(self) -> dict[str, object]:
        """Return what the manifest should say of the training."""
        return {}

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return everything learned."""
        return {}

    def load(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Take over what `tensors` of a fitted encoder returned."""
        del tensors

    def encode_sequence(
        self, positions: NDArray[np.float32], layout: Layout | None = None
    ) -> NDArray[np.float32]:
        """Return float32 (Dv,) of one raw sequence (C, T, V, M), of the encoder's layout if none is given.

        Args:
            positions: float32, metres.
            layout: its joints; None: the encoder's own.
        """
        clip = self.clips(positions[None], layout or self.layout)
        row: NDArray[np.float32] = self.encode(clip, np.array([positions.shape[1]]))[0]
        return row

    def save(self, folder: Path) -> None:
        """Write ``visual.safetensors``: what was learned, and in the header how to rebuild it."""
        metadata = {
            "visual": self.name,
            "version": str(self.version),
            "settings": self.settings.model_dump_json(),
            "layout": self.layout.name,
        }
        save_tensors(folder / FILE, self.tensors(), metadata)

    @classmethod
    def restore(
        cls, metadata: Mapping[str, str], tensors: Mapping[str, NDArray[np.generic]], device: str
    ) -> Self:
        """Build the encoder of a saved file.

        Args:
            metadata: the file's header, see `save`.
            tensors: everything learned, by name.
            device: of torch, resolved.

        Returns:
            The encoder, ready to encode.

        Raises:
            SemtoolError: if another version of it made the features.
        """
        if metadata["version"] != str(cls.version):
            raise SemtoolError(
                f"the features are of version {metadata['version']} of {cls.name}, this is version "
                f"{cls.version}; run semtool features --visual {cls.name} again"
            )
        settings = cls.Settings.model_validate_json(metadata["settings"])
        encoder = cls(settings, find_layout(metadata["layout"]), device)
        encoder.load(tensors)
        return encoder
