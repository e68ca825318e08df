"""One seed of a run: pilot if something is to be chosen, training, evaluation, the folder."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semtool.artifacts import Artifact, Input, Store
from semtool.artifacts.manifest import library_versions
from semtool.catalogue import load_dataset
from semtool.embedding_file import EmbeddingFile
from semtool.errors import UsageError
from semtool.feature_file import FeatureFile
from skeleton.device import reproducible
from skeleton.methods.baselines import fit_closed_form
from skeleton.methods.config import TrainConfig
from skeleton.methods.mla.fitting import Fit, State, fit
from skeleton.methods.mla.streams import plan_streams
from skeleton.methods.scorers import MLAScorer, Normalisation, Scorer, new_model, save_checkpoint
from skeleton.methods.text import TextBank
from skeleton.methods.transfer import Examples, fit_transfer
from skeleton.runs import folder as runs
from skeleton.runs.auxiliary import SOURCE, simulated_classes
from skeleton.runs.calibration import Calibration, fit_calibration, predict
from skeleton.runs.metrics import accuracy, gzsl_metrics, zsl_metrics
from skeleton.runs.task import Samples, Task, build_task
from skeleton.runs.tracking import open_trackers

__all__ = ["SeedJob", "evaluate_scorer", "load_task", "run_seed"]

OnEpoch = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class SeedJob:
    """What one process needs to train one seed."""

    run: Path
    seed: int
    config: TrainConfig
    embeddings: Artifact
    features: Artifact
    dataset: str
    identity: str
    device: str
    threads: int
    trackers: tuple[str, ...] = ()
    state_every: float | None = None

    def to_json(self, root: Path) -> str:
        """Return the job as a line for another process, which finds the artifacts below ``root``."""
        raw = self.__dict__ | {
            "root": str(root.resolve()),
            "run": str(self.run.resolve()),
            "config": self.config.to_dict(),
            "embeddings": self.embeddings.reference,
            "features": self.features.reference,
        }
        return json.dumps(raw)

    @classmethod
    def from_json(cls, line: str) -> SeedJob:
        """Return the job of `to_json`."""
        raw = json.loads(line)
        store = Store(raw.pop("root"))
        raw["run"], raw["config"] = Path(raw["run"]), TrainConfig.from_dict(raw["config"])
        raw["trackers"] = tuple(raw["trackers"])
        for kind in ("embeddings", "features"):
            raw[kind] = store.resolve(kind, raw[kind])
        return cls(**raw)


def load_task(
    embeddings: Artifact, features: Artifact, config: TrainConfig, dataset: str, split: str | None = None
) -> Task:
    """Open both artifacts and check them against each other, and that they have what ``config`` needs."""
    task = build_task(
        EmbeddingFile(embeddings.path),
        FeatureFile.read(features.path),
        split=split,
        codebook=config.codebook,
        motion=config.motion,
        names=(f"the embedding file {embeddings.reference}", f"the feature file {features.reference}"),
        dataset=load_dataset(dataset),
    )
    if config.method == "mla" and config.alignment == "granularity" and not task.regions:
        raise UsageError(
            f"the feature file {features.reference} does not say which columns describe which body part, as "
            "--alignment granularity needs; choose with --features one that semtool features --visual "
            "kinematics made"
        )
    return task


def run_seed(job: SeedJob, on_epoch: OnEpoch | None = None) -> dict[str, Any]:
    """Train one seed, write its folder, return its metrics."""
    from threadpoolctl import threadpool_limits

    # The second is for the linear algebra of numpy, which would take every core.
    with reproducible(job.threads), threadpool_limits(job.threads):
        return _run_seed(job, on_epoch)


def _run_seed(job: SeedJob, on_epoch: OnEpoch | None) -> dict[str, Any]:
    started = time.perf_counter()
    folder = runs.partial_folder(job.run, job.seed)
    _open_partial(folder, job)
    task = load_task(job.embeddings, job.features, job.config, job.dataset)
    trackers = open_trackers(job.trackers, folder, f"{job.run.name}-{job.seed}", job.config.to_dict())

    def tell(phase: str) -> OnEpoch:
        def record(found: dict[str, Any]) -> None:
            for tracker in trackers:
                tracker.log({"phase": phase, **found})
            if on_epoch is not None:
                on_epoch({"phase": phase, "seed": job.seed, **found})

        return record

    try:
        chosen: dict[str, Any] = {"selection": job.config.select}
        epochs, calibration = None, None
        # The closed forms calibrate by default; with very few seen classes they go without.
        spare = len(task.seen) >= 4 or job.config.method == "mla" or job.config.validation_classes
        if job.config.select == "validation" or (job.config.calibrate and spare):
            epochs, calibration, chosen["validation"] = _pilot(job, task, folder, tell("pilot"))
        monitor = _test_monitor(task) if job.config.select == "test" else None
        scorer, fitted = _train(
            job, task, task.seen, folder / "state.safetensors", tell("train"),
            epochs=epochs, monitor=monitor,
        )  # fmt: skip
        chosen["epoch"] = fitted.get("epoch")
        chosen["streams"] = fitted.get("streams")
        chosen["auxiliary"] = fitted.get("auxiliary")
    finally:
        for tracker in trackers:
            tracker.close()
    trained = time.perf_counter() - started
    measured, table = evaluate_scorer(scorer, task, calibration)
    metrics = {
        **_header(job, task),
        **chosen,
        "leaky": job.config.select == "test",
        **measured,
        "timing": {"train_seconds": trained, "total_seconds": time.perf_counter() - started},
        "versions": {**library_versions("torch", "numpy"), "python": platform.python_version()},
    }
    save_checkpoint(scorer, folder / runs.CHECKPOINT)
    runs.write_predictions(folder / "predictions.csv", *table)
    runs.write_json(folder / "metrics.json", metrics)
    for state in folder.glob("*state.safetensors"):
        state.unlink()
    runs.finish(job.run, job.seed)
    return metrics


def evaluate_scorer(
    scorer: Scorer, task: Task, calibration: Calibration | None = None
) -> tuple[dict[str, Any], tuple[list[str], list[list[object]]]]:
    """Measure a scorer on a task: ``zsl``, ``gzsl``, and the table of predictions (columns, rows)."""
    classes = np.array(task.bank.classes, dtype=np.int64)
    unseen = np.isin(classes, task.unseen)
    on_unseen = scorer.scores(task.unseen_test.features, task.bank)
    on_seen = scorer.scores(task.seen_test.features, task.bank)
    zsl = zsl_metrics(on_unseen[:, unseen], task)

    def generalised(rule: Calibration | None, *, gate: bool = False) -> dict[str, Any]:
        of_seen, of_unseen = (classes[predict(s, unseen, rule, gate=gate)] for s in (on_seen, on_unseen))
        return gzsl_metrics(of_seen, of_unseen, task.seen_test.labels, task.unseen_test.labels)

    gzsl: dict[str, Any] | None = None
    if len(task.seen_test):
        plain = generalised(None)
        gzsl = {**plain, "calibration": {"kind": "none"}}
        if calibration is not None:
            stacked, gated = generalised(calibration), generalised(calibration, gate=True)
            gzsl = {**stacked, "calibration": {"kind": "stacking", **calibration.to_dict()}}
            gzsl["variants"] = {"none": plain, "stacking": stacked, "gate": gated}
    columns = [
        "name", "subset", "class_id", "class_name", "protocol_test", "predicted", "predicted_name",
        "gzsl_predicted", *(f"score_{c}" for c in task.unseen),
    ]  # fmt: skip
    rows: list[list[object]] = []
    for samples, found, subset in (
        (task.unseen_test, on_unseen, "unseen-test"),
        (task.seen_test, on_seen, "seen-test"),
    ):
        general = classes[predict(found, unseen, calibration)]
        zero_shot = classes[unseen][found[:, unseen].argmax(axis=1)]
        for i, name in enumerate(samples.names):
            truth = int(samples.labels[i])
            guess = int(zero_shot[i]) if subset == "unseen-test" else int(general[i])
            rows.append(
                [name, subset, truth, task.name_of(truth), int(samples.in_test[i]), guess,
                 task.name_of(guess), int(general[i]), *(f"{x:.6g}" for x in found[i, unseen])]
            )  # fmt: skip
    return {"zsl": zsl, "gzsl": gzsl}, (columns, rows)


def _train(
    job: SeedJob,
    task: Task,
    classes: Sequence[int],
    state: Path,
    on_epoch: OnEpoch,
    *,
    epochs: int | None = None,
    monitor: Callable[[Scorer], float] | None = None,
) -> tuple[Scorer, dict[str, Any]]:
    """Train a scorer on some of the seen classes; also return what there is to say about it."""
    bank, samples = task.bank.take(classes), task.train.of(classes)
    rows = _rows(bank, samples)
    if job.config.method == "transfer":
        return _transfer(job, task, Examples(samples.features, rows, bank))
    if job.config.method != "mla":
        closed = fit_closed_form(
            job.config.method, samples.features, rows, bank, feature_norm=job.config.feature_norm,
            hub_correction=job.config.hub_correction,
        )  # fmt: skip
        return closed, {}

    normalise = Normalisation.of(job.config.feature_norm, samples.features)
    streams = plan_streams(job.config, job.embeddings.dataset, task.bank, classes, task.regions)
    model = new_model(job.config, samples.features.shape[1], bank.dim, streams, seed=job.seed).to(job.device)
    scorer = MLAScorer(model, normalise)
    keep = State(state, f"{job.identity}/{job.seed}/{state.name}")
    if job.state_every is not None:
        keep.every = job.state_every
    fitted: Fit = fit(
        model,
        normalise(samples.features),
        rows,
        bank,
        job.config,
        seed=job.seed,
        epochs=epochs,
        monitor=(lambda _: monitor(scorer)) if monitor else None,
        state=keep,
        on_epoch=on_epoch,
    )
    return scorer, {
        "epoch": fitted.best_epoch or fitted.epoch,
        "loss": fitted.history[-1]["loss"],
        "streams": {stream.name: list(stream.heads) for stream in streams},
    }


def _transfer(job: SeedJob, task: Task, seen: Examples) -> tuple[Scorer, dict[str, Any]]:
    """Fit `Transfer`; every class of the data set that is not among ``seen`` stays hidden."""
    config = job.config
    extra, record = None, None
    if config.auxiliary == "simulated":
        hidden = [c.id for c in task.dataset.classes if c.id not in seen.bank.classes]
        extra, kept = simulated_classes(
            job.embeddings, task.dataset, hidden, store=Store(job.run.parent.parent), seed=job.seed,
            codebook=config.codebook, motion=config.motion,
        )  # fmt: skip
        record = {"source": SOURCE, "simulated": True, "classes": list(kept), "samples": len(extra.rows)}
    widths = task.widths if config.kernel == "blocks" else (sum(task.widths),)
    scorer = fit_transfer(
        seen, extra, widths=widths, feature_norm=config.feature_norm, hub_correction=config.hub_correction,
        decorrelate=config.decorrelate,
    )  # fmt: skip
    return scorer, {"auxiliary": record}


def _rows(bank: TextBank, samples: Samples) -> NDArray[np.int64]:
    return np.array([bank.classes.index(c) for c in samples.labels.tolist()], dtype=np.int64)


def _pilot(
    job: SeedJob, task: Task, folder: Path, on_epoch: OnEpoch
) -> tuple[int | None, Calibration | None, dict[str, Any]]:
    """Train without some seen classes, which then play the unseen ones.

    Returns:
        the epoch to stop at (None unless ``select`` is `validation`), the calibration (None unless asked
        for or there are no seen test samples), and the record of it.
    """
    wanted = job.config.validation_classes or max(2, round(len(task.seen) / 5))
    if not 2 <= wanted <= len(task.seen) - 2:
        raise UsageError(
            f"cannot hold out {wanted} of the {len(task.seen)} seen classes for validation: at least two "
            "must be held out and two remain; set --validation-classes, or use --select last without "
            "calibration"
        )
    rng = np.random.default_rng(job.config.validation_seed)
    held = tuple(sorted(int(c) for c in rng.choice(task.seen, size=wanted, replace=False)))
    kept = tuple(c for c in task.seen if c not in held)
    held_samples, kept_test = task.train.of(held), task.seen_test.of(kept)
    held_bank = task.bank.take(held)
    held_ids = np.array(held, dtype=np.int64)

    def monitor(scorer: Scorer) -> float:
        found = scorer.scores(held_samples.features, held_bank).argmax(axis=1)
        return accuracy(held_ids[found], held_samples.labels)

    selecting = job.config.select == "validation" and job.config.method == "mla"
    scorer, fitted = _train(
        job, task, kept, folder / "pilot-state.safetensors", on_epoch,
        monitor=monitor if selecting else None,
    )  # fmt: skip
    record = {
        "classes": list(held),
        "seed": job.config.validation_seed,
        "accuracy": monitor(scorer),
        "n": len(held_samples),
    }
    calibration = None
    if job.config.calibrate and len(kept_test):
        bank = task.bank.take((*kept, *held))
        columns = {c: i for i, c in enumerate(bank.classes)}

        def of(samples: Samples) -> tuple[Any, NDArray[np.int64]]:
            return scorer.scores(samples.features, bank), np.array(
                [columns[c] for c in samples.labels.tolist()]
            )

        calibration = fit_calibration(
            *of(kept_test), *of(held_samples), np.isin(bank.classes, held), chosen_on=held
        )
    return (int(fitted["epoch"]) if selecting else None), calibration, record


def _test_monitor(task: Task) -> Callable[[Scorer], float]:
    """Return the leaky monitor that published code uses: accuracy on the unseen test samples."""
    bank = task.bank.take(task.unseen)
    ids = np.array(task.unseen, dtype=np.int64)

    def monitor(scorer: Scorer) -> float:
        found = scorer.scores(task.unseen_test.features, bank).argmax(axis=1)
        return accuracy(ids[found], task.unseen_test.labels)

    return monitor


def _open_partial(folder: Path, job: SeedJob) -> None:
    """Make the partial folder, or go on in one of the same run; the log is cut back to the saved state."""
    marker = folder / "config.yaml"
    if folder.exists() and not marker.is_file():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_config(
        folder,
        {
            "name": job.run.name,
            "seed": job.seed,
            "dataset": job.dataset,
            "split": job.features.name.split("/")[0],
            "embeddings": job.embeddings.as_input().model_dump(),
            "features": job.features.as_input().model_dump(),
            "device": job.device,
            "threads": job.threads,
            "identity": job.identity,
            "config": job.config.to_dict(),
        },
    )
    log = folder / "log.jsonl"
    if log.is_file():
        done = {
            phase: _saved_epochs(folder / f"{prefix}state.safetensors")
            for phase, prefix in (("pilot", "pilot-"), ("train", ""))
        }
        lines = [
            json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}")
        ]
        kept = [r for r in lines if r["epoch"] <= done.get(r["phase"], 0)]
        log.write_text("".join(json.dumps(r) + "\n" for r in kept), encoding="utf-8")


def _saved_epochs(path: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            return len(json.loads(stream.metadata()["state"])["history"])
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return 0


def _header(job: SeedJob, task: Task) -> dict[str, Any]:
    def reference(found: Input) -> dict[str, str]:
        return {"reference": found.reference, "sha256": found.sha256}

    return {
        "schema": runs.SCHEMA,
        "name": job.run.name,
        "dataset": task.dataset.name,
        "split": task.split.name,
        "protocol": task.protocol.name,
        "preset": job.config.preset,
        "seed": job.seed,
        "embeddings": reference(job.embeddings.as_input()),
        "features": reference(job.features.as_input()),
        "simulated": task.simulated,
        "codebook": list(task.bank.codebook_from),
        "motion": task.bank.motion_from,
        "trained_on": list(task.seen),
    }
