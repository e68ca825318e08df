"""The versioned store: references, manifests, checksums, atomic writes, garbage."""

from semtool.artifacts.artifact import Artifact, Draft
from semtool.artifacts.collect import Garbage, collect
from semtool.artifacts.manifest import FileRecord, Input, Manifest
from semtool.artifacts.reference import KINDS, Reference
from semtool.artifacts.store import Store

__all__ = [
    "KINDS",
    "Artifact",
    "Draft",
    "FileRecord",
    "Garbage",
    "Input",
    "Manifest",
    "Reference",
    "Store",
    "collect",
]
