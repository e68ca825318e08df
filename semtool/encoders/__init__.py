"""Encoders: text, or attribute codes, to vectors. One file a family; plug-ins by entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
    from semtool.encoders.checking import check_encoder
    from semtool.encoders.encoding import Encoded, cache_for, encode_texts
    from semtool.encoders.fact_map import FactMap, fit_map
    from semtool.encoders.predicted import PredictedFacts, predict_facts
    from semtool.encoders.registry import (
        Part,
        encoder_names,
        families,
        find_encoder,
        parse_encoder,
        plugin_problems,
    )
    from semtool.encoders.wording import worded

__all__ = [
    "Availability",
    "Card",
    "Encoded",
    "Encoder",
    "FactMap",
    "Options",
    "Part",
    "PredictedFacts",
    "Progress",
    "cache_for",
    "check_encoder",
    "encode_texts",
    "encoder_names",
    "families",
    "find_encoder",
    "fit_map",
    "parse_encoder",
    "plugin_problems",
    "predict_facts",
    "worded",
]

_WHERE = {
    "base": ("Availability", "Card", "Encoder", "Options", "Progress"),
    "checking": ("check_encoder",),
    "encoding": ("Encoded", "cache_for", "encode_texts"),
    "fact_map": ("FactMap", "fit_map"),
    "predicted": ("PredictedFacts", "predict_facts"),
    "wording": ("worded",),
    "registry": ("Part", "encoder_names", "families", "find_encoder", "parse_encoder", "plugin_problems"),
}
__getattr__, __dir__ = door(
    __name__, {name: f"{__name__}.{module}" for module, names in _WHERE.items() for name in names}
)
