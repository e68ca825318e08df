"""Tables of results for people: CSV, Markdown and LaTeX of data frames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from semtool.packaged import rendered

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["View", "bibtex", "marks", "neutralised", "per_cent"]


def bibtex(note: str, *, paper: bool) -> str:
    """Return what to cite as BibTeX: this software, and the method of ``paper`` where it was used."""
    from semtool.artifacts import library_versions

    version = library_versions()["semtool"]
    return rendered("semtool.experiments", "citation.bib.j2", version=version, note=note, paper=paper)


def per_cent(values: Iterable[float]) -> str:
    """Return mean and sample deviation of fractions as per cent; the mean alone of one, ``-`` of none."""
    found = [100 * value for value in values]
    if len(found) < 2:
        return f"{found[0]:.1f}" if found else "-"
    return f"{fmean(found):.1f} ± {stdev(found):.1f}"


def marks(*, simulated: bool, leaky: bool, auxiliary: Iterable[str], transductive: Iterable[str]) -> str:
    """Return what must be known of numbers besides, to stand behind a title; the last two name presets."""
    found = [" - SIMULATED skeletons"] * simulated + [" - LEAKY: epoch chosen on test"] * leaky
    if helped := ", ".join(dict.fromkeys(auxiliary)):
        found.append(f" - {helped}: learned from simulated classes too")
    if moved := ", ".join(dict.fromkeys(transductive)):
        found.append(f" - {moved}: TRANSDUCTIVE, saw the unlabelled test samples")
    return "".join(found)


def neutralised(frame: DataFrame) -> DataFrame:
    """Return a table whose texts no spreadsheet takes for formulas: ``=1+1`` gets an apostrophe in front."""
    return frame.map(
        lambda value: f"'{value}" if isinstance(value, str) and re.match(r"[=+\-@\t\r]", value) else value
    )


@dataclass(frozen=True)
class View:
    """A table for people.

    Attributes:
        title: says what its numbers are.
        frame: texts.
        words: how many columns, the first ones, are words; the others are right-aligned.
        bold: which cells are bold, a frame of the same shape.
    """

    title: str
    frame: DataFrame
    words: int
    bold: DataFrame | None = None

    def markdown(self) -> str:
        """Return the title and a Markdown table."""

        def line(cells: list[str]) -> str:
            shown = (re.sub(r"\s", " ", cell.replace("|", "\\|")) for cell in cells)
            return f"| {' | '.join(shown)} |"

        frame = self.frame.astype(str)
        if self.bold is not None:
            frame = frame.where(~self.bold, "**" + frame + "**")
        rows = [line(list(row)) for row in frame.itertuples(index=False)]
        head = line(list(frame.columns)), "|---" * len(frame.columns) + "|"
        return "\n".join([f"{self.title[0].upper()}{self.title[1:]}:\n", *head, *rows])

    def latex(self, label: str) -> str:
        """Return a LaTeX table for the package booktabs."""
        style = self.frame.rename(columns=_tex).style.format(_tex).hide(axis="index")
        if self.bold is not None:
            bold = self.bold.set_axis(style.columns, axis="columns")
            marks = bold.map(lambda v: "textbf:--rwrap;" if v else "")
            style = style.apply(lambda _: marks, axis=None)
        layout = "l" * self.words + "r" * (len(self.frame.columns) - self.words)
        return style.to_latex(
            hrules=True,
            caption=_tex(self.title),
            label=label,
            column_format=layout,
            position_float="centering",
        )


def _tex(text: object) -> str:
    """Return text with the characters escaped that mean something to LaTeX."""
    special = {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
        "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "\n": " ",
    }  # fmt: skip
    return "".join(special.get(c, c) for c in str(text))
