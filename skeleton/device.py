"""Which device does the work."""

from __future__ import annotations

import torch

from semtool.errors import UsageError, unknown_name

__all__ = ["resolve_device"]


def resolve_device(name: str = "auto") -> torch.device:
    """Return the device of ``auto``, ``cpu``, ``cuda`` or ``mps``; refuse one that is not here."""
    have = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(d for d in ("cuda", "mps", "cpu") if have[d]))
    if name.split(":")[0] not in have:
        raise unknown_name("device", name, ("auto", *have))
    if not have[name.split(":")[0]]:
        raise UsageError(f"this machine has no {name}; use --device auto or --device cpu")
    return torch.device(name)
