"""Encoders: text, or attribute codes, to vectors. One file a family; plug-ins by entry point."""

from semtool.encoders.base import Availability, Card, Encoder, Options
from semtool.encoders.registry import Part, encoder_names, families, find_encoder, parse_encoder

__all__ = [
    "Availability",
    "Card",
    "Encoder",
    "Options",
    "Part",
    "encoder_names",
    "families",
    "find_encoder",
    "parse_encoder",
]
