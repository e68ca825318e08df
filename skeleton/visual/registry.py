"""Names of visual encoders: ours and those of installed packages, and how one is read back from its file."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from semtool.errors import SemtoolError, UsageError, unknown_name
from skeleton.visual.encoder import FILE, VisualEncoder

__all__ = ["GROUP", "find_visual", "load_visual", "package_of", "plugin_problems"]

GROUP = "semtool.visual"
"""The entry-point group: ``toy = "my_package:ToyEncoder"``, a subclass of `VisualEncoder`."""
_BUILT_IN = (
    EntryPoint("stgcn", "skeleton.visual.stgcn:StgcnEncoder", GROUP),
    EntryPoint("stgcn-paper", "skeleton.visual.stgcn:PaperStgcnEncoder", GROUP),
    EntryPoint("shiftgcn", "skeleton.visual.shiftgcn:ShiftGCNEncoder", GROUP),
    EntryPoint("ctrgcn", "skeleton.visual.ctrgcn:CTRGCNEncoder", GROUP),
    EntryPoint("kinematics", "skeleton.visual.kinematic_encoder:KinematicEncoder", GROUP),
)


def _points() -> dict[str, EntryPoint]:
    """Return every entry point by name; ours first, so that no plug-in takes their names."""
    points = {point.name: point for point in _BUILT_IN}
    for point in entry_points(group=GROUP):
        points.setdefault(point.name, point)
    return points


def package_of(name: str) -> str:
    """Return which package an encoder is from."""
    point = _points()[name]
    return point.dist.name if point.dist else point.module.partition(".")[0]


@cache
def find_visual(name: str) -> type[VisualEncoder]:
    """Return a visual encoder's class.

    Raises:
        UsageError: if nothing has that name, or its package does not load.
    """
    points = _points()
    if name not in points:
        raise unknown_name("visual encoder", name, points)
    where = f"the visual encoder {name} of the package {package_of(name)}"
    try:
        encoder = points[name].load()
    except (Exception, SystemExit) as error:
        raise UsageError(f"{where} does not load: {type(error).__name__}: {error}") from error
    if not (isinstance(encoder, type) and issubclass(encoder, VisualEncoder)):
        raise UsageError(f"{where} is no subclass of skeleton.visual.VisualEncoder: {points[name].value}")
    encoder.name = name
    return encoder


def plugin_problems() -> list[str]:
    """Return one sentence for each plug-in that cannot be used."""
    ours = {point.name for point in _BUILT_IN}
    problems = []
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else point.module
        if point.name in ours:
            problems.append(f"the visual encoder {point.name} of the package {package} has the name of ours")
            continue
        try:
            find_visual(point.name)
        except UsageError as error:
            problems.append(str(error))
    return problems


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
