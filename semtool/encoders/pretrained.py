"""What encoders with downloaded weights share: how a model is named, found, fetched and loaded.

A model is written as ``name`` or ``organisation/name`` (below ``$SEMTOOL_MODELS``, in an installed package,
in the hub's cache, on the hub), as ``hf-hub:organisation/name`` (the hub and its cache alone), or as a path:
``./folder``, ``/folder``, ``local-dir:folder``. A name is never a path.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from semtool.encoders.base import Availability, Encoder, Options
from semtool.encoders.weights import (
    endpoint,
    hub_cache,
    looks_like_path,
    offline,
    snapshot,
)
from semtool.errors import SemtoolError, UsageError
from semtool.plugins import first_line

__all__ = ["HUB", "LOCAL", "PretrainedEncoder", "below_models"]

HUB, LOCAL = "hf-hub:", "local-dir:"


class PretrainedEncoder(Encoder):
    """A model whose files lie in a folder. A family says what such a folder holds, and loads it."""

    organisation: ClassVar[str] = ""
    """Whose models are meant where a name has no organisation."""
    needed: ClassVar[tuple[str, ...]] = ("config.json",)
    """Files of which a model folder has at least one."""
    skipped: ClassVar[tuple[str, ...]] = ()
    """Patterns of files that are not downloaded."""
    packages: ClassVar[dict[str, str]] = {}
    """Installed packages that carry a model: name of the model, module with the folder ``model``."""

    def __init__(self, model: str = "", options: Options | None = None) -> None:
        path = model.removeprefix(LOCAL)
        self.path = Path(path).expanduser() if path != model or looks_like_path(model) else None
        self.hub_only = model.startswith(HUB)
        if not self.path:
            model = model.removeprefix(HUB).removeprefix(f"{self.organisation}/")
        if not model or not path:
            raise UsageError(f"{self.family}:{model} names no model")
        super().__init__(model, options)

    @property
    def given(self) -> bool:
        """Whether the model was written as a path, so that it is looked for nowhere else."""
        return self.path is not None

    @property
    def repository(self) -> str:
        """The model's name on the hub."""
        return self.model if "/" in self.model else f"{self.organisation}/{self.model}"

    @property
    def model_name(self) -> str:
        """The name that may be written into a file: of a path only its last part."""
        return self.path.resolve().name if self.path else self.model

    def caches(self) -> list[Path]:
        """Return the folders in which the library keeps what it downloads; the first takes new models."""
        return [hub_cache()]

    def place(self) -> tuple[Path, str] | None:
        """Return the model's folder (or file) on this disk and how to call that place, or None."""
        if self.path:
            return (self.path, f"folder {self.path}") if self._is_model(self.path) else None
        if not self.hub_only:
            for folder in below_models(self.model, self.model.rpartition("/")[2]):
                if self._is_model(folder):
                    return folder, f"folder {folder}"
            module = self.packages.get(self.model)
            if module and (spec := find_spec(module)) and spec.origin:
                return Path(spec.origin).parent / "model", f"package {module.replace('_', '-')}"
        for cache in self.caches():
            if found := snapshot(self.repository, self.needed, cache):
                return found, "the Hugging Face cache"
        return None

    def _is_model(self, folder: Path) -> bool:
        return any((folder / name).is_file() for name in self.needed)

    def availability(self) -> Availability:
        """Return where the model is or would come from."""
        if place := self.place():
            return Availability(True, place[1])
        if self.given:
            return Availability(False, self._no_such_path())
        return Availability(False, f"download of {self.repository} from {endpoint()}")

    def _no_such_path(self) -> str:
        if self.path and self.path.exists():
            return f"{self.path} holds no {self.family} model (no {' or '.join(self.needed)})"
        return f"there is no model folder {self.path}"

    @property
    def remedy(self) -> str:
        """What to do about a model that cannot be had."""
        here = (
            f"; the folder here is written {self.family}:./{self.model}" if Path(self.model).is_dir() else ""
        )
        return f"give its folder ({self.family}:/path/to/it) or put it below $SEMTOOL_MODELS{here}"

    def fetch(self) -> None:
        """Download the model if it is not on this disk; says within seconds if that cannot be."""
        if self.place():
            return
        if self.given:
            raise SemtoolError(f"{self._no_such_path()}; give the path of a downloaded model")
        missing = f"{self.repository} is not on this disk"
        if offline():
            raise SemtoolError(f"{missing} and HF_HUB_OFFLINE is set; {self.remedy}", see="no-weights")
        from semtool.hub import reachable

        if not reachable(endpoint()):
            raise SemtoolError(f"{missing} and {endpoint()} does not answer; {self.remedy}", see="no-weights")
        try:
            self._download()
        except Exception as error:
            raise SemtoolError(
                f"cannot download {self.repository}: {first_line(error)}; {self.remedy}", see="no-weights"
            ) from error

    def _download(self) -> None:
        from huggingface_hub import snapshot_download

        snapshot_download(self.repository, cache_dir=self.caches()[0], ignore_patterns=list(self.skipped))

    @abstractmethod
    def _load(self, path: Path) -> Any:
        """Return the library's own model from its folder or file."""

    @cached_property
    def _model(self) -> Any:
        self.fetch()
        place = self.place()
        if place is None:
            raise SemtoolError(f"{self.repository} was downloaded but is not in {self.caches()[0]}")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        try:
            return self._load(place[0])
        except SemtoolError:
            raise
        except Exception as error:
            raise SemtoolError(
                f"cannot load {self.family}:{self.model_name} from {place[1]}: {first_line(error)}"
            ) from error


def below_models(*names: str) -> list[Path]:
    """Return the paths of these names below ``$SEMTOOL_MODELS``, if that is set."""
    base = os.environ.get("SEMTOOL_MODELS")
    return [Path(base).expanduser() / name for name in names] if base else []
