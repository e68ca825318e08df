"""Where a model's files are: a folder that is given, a cache of the Hugging Face hub, or a download away.

Nothing here imports a heavy library, so that listing encoders and finding finished work stay fast.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = [
    "endpoint",
    "fingerprint",
    "hub_cache",
    "looks_like_path",
    "offline",
    "read_json",
    "snapshot",
]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"[/~]|\.{1,2}([/\\]|$)|[A-Za-z]:[/\\]|.*\\")
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx")


def offline() -> bool:
    """Return whether ``HF_HUB_OFFLINE`` or ``TRANSFORMERS_OFFLINE`` forbids the network."""
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.strip().upper() in {"1", "ON", "YES", "TRUE"} for value in values)


def endpoint() -> str:
    """Return the address of the Hugging Face hub (``HF_ENDPOINT`` or the public one)."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def looks_like_path(name: str) -> bool:
    """Return whether ``name`` is written as a path: ``/x``, ``./x``, ``../x``, ``~/x``, ``C:\\x``.

    What lies in the working folder does not matter: ``org/name`` is a name even where such a folder exists.
    """
    return _PATH.match(name) is not None


def hub_cache() -> Path:
    """Return the folder of the hub's cache (``HF_HUB_CACHE``, ``HF_HOME/hub``, else below ``~/.cache``)."""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return _expanded(cache)
    home = os.environ.get("HF_HOME") or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    return _expanded(home) / "hub"


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def snapshot(repository: str, needed: Sequence[str], cache: Path) -> Path | None:
    """Return the folder in which ``cache`` holds a hub repository: weights, and one of the files ``needed``.

    That is the one which ``refs/main`` names, as the libraries have it. A repository that was fetched by
    its commit has no ``refs/main``: then it is the only one.
    """
    base = cache / ("models--" + repository.replace("/", "--"))
    try:
        folders = [base / "snapshots" / (base / "refs" / "main").read_text(encoding="utf-8").strip()]
    except (OSError, ValueError):
        folders = list((base / "snapshots").glob("*"))
    whole = [f for f in folders if any((f / name).is_file() for name in needed) and _holds_weights(f)]
    return whole[0] if len(whole) == 1 else None


def _holds_weights(folder: Path) -> bool:
    """Return whether a folder holds weights; a download that was cut off has the settings alone."""
    return any(path.suffix in WEIGHTS and path.is_file() for path in folder.rglob("*"))


def fingerprint(path: Path) -> str:
    """Return a checksum of a model's weights, configuration and vocabulary (a folder or one file)."""
    if path.is_file():
        return _sha256(str(path), path.stat().st_mtime_ns)[:16]
    files = sorted(p for p in path.rglob("*") if p.is_file() and _matters(p, path))
    parts = [f"{p.relative_to(path).as_posix()} {_sha256(str(p), p.stat().st_mtime_ns)}" for p in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _matters(path: Path, folder: Path) -> bool:
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    if path.suffix in (".json", ".txt", ".model"):
        return True
    # A folder may hold the same weights in several formats; what is loaded is the safetensors file.
    if path.suffix == ".safetensors":
        return True
    return path.suffix in WEIGHTS and not any(path.parent.glob("*.safetensors"))


@lru_cache(maxsize=256)
def _sha256(path: str, modified: int) -> str:
    del modified  # part of the key: a file that was replaced is read again
    # The hub's cache names large files by their checksum.
    target = Path(path).resolve()
    if target.parent.name == "blobs" and _SHA256.fullmatch(target.name):
        return target.name
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """Return what a settings file of a model holds; an empty record if there is none or it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
