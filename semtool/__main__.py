"""``python -m semtool`` is the command ``semtool``."""

from semtool.cli import main

__all__ = ["main"]

main()
