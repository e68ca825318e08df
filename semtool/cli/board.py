"""``semtool board``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from semtool.cli.console import Json, app, argument, json_object, note, table

__all__ = ["board"]


@app.command()
def board(
    folder: Annotated[Path, argument("Folder of runs, of one person or of several.")],
    json: Json = False,
) -> None:
    """Rank the results below a folder. Those that may not be compared are never in one table.

    A table is of one data set, class split, protocol part, kind of features, rule for the epoch, and of
    inductive or transductive methods.

    Example: semtool board artifacts/runs
    """
    from semtool.experiments import GENERALISED, rule_named
    from semtool.experiments import leaderboard as rank

    groups, problems = rank(folder)
    for problem in problems:
        note(f"left out: {problem}")
    if json:
        json_object({"groups": groups, "left_out": problems})
        return
    for group in groups:
        rows: list[tuple[object, ...]] = []
        for row in group.rows:
            spread = f" ± {100 * row['std']:.1f}" if row["seeds"] > 1 else ""
            three = " / ".join(f"{100 * row[k]:.1f}" for k in GENERALISED) if group.rule else "-"
            told = row["preset"], row["text"], row["auxiliary"] or "-", row["seeds"]
            rows.append((len(rows) + 1, *told, f"{100 * row['accuracy']:.1f}{spread}", three))
        general = f"S / U / H, {rule_named(group.rule)}" if group.rule else "S / U / H"
        table(group.title, ("", "preset", "text", "learned also from", "seeds", "% right", general), rows)
