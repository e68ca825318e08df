"""Where the weights of a model are: on this disk, in the hub's cache, or a download away.

Nothing here imports a heavy library, so that listing encoders and finding finished work stay fast.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import urllib.error
import urllib.request
from functools import lru_cache
from pathlib import Path

__all__ = [
    "endpoint",
    "fingerprint",
    "first_line",
    "hub_holds",
    "hub_snapshot",
    "local_model",
    "offline",
    "reachable",
]

PROBE_SECONDS = 2.5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".onnx")


def offline() -> bool:
    """Return whether ``HF_HUB_OFFLINE`` or ``TRANSFORMERS_OFFLINE`` forbids the network."""
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.strip().upper() in {"1", "ON", "YES", "TRUE"} for value in values)


def endpoint() -> str:
    """Return the address of the Hugging Face hub (``HF_ENDPOINT`` or the public one)."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def reachable(address: str) -> bool:
    """Ask ``address`` for a sign of life; False after a few seconds without one.

    The libraries retry for a minute before they give up, so semtool asks first. Any HTTP answer counts; the
    thread keeps a slow name look-up from outlasting the time limit.
    """
    alive = threading.Event()

    def ask() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")
            with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
                alive.set()
        except urllib.error.HTTPError:
            alive.set()
        except (OSError, ValueError):
            return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return alive.is_set()


def local_model(*names: str) -> Path | None:
    """Return the folder or file that one of ``names`` means: a path, or a name below ``$SEMTOOL_MODELS``."""
    for name in names:
        if looks_like_path(name) and (path := Path(name).expanduser()).exists():
            return path
    if folder := os.environ.get("SEMTOOL_MODELS"):
        for name in names:
            if not looks_like_path(name) and (path := Path(folder).expanduser() / name).exists():
                return path
    return None


def looks_like_path(name: str) -> bool:
    """Return whether ``name`` is written as a path (``/x``, ``./x``, ``~/x``) or is an existing folder."""
    return name.startswith(("/", "./", "../", "~")) or "\\" in name or (bool(name) and Path(name).is_dir())


def hub_cache() -> Path:
    """Return the folder of the hub's cache (``HF_HUB_CACHE``, ``HF_HOME/hub``, else below ``~/.cache``)."""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(cache).expanduser()
    default = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    return Path(os.environ.get("HF_HOME", default)).expanduser() / "hub"


def hub_snapshot(repository: str, *needed: str, revision: str = "main") -> Path | None:
    """Return the cached folder of a hub repository if it holds one of the files ``needed``, else None."""
    base = hub_cache() / ("models--" + repository.replace("/", "--"))
    try:
        commit = (base / "refs" / revision).read_text(encoding="utf-8").strip()
    except OSError:
        commit = revision
    folder = base / "snapshots" / commit
    return folder if any((folder / name).is_file() for name in needed) else None


def hub_holds(*names: str) -> bool:
    """Return whether any repository in the hub's cache has a file of one of these names."""
    return any(next(hub_cache().glob(f"models--*/snapshots/*/{name}"), None) for name in names)


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
    return path.suffix in _WEIGHTS and not any(path.parent.glob("*.safetensors"))


@lru_cache(maxsize=256)
def _sha256(path: str, modified: int) -> str:
    del modified  # part of the key: a file that was replaced is read again
    # The hub's cache names large files by their checksum.
    target = Path(path).resolve()
    if target.parent.name == "blobs" and _SHA256.fullmatch(target.name):
        return target.name
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def first_line(error: BaseException) -> str:
    """Return the first line of what an error of a library says."""
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
