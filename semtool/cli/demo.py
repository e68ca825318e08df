"""``semtool demo``: the whole flow, small, on what the package carries."""

from __future__ import annotations

import time
from typing import Annotated

from semtool.cli.console import Json, Root, app, json_object, note, option, progress, say, store, table

__all__ = ["demo"]

DATASET, SPLIT = "ntu60", "synse-55-5"


@app.command()
def demo(
    subjects: Annotated[int, option("Simulated people.", min=2)] = 6,
    seeds: Annotated[int, option("Trainings.", min=1)] = 3,
    epochs: Annotated[int | None, option("Of both trainings.", min=1, unset="25 and 100")] = None,
    encoder: Annotated[str, option("Text encoder.")] = "minilm",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Run the whole flow on SIMULATED skeletons: no licensed data, no network.

    Simulates NTU-60 classes, writes and embeds their descriptions, trains ST-GCN and MLA on the seen classes,
    and measures the accuracy on five classes that neither has seen. Takes some minutes on two cores.

    Example: semtool demo
    """
    from semtool.embedding import embed
    from semtool.generation import generate
    from skeleton.methods import preset
    from skeleton.runs import train
    from skeleton.simulation import simulate
    from skeleton.visual import features

    shelf = store(root)
    began = time.perf_counter()

    def step(text: str) -> None:
        note(f"[{time.perf_counter() - began:5.1f} s] {text}")

    step(f"semtool simulate --dataset {DATASET} --subjects {subjects}")
    with progress("simulating") as report:
        simulate(DATASET, subjects=subjects, store=shelf, progress=report)
    step(f"semtool generate --dataset {DATASET}")
    described = generate(DATASET, "multi", store=shelf)
    step(f"semtool embed --encoder {encoder}")
    with progress("embedding") as report:
        embedded = embed(described.artifact, encoder, store=shelf, progress=report)
    step(f"semtool features --dataset {DATASET} --split {SPLIT} (ST-GCN on seen classes)")
    with progress("training ST-GCN") as report:
        visual = features(
            DATASET, SPLIT, arrays=f"{DATASET}/simulated", epochs=epochs or 25, store=shelf, progress=report
        )
    step(f"semtool train --split {SPLIT} --lr 1e-4 --max-k 15 --seeds {seeds} (MLA on seen classes)")
    with progress("training MLA") as report:
        settings = preset("paper", lr=1e-4, max_k=15, epochs=epochs or 100)
        run = train(
            embedded.artifact, visual, store=shelf, split=SPLIT, settings=settings, seeds=range(seeds),
            progress=report,
        )  # fmt: skip
    step("done")
    if as_json:
        json_object(run.summary.to_dict() | {"run": run.name, "path": str(run.path)})
        return
    from semtool.cli.train import show_summary

    show_summary(run.summary, f"demonstration on {DATASET}, split {SPLIT}")
    made = [(a.reference, a.path) for a in (described.artifact, embedded.artifact, visual) if a]
    table("files", ("what", "where"), [*made, ("run", run.path)])
    say("The skeletons are SIMULATED: these numbers show that everything works, not how well it does.")
    say("Next: semtool prepare, with licensed data, or the README's walk-through on real skeletons.")
