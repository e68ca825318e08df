"""Methods and presets by name: the built-in ones, and those of other packages (``semtool.methods``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from semtool.errors import UsageError, unknown_name
from skeleton.methods.base import Method, MethodSettings
from skeleton.methods.kernel.method import Eszsl, Ridge
from skeleton.methods.mla.method import MLAMethod
from skeleton.methods.transductive import Transductive

__all__ = ["BUILT_IN", "GROUP", "method_of", "methods", "plugin_problems", "preset", "presets", "settings_of"]

GROUP = "semtool.methods"
"""The entry-point group: ``mine = "my_package:MyMethod"``, a subclass of `Method`."""
BUILT_IN: tuple[type[Method], ...] = (MLAMethod, Ridge, Eszsl, Transductive)


@cache
def methods() -> dict[str, type[Method]]:
    """Return every method by name; a plug-in that cannot be used is left out (`plugin_problems`)."""
    return _found()[0]


def plugin_problems() -> list[str]:
    """Return one sentence for each plug-in that cannot be used."""
    return _found()[1]


@cache
def presets() -> dict[str, MethodSettings]:
    """Return the settings of every preset by name."""
    return {
        name: method.Settings.read({"preset": name, **changes})
        for method in methods().values()
        for name, changes in method.presets.items()
    }


def preset(name: str, **switches: Any) -> MethodSettings:
    """Return a preset, with other values for some of its method's switches.

    Args:
        name: ``paper``, ``best``, or another of `presets`.
        switches: by name, the values that differ from the preset's.

    Raises:
        UsageError: for an unknown preset, a switch that the method does not have, or a value that does not
            fit.
    """
    if name not in presets():
        raise UsageError(f"{unknown_name('preset', name, presets())}{_problems()}")
    return presets()[name].change(**switches)


def settings_of(raw: Mapping[str, Any]) -> MethodSettings:
    """Return the settings that `MethodSettings.to_dict` gave, by their tag ``method``."""
    name = str(raw.get("method"))
    if name not in methods():
        raise UsageError(f"{unknown_name('method', name, methods())}{_problems()}")
    return methods()[name].Settings.read(raw)


def method_of(settings: MethodSettings) -> Method:
    """Return the method of settings, not fitted."""
    return methods()[settings.method](settings)


@cache
def _found() -> tuple[dict[str, type[Method]], list[str]]:
    found = {method.name: method for method in BUILT_IN}
    taken = {name for method in BUILT_IN for name in method.presets}
    problems = []
    for point in entry_points(group=GROUP):
        loaded = _load(point)
        if not isinstance(loaded, str) and (loaded.name in found or taken & set(loaded.presets)):
            loaded = f"{_said(point)} takes the name of another method or preset ({loaded.name!r})"
        if isinstance(loaded, str):
            problems.append(loaded)
        else:
            found[loaded.name] = loaded
            taken |= set(loaded.presets)
    return found, problems


def _load(point: EntryPoint) -> type[Method] | str:
    """Return the method of an entry point, or a sentence that says what is wrong with it."""
    try:
        method = point.load()
        if not isinstance(method, type) or not issubclass(method, Method):
            return f"{_said(point)} is no subclass of skeleton.methods.Method"
        if method.__abstractmethods__:
            return f"{_said(point)} lacks {', '.join(sorted(method.__abstractmethods__))}"
        if method.Settings.model_fields["method"].default != method.name:
            return f"the settings of {_said(point)} need method: Literal[{method.name!r}] = {method.name!r}"
        for name, changes in method.presets.items():
            method.Settings.read({"preset": name, **changes})
    except Exception as error:
        return f"{_said(point)} does not load: {type(error).__name__}: {error}"
    return method


def _problems() -> str:
    """Return what is wrong with plug-ins, one of which may have been meant."""
    return "".join(f"; {problem}" for problem in plugin_problems())


def _said(point: EntryPoint) -> str:
    package = f" of the package {point.dist.name}" if point.dist else ""
    return f"the method plug-in {point.value}{package}"
