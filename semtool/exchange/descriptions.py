"""Import descriptions that others wrote, and export ours as the plain files that others read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semtool.artifacts import Artifact, Input, Store
from semtool.catalogue import load_dataset, plain
from semtool.descriptions import GRANULARITIES, SLOTS, Description, DescriptionSet
from semtool.disk import file_sha256
from semtool.errors import SemtoolError, UsageError, unknown_name
from semtool.exchange.classes import assign
from semtool.exchange.readers import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semtool.catalogue import Dataset
    from semtool.exchange.rows import Row

__all__ = ["Imported", "import_descriptions", "slug"]


@dataclass(frozen=True)
class Imported:
    """An import's artifact and what the reader decided or could not place, a sentence each."""

    artifact: Artifact
    notes: tuple[str, ...]


def import_descriptions(
    source: str | Path,
    dataset: str | Path | Dataset,
    name: str | None = None,
    *,
    store: Store,
    granularity: str | None = None,
    sheet: str | None = None,
    by: str | None = None,
) -> Imported:
    """Read a foreign description file into the description set ``<data set>/<name>``.

    Args:
        source: a file of one of `semtool.exchange.readers.SUFFIXES`.
        dataset: name of a data set, path of a YAML file, or a loaded data set.
        name: name of the set; the file's name if None.
        store: where the set is written.
        granularity: of texts whose column does not say it. None: `label` if most texts are class names, else
            `global`.
        sheet: of a spreadsheet; None: the one named like the data set.
        by: `order` (or number) or `label`, how rows find their class; None: what the file has.

    Returns:
        The description set, and notes on what was decided or could not be placed.

    Raises:
        UsageError: if the file cannot be read.
        SemtoolError: naming all that does not fit the data set.
    """
    path = Path(source)
    data = load_dataset(store.dataset_file(dataset)) if isinstance(dataset, str | Path) else dataset
    if granularity is not None and granularity not in GRANULARITIES:
        raise unknown_name("granularity", granularity, GRANULARITIES)
    rows, notes = read_rows(path, data, sheet)
    if not any(row.texts for row in rows):
        raise UsageError("; ".join([f"{path.name} holds no text", *notes[:8]]))
    try:
        rows, ids, placed = assign(rows, data, by=by)
    except SemtoolError as error:
        # What was set aside may be what is missing.
        raise type(error)("; ".join([str(error), *notes[:8]])) from error
    default = granularity or _guess(rows, ids, data)
    if granularity is None and any(t.granularity is None for row in rows for t in row.texts):
        placed.append(f"the texts are taken as {default!r}; another granularity is set with --granularity")
    descriptions = _describe(rows, ids, data, default)
    notes = [*placed, *notes, *_doubtful(descriptions)]
    parameters = {
        "import": path.suffix.lower()[1:],
        "granularity": default,
        "sheet": sheet,
        "by": by,
    }
    with store.create(
        "descriptions",
        f"{data.name}/{slug(name or path.stem)}",
        inputs={"source": Input(reference=path.name, sha256=file_sha256(path))},
        parameters=parameters,
    ) as draft:
        descriptions.write(draft.folder)
        draft.counts = descriptions.counts()
        draft.details = {"classes": len(descriptions.class_ids), "notes": notes}
    return Imported(draft.result, tuple(notes))


def slug(text: str) -> str:
    """Return ``text`` as a part of a reference: lower case, a dash for all but letters, digits, ``. _ +``."""
    found = re.sub(r"[^a-z0-9._+]+", "-", text.lower()).strip("-._+")
    if not found:
        raise UsageError(f"{text!r} cannot be a name; give one with --name")
    return found


def _guess(rows: Sequence[Row], ids: Sequence[int], dataset: Dataset) -> str:
    """Tell class names from sentences: a column called "label" may hold either."""
    open_texts = [
        (t.text, c) for row, c in zip(rows, ids, strict=True) for t in row.texts if t.granularity is None
    ]
    hits = 0
    for text, index in open_texts:
        try:
            hits += dataset.find_class(text).id == index
        except UsageError:
            continue
    return "label" if hits > len(open_texts) / 2 else "global"


def _describe(rows: Sequence[Row], ids: Sequence[int], dataset: Dataset, default: str) -> DescriptionSet:
    variants: Counter[tuple[int, str, str]] = Counter()
    found, problems = [], []
    for row, index in zip(rows, ids, strict=True):
        texts = list(row.texts)
        is_code = plain(row.label or "") == plain(dataset.classes[index].code)
        if (
            row.label
            and not is_code
            and not any(t.granularity == "label" for t in texts)
            and default != "label"
        ):
            # The class name as the file spells it is a description too.
            found.append((index, "label", "", row.label))
        for text in texts:
            granularity = text.granularity or default
            known = SLOTS.get(granularity)
            if granularity not in GRANULARITIES:
                problems.append(f"{row.where}: unknown granularity {granularity!r}")
            elif known and text.slot not in known:
                problems.append(
                    f"{row.where}: a {granularity} needs a slot of {', '.join(known)}, not {text.slot!r}"
                )
            else:
                found.append((index, granularity, text.slot, text.text))
    described = {entry[0] for entry in found if entry[1] != "label" or default == "label"}
    problems += [f"no text for class {c.id} ({c.name})" for c in dataset.classes if c.id not in described]
    if problems:
        raise SemtoolError(f"the file does not fit {dataset.name}: " + "; ".join(problems))
    descriptions = []
    for index, granularity, slot, words in found:
        key = (index, granularity, slot)
        if granularity == "label" and variants[key]:
            continue
        descriptions.append(
            Description(
                dataset=dataset.name,
                class_id=index,
                class_name=dataset.classes[index].name,
                granularity=granularity,
                slot=slot,
                variant=variants[key],
                text=words,
                source="import",
            )
        )
        variants[key] += 1
    return DescriptionSet(descriptions)


def _doubtful(descriptions: DescriptionSet) -> list[str]:
    """Name texts that several classes share word for word: they cannot tell these classes apart."""
    owners: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for d in descriptions:
        if d.granularity in ("label", "global", "motion"):
            owners[d.granularity, d.slot, d.text].append(d.class_id)
    return [
        f"the classes {', '.join(map(str, ids))} have the same {granularity} text"
        for (granularity, _, _), ids in owners.items()
        if len(set(ids)) > 1
    ]
