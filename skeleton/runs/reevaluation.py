"""`evaluate`: a finished run on other text, other features or another split, without training again."""

from __future__ import annotations

from semtool.artifacts import Artifact, Store
from semtool.errors import NotMadeError, UsageError
from skeleton.methods import load_scorer
from skeleton.runs import folder as runs
from skeleton.runs.folder import Run
from skeleton.runs.measuring import measure
from skeleton.runs.records import Evaluated, Metrics, Summary
from skeleton.runs.summary import summarise_metrics
from skeleton.runs.task import load_task, open_features

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
) -> Summary:
    """Measure a run again. Nothing of the run is changed.

    Args:
        run: a run, its name or its folder; the newest if None.
        store: where everything lives.
        embeddings: text to recognise by; the run's own if None. It must come from the same encoder.
        features: samples to recognise; the newest of ``split`` if that is given, else the run's own.
        split: class split of the features.
        codebook: granularities to read; those the run was trained with if None.
        motion: granularity of the motion slot; likewise.

    Returns:
        a summary over the run's seeds, with ``evaluated`` saying what the run itself was trained with.

    Raises:
        UsageError: if the run was trained on classes that the split calls unseen, or inputs do not fit.
        SemtoolError: if a checkpoint is damaged or of another architecture.
    """
    if not isinstance(run, Run):
        run = runs.open_run(store, run)
    text = store.resolve("embeddings", embeddings or run.summary.embeddings.reference)
    visual = _features(store, run, features, split)
    measured: dict[int, Metrics] = {}
    for seed in run.seeds:
        settings, metrics = run.settings(seed), run.metrics(seed)
        task = load_task(
            text,
            visual,
            run.record(seed).dataset,
            codebook=codebook or settings.codebook,
            motion=motion or settings.motion,
            split=split,
        )
        seen_before = sorted(set(metrics.trained_on) & set(task.unseen))
        if seen_before:
            raise UsageError(
                f"the run {run.name} was trained on class {seen_before[0]} "
                f"({task.name_of(seen_before[0])}), which the split {task.split.name} calls unseen; "
                "train a run on that split",
                see="another-split",
            )
        scorer = load_scorer(runs.seed_folder(run.path, seed) / runs.CHECKPOINT, settings)
        changes = {
            **measure(scorer, task, metrics.calibration).fields(),
            "split": task.split.name,
            "protocol": task.protocol.name,
            "simulated": task.simulated,
            "embeddings": text.as_input(),
            "features": visual.as_input(),
            "codebook": task.bank.codebook_from,
            "motion": task.bank.motion_from,
        }
        measured[seed] = metrics.model_copy(update=changes)
    trained = run.summary
    evaluated = Evaluated(
        run=run.name,
        split=trained.split,
        embeddings=trained.embeddings,
        features=trained.features,
        same_features=visual.reference == trained.features.reference,
    )
    return summarise_metrics(measured).model_copy(update={"evaluated": evaluated})


def _features(store: Store, run: Run, features: str | None, split: str | None) -> Artifact:
    """Return what is asked for, the newest features of a split by the run's visual encoder, or its own."""
    from skeleton.visual import newest_features

    own, dataset = run.summary.features.reference, run.summary.dataset
    if features is not None or split is None or split == run.summary.split:
        return store.resolve("features", features or own)
    newest = newest_features(store, dataset, split, open_features(store.resolve("features", own)).visual)
    if newest is None:
        raise NotMadeError(
            f"there are no features of {dataset} for the split {split}; "
            f"make them with semtool features --dataset {dataset} --split {split}"
        )
    return newest
