"""What an encoder is: an identity card, and a function from texts to vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Availability", "Card", "Encoder", "Options", "Progress", "short"]

Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""


@dataclass(frozen=True)
class Card:
    """What identifies an encoder; stored in every embedding file's manifest.

    Attributes:
        name: the full name, ``<family>:<model>``, without any path.
        family: the part before the colon.
        model: the model's name within its family.
        revision: what tells two models of the same name apart: a checksum of the weights, or the server.
            Empty as long as the weights are not at hand.
        dim: length of a vector; None if it is known only after encoding.
        max_tokens: longest input that is read in full; None if there is no limit.
        pooling: how token vectors become one vector.
        normalised: whether the model itself returns unit vectors (semtool always stores unit vectors).
        prefix: put before every text.
        licence: of the weights.
        note: anything else that a user should know.
    """

    name: str
    family: str
    model: str
    revision: str = ""
    dim: int | None = None
    max_tokens: int | None = None
    pooling: str = ""
    normalised: bool = False
    prefix: str = ""
    licence: str = "unknown"
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Availability:
    """Whether an encoder can be used now, and where its weights are or would come from."""

    now: bool
    where: str


@dataclass(frozen=True)
class Options:
    """What a user may set about an encoder; None leaves the model's own value."""

    prefix: str | None = None
    dimensions: int | None = None
    batch_size: int | None = None
    base_url: str | None = None


class Encoder(ABC):
    """Texts in, vectors out. Making one is cheap: weights and libraries are loaded by the first `encode`.

    A subclass is one family. Registered under the entry-point group ``semtool.encoders``, it is found by its
    family name (``toy:small``) and by its aliases.
    """

    family: ClassVar[str]
    aliases: ClassVar[Mapping[str, str]] = {}
    """Short names and the model each stands for; an alias without a model stands for the family itself."""
    reads: ClassVar[Literal["text", "codes", "either"]] = "text"
    """Whether it reads sentences or the attribute codes of a class, or either: codes where there are some."""
    corpus_bound: ClassVar[bool] = False
    """Whether a vector depends on the other texts of the set (it is then never reused for another set)."""
    settings: ClassVar[frozenset[str]] = frozenset()
    """The fields of `Options` that this family understands."""

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        self.model = model
        self.options = options or Options()

    @property
    @abstractmethod
    def card(self) -> Card:
        """The identity card, without loading the model."""

    @abstractmethod
    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return one vector a text, float32 (n, d), in the order of the texts.

        Args:
            texts: n texts; attribute codes for an encoder that reads those.
            progress: called with texts done and in all.

        Raises:
            SemtoolError: if the model cannot be had or fails; one sentence.
        """

    def vector_key(self) -> dict[str, Any]:
        """Return what decides the vector of a text: it is the same before and after the model is loaded."""
        card = self.card
        key = {name: getattr(card, name) for name in ("family", "model", "revision", "prefix")}
        return {**key, "dimensions": self.options.dimensions}

    def availability(self) -> Availability:
        """Return whether the encoder can be used now, without loading it or touching the network."""
        return Availability(True, "built in")

    def fetch(self) -> None:
        """Bring the weights within reach (downloading them if need be); nothing if they are."""
        return

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the length of each text in tokens, prefix and special tokens included; None if unlimited."""
        del texts
        return None

    def fit(self, texts: Sequence[str]) -> None:
        """Learn from all texts of a set before encoding; only corpus-bound encoders do."""
        del texts

    def dimension_names(self) -> tuple[str, ...]:
        """Return the names of the axes, if they have any; after encoding."""
        return ()

    @property
    def chunk(self) -> int:
        """How many texts to encode before their vectors are kept: what a failure or a kill loses at most."""
        return 1024

    def prefixed(self, texts: Sequence[str]) -> list[str]:
        """Return the texts with the prefix before each: that of the options, else the one on the card."""
        prefix = self.options.prefix if self.options.prefix is not None else self.card.prefix
        return [prefix + text for text in texts]


def short(text: str) -> str:
    """Return a text as messages quote it: at most 60 characters."""
    return text if len(text) <= 60 else text[:57] + "..."
