"""Names of encoders: aliases, full names, combinations, and the plug-ins of other packages."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from inspect import isabstract
from pathlib import Path

import semtool.encoders as package
from semtool.encoders.base import Card, Encoder, Options
from semtool.encoders.combination import Combination, WeightedEncoder
from semtool.encoders.pretrained import HUB, LOCAL
from semtool.encoders.weights import looks_like_path
from semtool.errors import SemtoolError, UsageError
from semtool.plugins import load_plugins, package_of, reason, unknown_plugin

__all__ = [
    "GROUP", "encoder_names", "families", "find_encoder", "parse_encoder", "plugin_problems", "slug",
]  # fmt: skip

GROUP = "semtool.encoders"
"""The entry-point group: ``toy = "my_package:ToyEncoder"``, a subclass of `Encoder`."""


@cache
def built_in() -> dict[str, type[Encoder]]:
    """Return the families of this package: every `Encoder` with a family name in any of its modules."""
    found: dict[str, type[Encoder]] = {}
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for value in vars(import_module(module.name)).values():
            own = isinstance(value, type) and issubclass(value, Encoder) and value.__module__ == module.name
            if own and "family" in vars(value):
                found[value.family] = value
    return found


def families() -> dict[str, type[Encoder]]:
    """Return every family by name: the built-in ones and those of installed plug-ins.

    A plug-in that cannot be used is left out here and named by `plugin_problems`.
    """
    return built_in() | _plugins()[0]


def plugin_problems() -> list[str]:
    """Return one sentence for each plug-in that cannot be used."""
    return list(_plugins()[1])


@cache
def _plugins() -> tuple[dict[str, type[Encoder]], tuple[str, ...]]:
    return load_plugins(GROUP, "encoder", _names, built_in())


def _names(value: object, _: str) -> tuple[str, ...]:
    """Return the family's name if ``value`` keeps the contract as far as that shows without a model."""
    if not (isinstance(value, type) and issubclass(value, Encoder)):
        raise TypeError("it is not a subclass of semtool.encoders.Encoder with a family name")
    if isabstract(value):
        raise TypeError("it lacks " + " and ".join(sorted(value.__abstractmethods__)))
    name, aliases = getattr(value, "family", None), value.aliases
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise TypeError("it has no family name of letters, digits, dots, dashes and underscores")
    if not isinstance(aliases, Mapping) or not all(
        isinstance(text, str) for pair in aliases.items() for text in pair
    ):
        raise TypeError("its aliases are not names and the model of each")
    if unknown := set(value.settings) - {field.name for field in fields(Options)}:
        raise TypeError(f"its settings {sorted(unknown)} are none of semtool's options")
    if value.reads not in ("text", "codes", "either"):
        raise TypeError(f"it reads {value.reads!r}, which is none of 'text', 'codes' and 'either'")
    for model in aliases.values():
        _card(value(model))
    return (name,)


def _card(encoder: Encoder) -> Card:
    card = encoder.card
    if not isinstance(card, Card) or not card.name or card.family != encoder.family:
        raise TypeError(
            f"its card is {str(card)[:60]!r}, not a semtool.encoders.Card with its name and family"
        )
    return card


def _aliases() -> dict[str, tuple[type[Encoder], str]]:
    found: dict[str, tuple[type[Encoder], str]] = {}
    for family in families().values():
        for alias, model in family.aliases.items():
            found.setdefault(alias, (family, model))
    return found


def encoder_names() -> list[str]:
    """Return every alias, in the order of the families."""
    return list(_aliases())


