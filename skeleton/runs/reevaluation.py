"""`evaluate`: a finished run on other text, other features or another split, without training again."""

from __future__ import annotations

from typing import Any

from semtool.artifacts import Store
from semtool.errors import UsageError
from skeleton.runs import folder as runs
from skeleton.runs.calibration import Calibration
from skeleton.runs.folder import Run

__all__ = ["evaluate"]


def evaluate(
    run: Run | str | None = None,
    *,
    store: Store,
    embeddings: str | None = None,
    features: str | None = None,
    split: str | None = None,
    codebook: tuple[str, ...] | None = None,
    motion: str | None = None,
) -> dict[str, Any]:
    """Measure a run again. Nothing of the run is changed.

    Args:
        run: a run, its name or its folder; the newest if None.
        store: where everything lives.
        embeddings: text to recognise by; the run's own if None. It must come from the same encoder.
        features: samples to recognise; the newest of ``split`` if that is given, else the run's own.
        split: class split of the features.
        codebook, motion: granularities to read; those the run was trained with if None.

    Returns:
        a record as ``summary.json``: ``zsl`` and ``gzsl`` over the run's seeds, and in ``evaluated`` what was
        used instead of the run's own inputs.

    Raises:
        UsageError: if the run was trained on classes that the split calls unseen, or inputs do not fit.
        SemtoolError: if a checkpoint is damaged or of another architecture.
    """
    from dataclasses import replace

    from skeleton.methods.scorers import load_scorer
    from skeleton.runs.seed import evaluate_scorer, load_task
    from skeleton.runs.training import summarise_metrics
    from skeleton.visual.extraction import newest_features

    found = run if isinstance(run, Run) else open_or_newest(store, run)
    trained_on = found.summary["features"]["reference"]
    record = found.record(found.seeds[0])
    text = store.resolve("embeddings", embeddings or found.summary["embeddings"]["reference"])
    if features is None and split is not None and split != found.summary["split"]:
        newest = newest_features(
            store, found.summary["dataset"], split, store.resolve("features", trained_on).name.split("/")[1]
        )
        if newest is None:
            raise UsageError(
                f"there are no features of {found.summary['dataset']} for the split {split}; "
                f"make them with semtool features --dataset {found.summary['dataset']} --split {split}"
            )
        visual = newest
    else:
        visual = store.resolve("features", features or trained_on)
    measured: dict[int, dict[str, Any]] = {}
    for seed in found.seeds:
        config = found.config(seed)
        config = replace(config, codebook=codebook or config.codebook, motion=motion or config.motion)
        task = load_task(text, visual, config, record["dataset"], split)
        seen_before = sorted(set(found.metrics(seed)["trained_on"]) & set(task.unseen))
        if seen_before:
            raise UsageError(
                f"the run {found.name} was trained on class {seen_before[0]} "
                f"({task.name_of(seen_before[0])}), which the split {task.split.name} calls unseen; "
                "train a run on that split"
            )
        scorer = load_scorer(runs.seed_folder(found.path, seed) / runs.CHECKPOINT, found.config(seed))
        calibration = _calibration(found.metrics(seed))
        result, _ = evaluate_scorer(scorer, task, calibration)
        measured[seed] = {
            **found.metrics(seed),
            **result,
            "split": task.split.name,
            "protocol": task.protocol.name,
            "simulated": task.simulated,
            "embeddings": text.as_input().model_dump(),
            "features": visual.as_input().model_dump(),
            "codebook": list(task.bank.codebook_from),
            "motion": task.bank.motion_from,
        }
    summary = summarise_metrics(measured)
    summary["evaluated"] = {
        "run": found.name,
        "trained_with": {k: found.summary[k] for k in ("split", "embeddings", "features")},
        "same_features": visual.reference == trained_on,
    }
    return summary


def open_or_newest(store: Store, run: str | None) -> Run:
    """Return the run of that name or folder; the newest if None."""
    return runs.newest_run(store) if run is None else runs.open_run(store, run)


def _calibration(metrics: dict[str, Any]) -> Calibration | None:
    raw = dict((metrics.get("gzsl") or {}).get("calibration") or {})
    if raw.pop("kind", "none") != "stacking":
        return None
    return Calibration(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()})  # type: ignore[arg-type]
