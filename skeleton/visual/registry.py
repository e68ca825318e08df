"""Names of visual encoders: ours and those of installed packages, and how one is read back from its file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from semtool.errors import SemtoolError, UsageError
from semtool.plugins import load_plugins, unknown_plugin
from skeleton.visual.encoder import FILE, VisualEncoder

__all__ = ["GROUP", "find_visual", "load_visual", "plugin_problems"]

GROUP = "semtool.visual"
"""The entry-point group: ``toy = "my_package:ToyEncoder"``, a subclass of `VisualEncoder`."""
_OURS = {
    "stgcn": "skeleton.visual.stgcn:StgcnEncoder",
    "stgcn-paper": "skeleton.visual.stgcn:PaperStgcnEncoder",
    "shiftgcn": "skeleton.visual.shiftgcn:ShiftGCNEncoder",
    "ctrgcn": "skeleton.visual.ctrgcn:CTRGCNEncoder",
    "kinematics": "skeleton.visual.kinematic_encoder:KinematicEncoder",
}
"""Imported when they are asked for: most of them need torch."""


@cache
def find_visual(name: str) -> type[VisualEncoder]:
    """Return a visual encoder's class.

    Raises:
        UsageError: if nothing has that name; a plug-in that cannot be used is named.
    """
    if name in _OURS:
        encoder: type[VisualEncoder] = EntryPoint(name, _OURS[name], GROUP).load()
        encoder.name = name
        return encoder
    plugins, problems = _plugins()
    if name not in plugins:
        raise unknown_plugin("visual encoder", name, [*_OURS, *plugins], problems)
    return plugins[name]


def plugin_problems() -> tuple[str, ...]:
    """Return one sentence for each plug-in that cannot be used."""
    return _plugins()[1]


@cache
def _plugins() -> tuple[dict[str, type[VisualEncoder]], tuple[str, ...]]:
    return load_plugins(GROUP, "visual encoder", _names, _OURS)


def _names(encoder: Any, name: str) -> tuple[str, ...]:
    if not (isinstance(encoder, type) and issubclass(encoder, VisualEncoder)):
        raise UsageError("it is no subclass of skeleton.visual.VisualEncoder")
    encoder.name = name
    return (name,)


def load_visual(folder: Path, device: str = "cpu") -> VisualEncoder:
    """Read the visual encoder beside its features.

    Args:
        folder: of the features artifact.
        device: of torch, resolved.

    Returns:
        The encoder, ready to encode.

    Raises:
        SemtoolError: if the file is missing or damaged, or another version made it.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    try:
        with safe_open(path, framework="numpy") as stream:
            metadata = stream.metadata() or {}
            tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118 (not a dict)
        if "visual" not in metadata:
            raise SemtoolError(f"another version of semtool made {path}; run semtool features again")
        return find_visual(metadata["visual"]).restore(metadata, tensors, device)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SemtoolError(f"cannot open the visual encoder {path}: {error}") from error