def find_encoder(name: str, options: Options | None = None) -> Encoder:
    """Return the encoder that an alias or a full name (``family:model``) means; nothing is loaded.

    Args:
        name: alias (``minilm``) or full name (``sentence-transformers:all-mpnet-base-v2``).
        options: what the user sets about it; None: the encoder's own values.

    Raises:
        UsageError: if nothing has that name, or an option does not belong to it.
        SemtoolError: if the encoder of a plug-in breaks its contract.
    """
    aliases, known = _aliases(), families()
    prefix, colon, model = name.partition(":")
    if name in aliases:
        family, model = aliases[name]
    elif prefix in known and (colon or not known[prefix].aliases):
        family = known[prefix]
    elif looks_like_path(name) or name.startswith((HUB, LOCAL)) or Path(name).is_dir():
        path = name if looks_like_path(name) or colon else f"./{name}"
        raise UsageError(
            f"encoder {name!r} is a place; say which family reads it: "
            f"sentence-transformers:{path}, open_clip:{path} or static:{path}"
        )
    else:
        names = [*aliases, *(f"{n}:<model>" for n in known)]
        raise unknown_plugin("encoder", name, names, plugin_problems())
    if colon and not model:
        raise UsageError(f"encoder {name!r} names no model after the colon")
    options = options or Options()
    for option in set_options(options):
        if option not in family.settings:
            raise _means_nothing(option, name)
    for option in ("dimensions", "batch_size"):
        if (value := getattr(options, option)) is not None and value < 1:
            raise UsageError(f"--{option.replace('_', '-')} has to be at least 1, not {value}")
    try:
        encoder = family(model, options)
        _card(encoder)
    except SemtoolError:
        raise
    except (Exception, SystemExit) as error:
        raise SemtoolError(
            f"the encoder {name} of the package {package_of(family)} fails: {reason(error)}"
        ) from error
    return encoder


def set_options(options: Options) -> Iterator[str]:
    """Yield the names of the options that are set."""
    return (field.name for field in fields(options) if getattr(options, field.name) is not None)


def _means_nothing(option: str, name: str) -> UsageError:
    return UsageError(f"--{option.replace('_', '-')} means nothing to the encoder {name!r}")


def parse_encoder(name: str, options: Options | None = None) -> Combination:
    """Return what ``name`` means: one encoder, or a combination such as ``minilm*0.5+attributes``.

    Options go to every part that understands them; at least one has to.

    Args:
        name: an encoder, or several with ``+`` between them, each with ``*weight`` if it is not to count 1.
        options: what the user sets; None: the encoders' own values.

    Raises:
        UsageError: if the form is wrong, an encoder is unknown or named twice, or no part understands an
            option.
    """
    texts = [part.strip() for part in name.split("+")]
    if not all(texts):
        raise UsageError(
            f"encoder {name!r}: a combination has the form first+second, such as minilm+attributes"
        )
    options = options or Options()
    parts, used = [], set()
    for text in texts:
        single, star, number = text.partition("*")
        try:
            weight = float(number) if star else 1.0
        except ValueError:
            weight = -1.0
        if not 0 < weight < float("inf"):
            raise UsageError(f"encoder {text!r}: the weight after * has to be a positive number")
        plain = find_encoder(single.strip())
        own = {
            option: getattr(options, option) for option in set_options(options) if option in plain.settings
        }
        used |= set(own)
        parts.append(WeightedEncoder(find_encoder(single.strip(), Options(**own)), weight))
    for option in set_options(options):
        if option not in used:
            raise _means_nothing(option, name)
    names = [part.encoder.card.name for part in parts]
    if len(set(names)) < len(names):
        raise UsageError(f"encoder {name!r} combines the same encoder twice")
    return Combination(parts)


def slug(parts: Combination) -> str:
    """Return the name of a combination as part of a reference: aliases where there are any."""
    words = []
    for part in parts:
        encoder = part.encoder
        alias = next(
            (a for a, (f, m) in _aliases().items() if (f, m) == (type(encoder), encoder.card.model)), None
        )
        bare = next((a for a, (f, m) in _aliases().items() if f is type(encoder) and not m), None)
        word = alias or (bare if not encoder.model else None) or encoder.card.name
        words.append(
            re.sub(r"[^A-Za-z0-9._-]+", "-", word).strip("-.")
            + (f"-x{part.weight:g}" if part.weight != 1 else "")
        )
    return "+".join(words)
