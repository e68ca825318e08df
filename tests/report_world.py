"""A small store to report on, whose labels and descriptions hold HTML and script; loaded by file."""

import json

import numpy as np

from semtool.artifacts import Store
from semtool.descriptions import Description, DescriptionSet
from semtool.embedding_file import write_embeddings
from semtool.feature_file import FeatureFile
from skeleton.data.arrays import ArrayWriter
from skeleton.data.layouts import layout
from skeleton.data.sequence import SkeletonSequence
from skeleton.methods import preset
from skeleton.runs.training import train

EVIL_NAME = "</script><script>window.hacked = 1</script>"
EVIL_IMAGE = '<img src=x onerror="window.hacked = 2">'
EVIL_TEXT = "</SCRIPT><!--<script>window.hacked = 3</script> \u2028 & 'quoted' \"text\" {{ 7 * 7 }}"
NAMES = ("wave", "kick", EVIL_NAME, "sit down", EVIL_IMAGE, "jump", "bow", "clap <b>twice</b>")
UNSEEN = (2, 4, 6, 7)
MLA = {"epochs": 3, "warmup": 1, "attention_inverse": 1, "batch": 16, "hidden": (16, 8), "lr": 1e-3}


def build(folder):
    """Return a store with two texts, features of two seeds, runs `ridge-*` and `mla`, comparison `both`."""
    store = Store(folder / "artifacts")
    catalogue = folder / "odd.yaml"
    catalogue.write_text(
        json.dumps(
            {
                "name": "odd",
                "layout": "kinect-v1",
                "classes": list(NAMES),
                "splits": {"half": list(UNSEEN)},
                "protocols": {"cross-subject": {"by": "subject", "train": [1, 2]}},
            }
        ),
        encoding="utf-8",
    )
    arrays = _arrays(store)
    features = [_features(store, arrays, seed) for seed in (0, 1)]
    texts = {name: _text(store, name, each) for name, each in (("plain", 1), ("rich", 3))}
    runs = {}
    for name, embeddings in texts.items():
        for seed, visual in enumerate(features):
            runs[name, seed] = _train(
                store, catalogue, embeddings, visual, f"ridge-{name}-{seed}", "ridge", (seed,)
            )
    _train(store, catalogue, texts["rich"], features[0], "mla", "paper", seeds=(0, 1), **MLA)
    _comparison(store, texts, features, runs)
    return store


def _train(store, catalogue, embeddings, features, name, method, seeds=(0,), **changes):
    settings = preset(method, **changes)
    return train(
        embeddings,
        features,
        store=store,
        dataset=str(catalogue),
        settings=settings,
        seeds=seeds,
        name=name,
        jobs=1,
    )


def _samples():
    for c in range(len(NAMES)):
        for i in range(6):
            yield c, i, f"sample {c}-{i} <i>"


def _arrays(store):
    joints = len(layout("kinect-v1"))
    rest = np.random.default_rng(1).normal(size=(3, joints))
    with store.create("arrays", "odd/raw", parameters={"n": 1}) as draft:
        with ArrayWriter(draft.folder, "odd", "kinect-v1") as writer:
            for c, i, name in _samples():
                steps = np.linspace(0, 1, 40 + i)[None, :, None, None]
                positions = rest[:, None, :, None] + 0.2 * c * np.sin(6 * steps)
                writer.append(
                    SkeletonSequence(name, "kinect-v1", positions.astype(np.float32), c, i % 4 + 1, 1, 1, 1)
                )
        draft.details, draft.counts, draft.simulated = writer.details, writer.counts, True
    return draft.result


def _features(store, arrays, seed):
    rng = np.random.default_rng(seed)
    rows = list(_samples())
    labels = np.array([c for c, *_ in rows])
    subject = np.array([i % 4 + 1 for _, i, _ in rows])
    centres = np.random.default_rng(5).normal(size=(len(NAMES), 8))
    unseen = np.isin(labels, UNSEEN)
    with store.create(
        "features", "odd/half/random", inputs={"arrays": arrays.as_input()}, parameters={"seed": seed}
    ) as draft:
        FeatureFile(
            dataset="odd",
            split="half",
            protocol="cross-subject",
            visual="random",
            simulated=True,
            features=(centres[labels] + 0.6 * rng.normal(size=(len(labels), 8))).astype(np.float32),
            class_id=labels,
            subject=subject,
            view=np.ones_like(labels),
            subset=np.where(unseen, 2, np.where(subject > 2, 1, 0)).astype(np.int64),
            names=[name for *_, name in rows],
        ).write(draft.folder)
        draft.simulated = True
    return draft.result


def _text(store, name, each):
    rng = np.random.default_rng(each)
    rows = [
        Description(
            "odd", c, NAMES[c], granularity, slot, v, f"{granularity} {slot} {c} {v} {EVIL_TEXT}", "test"
        )
        for c in range(len(NAMES))
        for granularity, slot in (("label", ""), ("motion", ""), ("part", "head"), ("part", "legs"))[
            : 1 + each
        ]
        for v in range(each)
    ]
    with store.create("descriptions", f"odd/{name}", parameters={"each": each}) as described:
        DescriptionSet(rows).write(described.folder)
    centres = np.random.default_rng(5).normal(size=(len(NAMES), 8))
    vectors = np.stack([centres[d.class_id] + 0.3 * rng.normal(size=8) for d in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with store.create(
        "embeddings",
        f"odd/{name}/random",
        inputs={"descriptions": described.result.as_input()},
        parameters={"each": each},
    ) as draft:
        write_embeddings(
            draft.folder,
            vectors=vectors.astype(np.float32),
            class_id=np.array([d.class_id for d in rows]),
            granularity=[d.granularity for d in rows],
            slot=[d.slot for d in rows],
            variant=[d.variant for d in rows],
            dataset="odd",
            encoder="random",
        )
    return draft.result


def _comparison(store, texts, features, runs):
    from semtool.experiments.comparison import Comparison, Result
    from skeleton.runs import read_metrics, summarise_metrics

    def reference(of):
        return of.model_dump(include={"reference", "sha256"})

    cells = []
    for name in texts:
        of_seed = {s: runs[name, s] for s in range(len(features))}
        cells.append(
            Result.of(
                summarise_metrics({s: read_metrics(run.path, s) for s, run in of_seed.items()}),
                text=name,
                encoder="random",
                preset="ridge",
                features={s: reference(f.as_input()) for s, f in enumerate(features)},
                runs={s: run.name for s, run in of_seed.items()},
            )
        )
    difference = {
        "a": "rich", "b": "plain", "encoder": "random", "preset": "ridge", "dataset": "odd", "split": "half",
        "pairs": 2, "mean": 0.12, "low": 0.02, "high": 0.2, "p": 0.01, "p_adjusted": 0.02,
        "verdict": "better", "covers": {"seeds": 2, "samples": 9},
        "words": f"rich is better than plain {EVIL_IMAGE}", "per_class": None,
    }  # fmt: skip
    pooled = difference | {"split": None, "verdict": "not shown", "p": None, "p_adjusted": None}
    Comparison(
        name="both",
        created="2026-01-01T00:00:00+00:00",
        seeds=[0, 1],
        simulated=True,
        leaky=False,
        texts=[
            {"label": n, "dataset": "odd", "descriptions": reference(t.manifest.inputs["descriptions"])}
            for n, t in texts.items()
        ],
        cells=cells,
        differences=[difference, pooled],
        method={"interval": "bootstrap", "correction": "holm", "level": 0.95, "resamples": 10, "seed": 0},
        notes=["A note <b>with tags</b>."],
        versions={},
    ).write(store)
