"""Results that print as what they are: one line, and a table where a notebook can draw one."""

from __future__ import annotations

from abc import abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Shown"]


class Shown:
    """A result with a headline and a table; `to_frame` and `headline` are all that it has to say."""

    @abstractmethod
    def headline(self) -> str:
        """Return the result in one line."""

    @abstractmethod
    def to_frame(self) -> DataFrame:
        """Return the result as a table; numbers are fractions."""

    def plot(self, **options: Any) -> Any:
        """Draw the mean accuracy of each row's text, preset or seed as bars.

        Args:
            options: of `pandas.DataFrame.plot.barh`.

        Returns:
            the axes of matplotlib.

        Raises:
            UsageError: if matplotlib is not installed.
        """
        from importlib.util import find_spec

        from semtool.errors import UsageError

        if find_spec("matplotlib") is None:
            raise UsageError("plot() needs matplotlib: pip install 'semtool[pictures]'", see="no-extra")
        frame = self.to_frame()
        told = [c for c in ("split", "text", "encoder", "preset") if c in frame and frame[c].nunique() > 1]
        names = frame[told or ["seed"]].astype(str).agg(", ".join, axis=1)
        groups = frame.groupby(names, sort=False)["accuracy"]
        means = groups.mean()
        defaults: dict[str, Any] = {"xerr": groups.std(), "xlim": (0, 1), "xlabel": "accuracy", "ylabel": ""}
        return means.plot.barh(**(defaults | options))

    def __repr__(self) -> str:
        return f"<{self.headline()}>"

    __str__ = __repr__  # a pydantic record has a text of its own

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html(index=False, float_format="{:.3f}".format, max_rows=40, border=0)
        return f"<p>{escape(self.headline())}</p>{table}"
