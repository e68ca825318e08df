"""Notebooks as pages: what is kept in `docs/notebooks/*.ipynb`, cell by cell."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path

KEPT = Path(__file__).resolve().parent / "notebooks"


def pages() -> dict[str, str | bytes]:
    """Return a page for each notebook and its pictures, by their names on the site."""
    found: dict[str, str | bytes] = {}
    for path in sorted(KEPT.glob("*.ipynb")):
        parts = []
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
            for at, out in enumerate(cell.get("outputs", ())):
                data = {
                    kind: "".join(said)
                    for kind, said in out.get("data", {"text/plain": out.get("text", "")}).items()
                }
                picture = f"{path.stem}-{cell['id']}-{at}"
                if "image/png" in data:
                    found[f"notebooks/{picture}.png"] = b64decode(data["image/png"])
                    parts.append(f"![What the cell draws]({picture}.png)")
                elif "image/svg+xml" in data:
                    found[f"notebooks/{picture}.svg"] = data["image/svg+xml"]
                    parts.append(f"![What the cell draws]({picture}.svg)")
                elif "text/html" in data:
                    page = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.S)
                    parts.append(re.sub(r"<table[^>]*>", "<table>", page).replace("\n\n", "\n"))
                else:
                    parts.append(f"```text\n{data['text/plain'].rstrip()}\n```")
        parts.append(f"[The notebook itself]({path.name})")
        found[f"notebooks/{path.stem}.md"] = "\n\n".join(parts) + "\n"
    return found
