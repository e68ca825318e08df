"""Names of encoders: aliases, full names, combinations, and the plug-ins of other packages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from semtool.encoders.attributes import AttributeEncoder
from semtool.encoders.base import Encoder, Options
from semtool.encoders.openai import OpenAIEncoder
from semtool.encoders.openclip import OpenClipEncoder
from semtool.encoders.sentence_transformer import SentenceTransformerEncoder
from semtool.encoders.static import StaticEncoder
from semtool.encoders.tfidf import TfidfEncoder
from semtool.encoders.weights import looks_like_path
from semtool.errors import UsageError, unknown_name

__all__ = ["GROUP", "Part", "encoder_names", "families", "find_encoder", "parse_encoder", "slug"]

GROUP = "semtool.encoders"
"""The entry-point group: ``toy = "my_package:ToyEncoder"``, a subclass of `Encoder`."""

BUILT_IN: tuple[type[Encoder], ...] = (
    SentenceTransformerEncoder,
    OpenClipEncoder,
    OpenAIEncoder,
    StaticEncoder,
    TfidfEncoder,
    AttributeEncoder,
)


@dataclass(frozen=True)
class Part:
    """One encoder of a combination and its weight."""

    encoder: Encoder
    weight: float = 1.0


@cache
def families() -> dict[str, type[Encoder]]:
    """Return every family by name: the built-in ones and those of installed plug-ins.

    A plug-in cannot take the name of a built-in family; one that does not load is left out here and named by
    `plugin_problems`.
    """
    found = {family.family: family for family in BUILT_IN}
    for point in entry_points(group=GROUP):
        if not isinstance(loaded := _load(point), str):
            found.setdefault(loaded.family, loaded)
    return found


def plugin_problems() -> list[str]:
    """Return one sentence for each plug-in that cannot be used."""
    found = []
    taken = {family.family for family in BUILT_IN}
    for point in entry_points(group=GROUP):
        loaded = _load(point)
        if isinstance(loaded, str):
            found.append(loaded)
        elif loaded.family in taken:
            found.append(f"the plug-in {point.value} has the name of a built-in family: {loaded.family!r}")
    return found


def _load(point: EntryPoint) -> type[Encoder] | str:
    try:
        loaded = point.load()
    except Exception as error:
        return f"the plug-in {point.value} does not load: {type(error).__name__}: {error}"
    if (
        isinstance(loaded, type)
        and issubclass(loaded, Encoder)
        and isinstance(getattr(loaded, "family", None), str)
    ):
        return loaded
    return f"the plug-in {point.value} is not a subclass of semtool.encoders.Encoder with a family name"


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

    Raises:
        UsageError: if nothing has that name, or an option does not belong to it.
    """
    aliases, known = _aliases(), families()
    prefix, colon, model = name.partition(":")
    if name in aliases:
        family, model = aliases[name]
    elif prefix in known and (colon or not known[prefix].aliases):
        family = known[prefix]
    elif looks_like_path(name):
        raise UsageError(
            f"encoder {name!r} is a path; say which family reads it: sentence-transformers:{name}"
        )
    else:
        raise unknown_name("encoder", name, [*aliases, *(f"{n}:<model>" for n in known)])
    if colon and not model:
        raise UsageError(f"encoder {name!r} names no model after the colon")
    options = options or Options()
    for option in ("prefix", "dimensions", "batch_size", "base_url"):
        if getattr(options, option) is not None and option not in family.settings:
            raise UsageError(f"--{option.replace('_', '-')} means nothing to the encoder {name!r}")
    if options.dimensions is not None and options.dimensions < 1:
        raise UsageError(f"--dimensions has to be at least 1, not {options.dimensions}")
    if options.batch_size is not None and options.batch_size < 1:
        raise UsageError(f"--batch-size has to be at least 1, not {options.batch_size}")
    return family(model, options)


def parse_encoder(name: str, options: Options | None = None) -> tuple[Part, ...]:
    """Return the parts of ``name``: one encoder, or a combination such as ``minilm*0.5+attributes``.

    Options go to every part that understands them; at least one has to.
    """
    texts = [part.strip() for part in name.split("+")]
    if not all(texts):
        raise UsageError(
            f"encoder {name!r}: a combination has the form first+second, such as minilm+attributes"
        )
    if len(texts) == 1 and "*" not in texts[0]:
        return (Part(find_encoder(texts[0], options)),)
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
            field: getattr(options, field) for field in plain.settings if getattr(options, field) is not None
        }
        used |= set(own)
        parts.append(Part(type(plain)(plain.model, Options(**own)), weight))
    for option in ("prefix", "dimensions", "batch_size", "base_url"):
        if getattr(options, option) is not None and option not in used:
            raise UsageError(f"--{option.replace('_', '-')} means nothing to the encoder {name!r}")
    names = [part.encoder.card.name for part in parts]
    if len(set(names)) < len(names):
        raise UsageError(f"encoder {name!r} combines the same encoder twice")
    return tuple(parts)


def slug(parts: tuple[Part, ...]) -> str:
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
