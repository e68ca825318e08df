"""The field's own tables: published rows beside ours, split by split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semtool.lazy import door

if TYPE_CHECKING:
    from semtool.experiments.table.tabulating import TableRequest, TableResult, tabulate
    from semtool.experiments.table.views import families

__all__ = ["TableRequest", "TableResult", "families", "tabulate"]

__getattr__, __dir__ = door(__name__, __file__)
