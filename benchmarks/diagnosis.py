"""Does the agreement of text and motion that ``semtool diagnose`` shows predict zero-shot accuracy?

    python benchmarks/diagnosis.py --data FOLDER [--root ARTIFACTS]

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo``. Texts under several encoders are fitted by kernel ridge (preset
`ridge`) on kinematic features, on the five PURLS splits and five random halves of each set of the zoo (those of
`text_controls`); then, split by split, they are ranked by it and by their accuracy. It reads no sample of an unseen
class. Writes ``results/diagnosis_agreement.md``; what the artifact store already holds is reused.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from common import arguments, page, table
from numpy.typing import NDArray
from scipy.stats import spearmanr
from text_controls import sets

from semtool.artifacts import Store
from semtool.diagnosis import diagnose
from semtool.experiments import compare

TEXTS = {
    "purls": ("label", "clip-ensemble", "global", "motion", "parts-phases", "multi", "attributes"),
    "zoo": ("label", "global", "attributes"),
}
ENCODERS = ("minilm", "kinetic", "tfidf")
RESAMPLES = 2000
Row = tuple[str, str, str, float, dict[str, float]]
"""Data set, split, text, accuracy, figures."""


def measured(root: Path, data: Path) -> list[Row]:
    """Fit every text on every split, and diagnose it."""
    from skeleton.runs.parallel import Processes

    store, rows = Store(root), []
    for dataset, splits, kind in sets(root, data):
        found = compare(
            TEXTS[kind], ENCODERS, store=store, dataset=dataset, splits=splits, presets=["ridge"], switches={"calibrate": False},
            visual="kinematics", executor=Processes(1), note=print,
        )  # fmt: skip
        for cell in found.cells:
            (looked,) = diagnose(
                cell.embeddings.reference, store=store, features=cell.features[0].reference, split=cell.split,
                dataset=dataset if kind == "zoo" else None, pairs=0,
            )  # fmt: skip
            figures = {"agreement": looked.agreement.rho} if looked.agreement else {}
            rows.append(
                (cell.dataset, cell.split, f"{cell.text}/{cell.encoder}", cell.accuracy.mean, figures)
            )
        print(dataset, len(rows), flush=True)
    return rows


Groups = dict[str, dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]]
"""By data set and split: figures and accuracies of the texts."""


def correlation(groups: Groups, rng: np.random.Generator | None = None) -> float:
    """Return Spearman's correlation within splits, a mean over splits and then over data sets.

    With ``rng`` data sets, splits and texts are drawn anew.
    """
    names = list(groups)
    if rng is not None:
        names = [names[i] for i in rng.integers(len(names), size=len(names))]
    found = []
    for name in names:
        splits = list(groups[name].values())
        texts = np.arange(len(splits[0][0]))
        if rng is not None:
            splits = [splits[i] for i in rng.integers(len(splits), size=len(splits))]
            texts = rng.integers(len(texts), size=len(texts))
        pairs = [(f[texts], a[texts]) for f, a in splits]
        pairs = [(f, a) for f, a in pairs if np.ptp(f) > 0 and np.ptp(a) > 0]
        if pairs:
            found.append(np.mean([spearmanr(f, a).statistic for f, a in pairs]))
    return float(np.mean(found)) if found else float("nan")


def correlations(rows: list[Row]) -> list[str]:
    """Return a line a figure: its correlation with accuracy, and that on each data set."""
    names = list(dict.fromkeys(r[0] for r in rows))
    keys = list(dict.fromkeys(k for r in rows for k in r[4]))
    lines = []
    for key in keys:
        groups: Groups = defaultdict(dict)
        for name, split in dict.fromkeys(r[:2] for r in rows):
            own = [(r[4][key], r[3]) for r in rows if r[:2] == (name, split) and key in r[4]]
            if len(own) > 3:
                groups[name][split] = (np.array([f for f, _ in own]), np.array([a for _, a in own]))
        rng = np.random.default_rng(0)
        drawn = [correlation(groups, rng) for _ in range(RESAMPLES)]
        tail = 2.5 / len(keys)
        low, high, least, most = np.nanpercentile(drawn, [2.5, 97.5, tail, 100 - tail])
        each = [f"{correlation({n: groups[n]}):+.2f}" if n in groups else "-" for n in names]
        spans = f"{low:+.2f} to {high:+.2f}", f"{least:+.2f} to {most:+.2f}"
        lines.append([key, f"{correlation(groups):+.2f}", *spans, *each])
    return table(["figure", "all", "95 % interval", f"corrected for {len(keys)}", *names], lines)


def main() -> None:
    options = arguments(__doc__, data=True, root=Path("artifacts")).parse_args()
    rows = measured(options.root, options.data)
    splits = len({r[:2] for r in rows})
    page("diagnosis_agreement", [
        f"{len(rows)} accuracies of texts (prompt set / encoder) on {splits} splits of {len({r[0] for r in rows})} data sets, "
        "preset `ridge` on kinematic features. Spearman's correlation between a figure of `semtool diagnose` and zero-shot "
        f"accuracy, texts ranked within a split, mean over splits and data sets; intervals from {RESAMPLES} draws of data "
        "sets, of their splits and of texts.", "", *correlations(rows),
    ], "diagnosis: agreement")  # fmt: skip


if __name__ == "__main__":
    main()
