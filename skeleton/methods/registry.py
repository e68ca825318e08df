"""Methods and presets by name: the built-in ones, and those of other packages (``semtool.methods``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from semtool.errors import UsageError
from semtool.plugins import load_plugins, unknown_plugin
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


def plugin_problems() -> tuple[str, ...]:
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
        raise unknown_plugin("preset", name, presets(), plugin_problems())
    return presets()[name].change(**switches)


def settings_of(raw: Mapping[str, Any]) -> MethodSettings:
    """Return the settings that `MethodSettings.to_dict` gave, by their tag ``method``."""
    name = str(raw.get("method"))
    if name not in methods():
        raise unknown_plugin("method", name, methods(), plugin_problems())
    return methods()[name].Settings.read(raw)


def method_of(settings: MethodSettings) -> Method:
    """Return the method of settings, not fitted."""
    return methods()[settings.method](settings)


@cache
def _found() -> tuple[dict[str, type[Method]], tuple[str, ...]]:
    ours = {method.name: method for method in BUILT_IN}
    taken = [name for method in BUILT_IN for name in (method.name, *method.presets)]
    plugins, problems = load_plugins(GROUP, "method", _names, taken)
    return ours | plugins, problems


def _names(method: Any, _: str) -> list[str]:
    """Return the names of a method and its presets; raise what is wrong with it."""
    if not isinstance(method, type) or not issubclass(method, Method):
        raise UsageError("it is no subclass of skeleton.methods.Method")
    if method.__abstractmethods__:
        raise UsageError(f"it lacks {', '.join(sorted(method.__abstractmethods__))}")
    if method.Settings.model_fields["method"].default != method.name:
        raise UsageError(f"its settings need method: Literal[{method.name!r}] = {method.name!r}")
    for name, changes in method.presets.items():
        method.Settings.read({"preset": name, **changes})
    return [method.name, *method.presets]
