"""The versioned store: references, manifests, checksums, atomic writes."""

from semtool.artifacts.manifest import FileRecord, Input, Manifest
from semtool.artifacts.store import Artifact, Draft, Store

__all__ = ["Artifact", "Draft", "FileRecord", "Input", "Manifest", "Store"]
