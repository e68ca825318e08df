"""The versioned store: references, manifests, checksums, atomic writes, garbage."""

from semtool.artifacts.artifact import Artifact, Draft
from semtool.artifacts.collect import Garbage, collect
from semtool.artifacts.differences import Difference, difference
from semtool.artifacts.manifest import FILE as MANIFEST
from semtool.artifacts.manifest import FileRecord, Input, Manifest, library_versions, now
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
