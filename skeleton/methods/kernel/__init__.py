"""Kernel ridge regression from motion onto text, without training by epochs: `ridge` and `eszsl`."""
