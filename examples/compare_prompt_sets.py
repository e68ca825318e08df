"""Which prompt set recognises unseen actions best? Label, parts and phases, or everything.

    python examples/compare_prompt_sets.py

Three texts, two encoders, three seeds: 18 trainings on the same skeletons, then which differences are more
than noise. With SEMTOOL_DATA pointing at a folder that holds ``utd_mhad`` it works on real people, otherwise
on simulated ones, whose numbers only show how to read the result. What is done once is kept in
``artifacts/``: run it again with ``--seeds 5`` and only two more seeds are trained.

The training is short, so that all of it takes a few minutes; for numbers worth publishing set --epochs and
--max-k to the method's own (100 and 25) and take more seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from semtool.artifacts import Store
from semtool.experiments import compare
from semtool.experiments.comparison.tables import write_tables

TEXTS = ("label", "parts-phases", "multi")


def note(text: str) -> None:
    print(text, file=sys.stderr)


def make_features(store: Store, people: int, epochs: int) -> tuple[str, str]:
    """Make visual features, of real skeletons if there are some; return data set and class split."""
    from skeleton import features, prepare, simulate

    data = os.environ.get("SEMTOOL_DATA")
    if data and (Path(data) / "utd_mhad").is_dir():
        dataset, split = "utd-mhad", "purls-22-5"
        note("preparing UTD-MHAD: 8 people, 27 actions, 5 of them unseen")
        prepare(dataset, store=store)
    else:
        dataset, split = "ntu60", "synse-55-5"
        note(f"simulating NTU-60: {people} people, 60 actions, 5 of them unseen")
        simulate(dataset, subjects=people, store=store)
    note("training the visual encoder on the seen actions")
    features(dataset, split, store=store, epochs=epochs)
    return dataset, split


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", default="artifacts", help="folder of all artifacts")
    parser.add_argument("--encoders", default="minilm,tfidf")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="of the alignment")
    parser.add_argument(
        "--max-k", type=int, default=6, help="heads read 1, 5, 10 ... descriptions below this"
    )
    parser.add_argument("--people", type=int, default=4, help="simulated people")
    parser.add_argument("--visual-epochs", type=int, default=15, help="of the visual encoder")
    options = parser.parse_args(arguments)
    store = Store(options.root)
    dataset, split = make_features(store, options.people, options.visual_epochs)
    found = compare(
        TEXTS,
        options.encoders.split(","),
        store=store,
        dataset=dataset,
        splits=[split],
        seeds=range(options.seeds),
        switches={"lr": 3e-4, "epochs": options.epochs, "warmup": 3, "attention_inverse": 3,
                  "max_k": options.max_k},
        name="prompt-sets",
        note=note,
    )  # fmt: skip
    print(write_tables(found, "markdown"))
    note(f"semtool report prompt-sets --root {options.root}   shows it as a page")


if __name__ == "__main__":
    main()
