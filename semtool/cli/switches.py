"""Options for the switches of every method, made from the methods' own settings.

They are made when the command is called or its help is shown, so that ``semtool --help`` imports no method.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand

from semtool.cli.console import option
from semtool.errors import UsageError

if TYPE_CHECKING:
    from skeleton.methods import MethodSettings

__all__ = ["SwitchCommand", "Switches", "assignments", "chosen_preset", "switches_of"]

Switches = Annotated[
    list[str] | None,
    option("A switch of the preset's method, as lr=1e-4; may be repeated.", "--set", "--switch"),
]
GIVEN = "semtool.switches"
"""Where the values wait in the context of a command."""


class SwitchCommand(TyperCommand):
    """A command with an option for each switch of a built-in method, shown with the presets that have it."""

    _complete: bool = True  # until the command's own options are known
    _all: list[Any]

    @property
    def params(self) -> list[Any]:
        """The command's own options, then the switches."""
        if not self._complete:
            self._complete = True
            self._all += _options({o.name for o in self._all})
        return self._all

    @params.setter
    def params(self, value: list[Any]) -> None:
        self._all, self._complete = value, False


def switches_of(context: typer.Context) -> dict[str, Any]:
    """Return the switches that were given, as text or true and false, for the settings to read."""
    return dict(context.meta.get(GIVEN, {}))


def assignments(given: Iterable[str]) -> dict[str, Any]:
    """Return what was given as ``name=value`` (``--set``).

    Raises:
        UsageError: for one that has another form.
    """
    switches = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"a switch is written name=value, as lr=1e-4, not {text!r}")
        switches[name.strip().replace("-", "_")] = value.strip()
    return switches


def chosen_preset(context: typer.Context, preset: str, given: Iterable[str] = ()) -> MethodSettings:
    """Return a preset with the switches of the command line."""
    from skeleton.methods import preset as choose

    return choose(preset, **{**switches_of(context), **assignments(given)})


def _options(taken: set[str | None]) -> list[Any]:
    from skeleton.methods import BUILT_IN, presets

    owners: dict[str, dict[str, MethodSettings]] = {}
    for name, settings in presets().items():
        if any(settings.method == method.name for method in BUILT_IN):
            for switch in settings.switches():
                owners.setdefault(switch, {})[name] = settings
    common = len(next(iter(owners.values())))

    def command(**given: Any) -> None:
        """Stand for the command, so that typer makes its options."""

    wanted = [name for name in owners if name not in taken]
    parameters = [_parameter(name, owners[name], everywhere=len(owners[name]) == common) for name in wanted]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(command)
    options = [o for o in typer.main.get_command(app).params if o.name in wanted]
    for one in options:
        one.expose_value = False
    return options


def _parameter(name: str, has: Mapping[str, MethodSettings], *, everywhere: bool) -> inspect.Parameter:
    """Return the option of a switch: its text, the presets that have it, its default in each."""
    settings = next(iter(has.values()))
    field = type(settings).model_fields[name]
    flag = "--" + name.replace("_", "-")
    union = typing.get_args(field.annotation)
    switch = bool in (field.annotation, *union)
    defaults = {preset: _said(getattr(one, name)) for preset, one in has.items()}
    values = dict.fromkeys(defaults.values())
    shown = next(iter(values)) if len(values) == 1 else ", ".join(f"{p} {v}" for p, v in defaults.items())
    kinds = [k for k in (field.annotation, *union) if typing.get_origin(k) is typing.Literal]
    words = [w for k in kinds for w in typing.get_args(k)]
    words = words or [a for a in union if isinstance(a, str)]
    text = field.description or ""
    info = typer.Option(
        f"{flag}/--no-{flag[2:]}" if switch else flag,
        help=text if everywhere else f"{text} (Of {', '.join(has)}.)",
        show_default=False if shown == "auto" and "default" in text else shown,
        metavar=None if switch else "|".join(words) or "VALUE",
        callback=_remember,
        rich_help_panel="Switches of the methods",
    )
    kind: Any = Annotated[bool | None, info] if switch else Annotated[str | None, info]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _remember(context: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    if value is not None:
        context.meta.setdefault(GIVEN, {})[param.name] = value
    return value


def _said(value: Any) -> str:
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
