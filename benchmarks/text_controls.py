"""What part of a text's gain over names is what it says: controls on the five PURLS splits.

    python benchmarks/text_controls.py --data FOLDER [--texts label,global,multi,attributes] [--encoder minilm]

``FOLDER`` holds ``utd_mhad`` and ``nw_ucla``. Kernel ridge (preset `ridge`) on kinematic features, which are not
trained: nothing depends on a seed. Results go to ``results/text_controls_<encoder>.md``; what the artifact store
already holds is reused.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from zero_shot import HERE, SPLITS, machine, prepare

from semtool.artifacts import Store
from semtool.experiments import Comparison, compare
from semtool.experiments.comparison.controls import KINDS


def measured(root: str, texts: list[str], encoder: str, draws: int) -> list[Comparison]:
    """Return a comparison of all texts and their controls for each data set."""
    from skeleton.runs.parallel import Processes
    from skeleton.visual.extraction import features

    store, found = Store(root), []
    for dataset in dict.fromkeys(d for d, _ in SPLITS):
        splits = [s for d, s in SPLITS if d == dataset]
        for split in splits:
            features(dataset, split, store=store, visual="kinematics")
        found.append(
            compare(
                texts, [encoder], store=store, dataset=dataset, splits=splits, presets=["ridge"],
                visual="kinematics", controls=draws, executor=Processes(1), note=print,
            )
        )  # fmt: skip
    return found


def accuracy_table(found: list[Comparison], texts: list[str]) -> list[str]:
    """Return accuracies in per cent: a row a text or control, a column a split; draws are averaged."""
    values: dict[str, dict[str, list[float]]] = {}
    for comparison in found:
        families = {t.label: t.family or t.label for t in comparison.texts}
        for cell in comparison.cells:
            row = values.setdefault(families[cell.text], {})
            row.setdefault(cell.split, []).append(100 * cell.accuracy.mean)
    head = [f"{d} {s.removeprefix('purls-')}" for d, s in SPLITS]
    lines = ["| text | " + " | ".join(head) + " | mean |", "|---|" + "---|" * (len(head) + 1)]
    for name in ["names", *(n for t in texts for n in (t, *(f"{t}-{k}" for k in KINDS)))]:
        if name in values:
            means = [float(np.mean(values[name][s])) for _, s in SPLITS]
            spread = [
                np.std(values[name][s], ddof=1) if len(values[name][s]) > 1 else None for _, s in SPLITS
            ]
            cells = [
                f"{m:.1f}" + (f" ± {d:.1f}" if d is not None else "")
                for m, d in zip(means, spread, strict=True)
            ]
            lines.append(f"| {name} | {' | '.join(cells)} | **{np.mean(means):.1f}** |")
    return lines


def difference_table(found: list[Comparison]) -> list[str]:
    """Return the differences of each text to its controls over all splits of a data set."""
    lines = [
        "| text - control | data set | points | 95 % interval | p (Holm) | |",
        "|---|---|---|---|---|---|",
    ]
    for comparison in found:
        for d in comparison.differences:
            if d.split is None and d.control:
                p = "-" if d.p_adjusted is None else f"{d.p_adjusted:.3f}"
                lines.append(
                    f"| {d.a} - {d.b} | {d.dataset} | {100 * d.mean:+.1f} | {100 * d.low:+.1f} to "
                    f"{100 * d.high:+.1f} | {p} | {d.verdict} |"
                )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--texts", default="label,global,multi,attributes")
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
    texts = options.texts.split(",")
    prepare(options.root, Path(options.data), [])
    found = measured(options.root, texts, options.encoder, options.draws)
    name = "text_controls_" + options.encoder.replace(":", "-")
    command = f"python benchmarks/text_controls.py --texts {options.texts} --encoder {options.encoder}"
    text = "\n".join([
        f"# {name}", "", f"`{command} --draws {options.draws}`; {machine()}", "",
        "Zero-shot accuracy in per cent over all unseen samples, preset `ridge`, kinematic features, encoder "
        f"{options.encoder}; mean and deviation over {options.draws} draws where a control is drawn.", "",
        *accuracy_table(found, texts), "",
        "Differences over all splits of a data set, paired; the interval covers persons and, for what is drawn, "
        "another draw of the control. What is not shown to beat `shuffled` says nothing that could be told from "
        "its being given to the wrong classes.", "", *difference_table(found),
    ])  # fmt: skip
    (HERE / "results" / f"{name}.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
