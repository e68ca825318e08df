"""The slow reference, and small worlds of text and features to train in."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from semtool.artifacts import Artifact, Store
from semtool.catalogue import load_dataset
from semtool.embedding_file import write_embeddings
from semtool.feature_file import FeatureFile
from skeleton.methods import preset


@pytest.fixture(scope="session")
def reference():
    path = Path(__file__).parents[2] / "reference" / "mla_reference.py"
    spec = importlib.util.spec_from_file_location("mla_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class World:
    """A store with a small embedding file and features in which text and motion agree."""

    store: Store
    embeddings: Artifact
    features: Artifact


def embeddings_of(store, dataset, name="tiny/random", *, texts=3, dim=12, seed=0, skip=(), extra=()):
    """Write an embedding file in which class c lies near its own direction."""
    classes = [c.id for c in load_dataset(dataset).classes if c.id not in skip]
    rng = np.random.default_rng(seed)
    rows = [(c, g, s, v) for c in classes for g, s, v in (
        ("label", "", 0), *(("global", "", i) for i in range(texts)), ("motion", "", 0), *extra)]  # fmt: skip
    base = np.random.default_rng(99).normal(size=(200, dim))
    vectors = np.stack([base[c] + 0.2 * rng.normal(size=dim) for c, *_ in rows])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with store.create("embeddings", f"{dataset}/{name}", parameters={"seed": seed, "n": texts}) as draft:
        write_embeddings(
            draft.folder,
            vectors=vectors.astype(np.float32),
            class_id=np.array([r[0] for r in rows]),
            granularity=[r[1] for r in rows],
            slot=[r[2] for r in rows],
            variant=[r[3] for r in rows],
            dataset=dataset,
            encoder="random",
        )
    return draft.result


def features_of(
    store, dataset, split=None, *, each=8, dim=10, seed=0, simulated=False, drop=(), relabel=None, blocks=()
):
    """Write features: a fixed linear map of the classes' directions, plus noise."""
    dim = sum(width for _, width in blocks) or dim
    data = load_dataset(dataset)
    chosen = data.split(split)
    rng = np.random.default_rng(seed)
    base = np.random.default_rng(99).normal(size=(200, 12))
    turn = np.random.default_rng(7).normal(size=(12, dim))
    class_id, subset, subject, features, names = [], [], [], [], []
    for c in (c.id for c in data.classes if c.id not in drop):
        for i in range(each):
            unseen = c in chosen.unseen
            class_id.append(c)
            subject.append(i % 8 + 1)
            subset.append(2 if unseen else i % 4 == 3)
            features.append(base[c] @ turn + 0.3 * rng.normal(size=dim))
            names.append(f"a{c}_{i}")
    labels = np.array(class_id) if relabel is None else relabel(np.array(class_id))
    with store.create(
        "features", f"{dataset}/{chosen.name}/random", parameters={"seed": seed, "each": each, "dim": dim}
    ) as draft:
        FeatureFile(
            dataset=dataset,
            split=chosen.name,
            protocol=data.default_protocol,
            visual="random",
            simulated=simulated,
            features=np.array(features, dtype=np.float32),
            class_id=labels,
            subject=np.array(subject),
            view=np.array(subject) % 3 + 1,
            subset=np.array(subset, dtype=np.int64),
            names=names,
            blocks=blocks,
        ).write(draft.folder)
        draft.simulated = simulated
    return draft.result


@pytest.fixture
def world(tmp_path):
    """NW-UCLA with random text and features that fit each other."""
    store = Store(tmp_path / "artifacts")
    return World(store, embeddings_of(store, "nw-ucla"), features_of(store, "nw-ucla"))


@pytest.fixture
def make_embeddings():
    return embeddings_of


@pytest.fixture
def make_features():
    return features_of


SMALL = {"epochs": 4, "warmup": 1, "attention_inverse": 1, "batch": 16, "hidden": (16, 8), "lr": 1e-3,
         "calibrate": False}  # fmt: skip


@pytest.fixture
def small():
    """The published method with a short schedule and narrow layers."""
    return preset("paper", **SMALL)
