"""``python -m semtool`` is the command ``semtool``."""

from semtool.cli import main

main()
