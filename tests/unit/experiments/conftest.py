"""A small world: NW-UCLA with described classes and features that a text of the same making fits."""

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.catalogue import load_dataset
from semtool.descriptions import Description, DescriptionSet
from semtool.feature_file import FeatureFile


def describe(store, name, text_of, dataset="nw-ucla", skip=(), rename=None):
    """Write a description set: one label a class."""
    data = load_dataset(dataset)
    rows = [
        Description(dataset, c.id, (rename or {}).get(c.id, c.name), "label", "", 0, text_of(c), "template")
        for c in data.classes
        if c.id not in skip
    ]
    with store.create("descriptions", f"{dataset}/{name}", parameters={"name": name}) as draft:
        DescriptionSet(rows).write(draft.folder)
    return draft.result


def features_like(store, split=None, *, seed=0, each=10, noise=0.4, dataset="nw-ucla", simulated=False):
    """Write features: a linear map of the TF-IDF vectors of the class names, plus noise."""
    from semtool.embedding import embed

    data = load_dataset(dataset)
    chosen = data.split(split)
    rng = np.random.default_rng(seed)
    base = embed([c.name for c in data.classes], "tfidf", store=store)
    turn = np.random.default_rng(7).normal(size=(base.shape[1], 16))
    rows = [(c.id, i) for c in data.classes for i in range(each)]
    features = np.stack([base[c] @ turn + noise * rng.normal(size=16) for c, _ in rows])
    with store.create(
        "features", f"{dataset}/{chosen.name}/random", parameters={"seed": seed, "each": each}
    ) as draft:
        FeatureFile(
            dataset=dataset, split=chosen.name, protocol=data.default_protocol, visual="random",
            simulated=simulated, features=features.astype(np.float32),
            class_id=np.array([c for c, _ in rows]),
            subject=np.array([i % 10 + 1 for _, i in rows]),
            view=np.array([i % 3 + 1 for _, i in rows]),
            subset=np.array([2 if c in chosen.unseen else int(i % 4 == 3) for c, i in rows], dtype=np.int64),
            names=[f"a{c}_{i}" for c, i in rows],
        ).write(draft.folder)  # fmt: skip
        draft.simulated = simulated
    return draft.result


@pytest.fixture(scope="session")
def write_text():
    return describe


@pytest.fixture(scope="session")
def write_features():
    return features_like


@pytest.fixture
def store(tmp_path):
    """Class names as text (good), the same again (copy), the names of other classes (shuffled)."""
    store = Store(tmp_path / "artifacts")
    describe(store, "good", lambda c: c.name)
    describe(store, "copy", lambda c: c.name)
    names = [c.name for c in load_dataset("nw-ucla").classes]
    describe(store, "shuffled", lambda c: names[(c.id + 3) % len(names)])
    features_like(store)
    return store


SMALL = {"epochs": 3, "warmup": 1, "attention_inverse": 1, "batch": 16, "lr": 1e-3, "max_k": 1,
         "calibrate": False}  # fmt: skip


@pytest.fixture
def small():
    """Switches of a short training."""
    return dict(SMALL)


class Here:
    """An executor that works in this process, and says what it has done."""

    threads = 1

    def __init__(self):
        self.done = []

    def run(self, jobs, progress=None, *, on_record=None, keep_going=True):
        from skeleton.runs.parallel import perform

        self.done += [job.label for job in jobs]
        found = [perform(job.label, job.call, job.arguments, lambda record: None) for job in jobs]
        return [failure for failure in found if failure]


@pytest.fixture
def narrow(monkeypatch):
    """Train in this process, with narrow layers."""
    from skeleton.methods import registry

    monkeypatch.setitem(registry.presets(), "paper", registry.preset("paper", hidden=(16, 8)))
    return Here()
