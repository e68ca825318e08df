"""What part of a text's gain over names is what it says: controls on the five PURLS splits and on the zoo.

    python benchmarks/text_controls.py --data FOLDER [--encoder minilm|kinetic]

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo``. Kernel ridge (preset `ridge`) on kinematic features, which are not
trained: nothing depends on a seed. Each set of the zoo is split at random, half its classes unseen, five times, people with odd numbers train; its texts
are two sentences a class and sentences of attributes, both written blind (``data``). With `kinetic` the map was learned
without the data set measured. Results go to ``results/text_controls_<encoder>.md``; what the artifact store already holds
is reused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from common import DATASETS, HERE, arguments, page, prepare, spread, table
from skeletons import ZOO, load_zoo

from semtool.artifacts import Store
from semtool.experiments import Comparison, compare
from semtool.experiments.comparison.controls import KINDS

TEXTS = {"purls": ("label", "global", "multi", "attributes"), "zoo": ("global", "attributes")}
DRAWS = 5


def zoo(root: Path, data: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield a file and the splits of each set of the zoo, with its text, and prepare its skeletons."""
    from skeleton.data.preparation import prepare as read

    facts, said = (
        yaml.safe_load((HERE / "data" / f"zoo_{kind}.yaml").read_text()) for kind in ("facts", "sentences")
    )
    for name in ZOO:
        dataset, *_ = load_zoo(data, name)
        count = len(dataset.classes)
        raw = {
            "schema": 1, "name": dataset.name, "bodies": dataset.bodies,
            "classes": [c.name for c in dataset.classes],
            "protocols": {"odd": {"by": "subject", "train": list(range(1, 40, 2)), "decides": "all"}},
            "default_protocol": "odd",
            "splits": {
                f"half-{i}": sorted(np.random.RandomState(i).permutation(count)[: count // 2].tolist())
                for i in range(DRAWS)
            },
            "facts": {
                c.code: {"attribute": facts[name][c.name], "global": said[name][c.name]} for c in dataset.classes
            },
        }  # fmt: skip
        path = root / f"{name}.yaml"
        path.write_text(yaml.safe_dump(raw))
        read(path, data / "zoo" / name, store=Store(root))
        yield str(path), list(raw["splits"])


def sets(root: Path, data: Path) -> Iterator[tuple[str, list[str], str]]:
    """Yield name or file, splits and kind (`purls`, `zoo`) of each data set, with its kinematic features."""
    from skeleton.visual.extraction import features

    prepare(root, data)
    for dataset, splits in DATASETS.items():
        for split in splits:
            features(dataset, split, store=Store(root), visual="kinematics")
        yield dataset, list(splits), "purls"
    for path, splits in zoo(root, data):
        for split in splits:
            features(path, split, store=Store(root), visual="kinematics")
        yield path, splits, "zoo"


def measured(root: Path, data: Path, encoder: str) -> dict[str, Comparison]:
    """Return a comparison of all texts and their controls for each data set."""
    from skeleton.runs.parallel import Processes

    store, found = Store(root), {}
    for dataset, splits, kind in sets(root, data):
        name = Path(dataset).stem
        if encoder == "kinetic":
            learn_without(name if kind == "purls" else "", store)
        found[name] = compare(
            TEXTS[kind], [encoder], store=store, dataset=dataset, splits=splits, presets=["ridge"],
            switches={"calibrate": False}, visual="kinematics", controls=DRAWS, executor=Processes(1), note=print,
        )  # fmt: skip
    return found


def learn_without(dataset: str, store: Store) -> None:
    """Let `kinetic` use a map that was learned without a data set and classes near its own (none: the shipped one),
    and MiniLM's vectors from the store's cache."""
    from semtool.embedding import embed
    from semtool.encoders import fit_map, predicted

    shipped = predicted.FactMap.load(predicted.SHIPPED)
    fact_map = fit_map(without=(dataset,), near=False) if dataset else shipped
    predicted.shipped_digest = lambda: f"without {dataset}"
    predicted.map_for = lambda _: fact_map

    def encode(self: Any, texts: Any, **_: Any) -> Any:
        codes = [predicted._is_codes(t) for t in texts]
        out = np.empty((len(texts), self.card.dim), np.float32)
        if any(codes):
            out[codes] = predicted.AttributeEncoder().encode(
                [t for t, c in zip(texts, codes, strict=True) if c]
            )
        said = [t for t, c in zip(texts, codes, strict=True) if not c]
        if said:
            out[~np.array(codes)] = predicted.facts_of(
                said, embed(said, "minilm", store=store), fact_map
            ).codes
        return out

    predicted.PredictedAttributeEncoder.encode = encode


def accuracy_table(found: dict[str, Comparison]) -> list[str]:
    """Return accuracies in per cent, means over splits: a row a text or control, a column a data set."""
    rows, means = [], {name: _means(comparison) for name, comparison in found.items()}
    for text in ["names", *(n for t in TEXTS["purls"] for n in (t, *(f"{t}-{k}" for k in KINDS)))]:
        own = [means[name].get(text) for name in found]
        if any(own):
            whole = f"**{np.mean([np.mean(v) for v in own]):.1f}**" if all(own) else "-"
            rows.append([text, *(spread(v or ()) for v in own), whole])
    return table(("text", *found, "mean"), rows)


def _means(comparison: Comparison) -> dict[str, list[float]]:
    """Return for each text the accuracy in per cent of each of its draws, a mean over splits."""
    families = {t.label: t.family or t.label for t in comparison.texts}
    values: dict[str, dict[str, list[float]]] = {}
    for cell in comparison.cells:
        drawn = values.setdefault(families[cell.text], {})
        drawn.setdefault(cell.text, []).append(100 * cell.accuracy.mean)
    return {family: [float(np.mean(v)) for v in drawn.values()] for family, drawn in values.items()}


def content_table(found: dict[str, Comparison]) -> list[str]:
    """Return what the gain of each text over names is made of: mean over data sets, and its interval over them."""
    from skeleton.runs.metrics import interval

    means = [{t: float(np.mean(v)) for t, v in _means(c).items()} for c in found.values()]
    head = ("text", "data sets", "over names", "of it content: over as many words at random beside the names",
            "more words alone", "over texts of other classes", "over itself without names")  # fmt: skip
    rows = []
    for text in TEXTS["purls"]:
        own = [m for m in means if text in m]
        pairs = ((text, "names"), (text, f"{text}-filled"), (f"{text}-filled", "names"),
                 (text, f"{text}-shuffled"), (text, f"{text}-nameless"))  # fmt: skip
        cells = []
        for a, b in pairs:
            gains = [m[a] - m[b] for m in own if b in m]
            span = interval(gains) if len(gains) > 2 else None
            cells.append(
                (f"{np.mean(gains):+.1f}" if gains else "-")
                + (f" [{span[0]:+.1f}, {span[1]:+.1f}]" if span else "")
            )
        rows.append([text, len(own), *cells])
    return table(head, rows)


def difference_table(found: dict[str, Comparison]) -> list[str]:
    """Return the differences of each text to its controls over all splits of a data set."""
    rows = [
        [
            f"{d.a} - {d.b}",
            d.dataset,
            f"{100 * d.mean:+.1f}",
            f"{100 * d.low:+.1f} to {100 * d.high:+.1f}",
            "-" if d.p_adjusted is None else f"{d.p_adjusted:.3f}",
            d.verdict,
        ]
        for comparison in found.values()
        for d in comparison.differences
        if d.split is None and d.control
    ]
    return table(("text - control", "data set", "points", "95 % interval", "p (Holm)", ""), rows)


def main() -> None:
    parser = arguments(__doc__, data=True, root=Path("artifacts"))
    parser.add_argument("--encoder", choices=("minilm", "kinetic"), default="minilm")
    options = parser.parse_args()
    found = measured(options.root, options.data, options.encoder)
    page(f"text_controls_{options.encoder}", [
        "Zero-shot accuracy in per cent over all unseen samples, preset `ridge`, kinematic features, encoder "
        f"{options.encoder}; mean over the splits of a data set (PURLS, or {DRAWS} random halves), and deviation over "
        f"{DRAWS} draws where a control is drawn." + (
            " The map from words to attributes was learned without the data set measured and classes near its own. Where a "
            "set has written codes `kinetic` reads these alone: `multi` and `attributes` are the written facts here (and so are "
            "`random` and `shuffled` of them); `nameless` and `filled` are codes read from their words."
            if options.encoder == "kinetic" else ""
        ), "",
        *accuracy_table(found), "",
        "What a text's gain over names is made of, in points: mean over data sets, and its 95 % interval over these (Student's "
        "t). Content is what the text gains over the names among as many words drawn at random from it; the rest is what such "
        "words gain over the names alone.", "", *content_table(found), "",
        "Differences over all splits of a data set, paired; the interval covers persons and, for what is drawn, "
        "another draw of the control. What is not shown to beat `shuffled` says nothing that could be told from "
        "its being given to the wrong classes.", "", *difference_table(found),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
