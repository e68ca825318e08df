"""Encoders: text, or attribute codes, to vectors. One file a family; plug-ins by entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.encoders.attributes import blocks, parse_codes, probabilities
    from semtool.encoders.base import Availability, Card, Encoder, Options, Progress
    from semtool.encoders.checking import check_encoder
    from semtool.encoders.combination import Combination, Rows, WeightedEncoder, average
    from semtool.encoders.encoding import Encoded, cache_for, encode_texts
    from semtool.encoders.fact_map import FactMap, fit_map, held_out_errors, solve_map
    from semtool.encoders.predicted import PredictedFacts, predict_facts
    from semtool.encoders.registry import (
        encoder_names,
        families,
        find_encoder,
        parse_encoder,
        plugin_problems,
        slug,
    )
    from semtool.encoders.wording import worded

__all__ = [
    "Availability",
    "Card",
    "Combination",
    "Encoded",
    "Encoder",
    "FactMap",
    "Options",
    "PredictedFacts",
    "Progress",
    "WeightedEncoder",
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

__getattr__, __dir__ = door(__name__, __file__)
