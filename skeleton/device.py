"""Which device does the work, and how to do the same work twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from semtool.errors import UsageError, unknown_name

__all__ = ["multiplies_bfloat16", "reproducible", "resolve_device"]


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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether ``device`` is a processor with instructions for products of bfloat16 matrices.

    Graphics cards are left out: nothing was measured there. So are versions of torch that cannot tell.
    """
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


@contextmanager
def reproducible(threads: int | None = None) -> Iterator[None]:
    """Compute so that the same work gives the same bytes; leave torch's settings as they were.

    With several threads torch adds some gradients in whatever order they finish, unless told otherwise.
    Where a device has no such algorithm, torch warns.

    Args:
        threads: threads of torch meanwhile; None: as many as now.
    """
    before, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    torch.set_num_threads(threads or before)
    # The same as use_deterministic_algorithms, which imports torch's compiler besides: two seconds.
    torch.set_deterministic_debug_mode("warn")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(before)
