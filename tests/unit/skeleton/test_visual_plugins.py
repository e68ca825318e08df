"""A visual encoder of one's own: found, fitted, saved, read back; one that breaks its contract is named."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from semtool.artifacts import Store
from semtool.errors import SemtoolError, UsageError
from semtool.feature_file import FeatureFile
from skeleton import simulate
from skeleton.data.arrays import ArraySet
from skeleton.visual import VisualEncoder, features, load_visual, registry

EXAMPLE = Path(__file__).parents[3] / "examples" / "bring_your_own_visual_encoder"


class Narrowing(VisualEncoder):
    """The width changes between batches."""

    width = 9

    def encode(self, clips, length):
        Narrowing.width -= 1
        return np.zeros((len(clips), self.width), np.float32)


class Failing(VisualEncoder):
    def encode(self, clips, length):
        raise KeyError("left_tail")


class Forgetting(VisualEncoder):
    def encode(self, clips, length):
        return np.zeros((len(clips) - 1, 4), np.float32)


class Infinite(VisualEncoder):
    def encode(self, clips, length):
        return np.full((len(clips), 4), np.inf, np.float32)


class Distribution:
    name = "their-package"


def point(name, value):
    return EntryPoint(name, value, registry.GROUP)._for(Distribution())


def forget():
    registry.find_visual.cache_clear()
    registry._plugins.cache_clear()


@pytest.fixture
def plugins(monkeypatch):
    """Announce plug-ins as installed packages do."""

    def announce(**values):
        points = [point(name.replace("_", "-"), value) for name, value in values.items()]
        monkeypatch.setattr("semtool.plugins.entry_points", lambda group: points)
        forget()

    yield announce
    forget()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("plugins") / "artifacts")
    simulate("ntu60", subjects=2, reps=1, store=store)
    return store


def test_the_example_is_fitted_saved_and_read_back(plugins, store, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    plugins(joint_means="semtool_joint_means:JointMeans")
    made = features("ntu60", store=store, visual="joint-means")
    file = FeatureFile.read(made.path)
    assert file.features.shape == (120, 2 * 3 * 25)
    assert made.reference == "ntu60/synse-55-5/joint-means@v1"
    encoder = load_visual(made.path)
    sequence = ArraySet.open(store.resolve("arrays", "ntu60/simulated").path).sequence(7)
    np.testing.assert_allclose(
        encoder.encode_sequence(sequence.positions), file.features[7], rtol=1e-4, atol=1e-5
    )
    narrow = features("ntu60", store=store, visual="joint-means", settings={"motion": False})
    assert narrow.manifest.counts["dim"] == 75
    assert narrow.reference != made.reference
    with pytest.raises(UsageError, match=r"joint-means has no setting lr.*frames, motion"):
        features("ntu60", store=store, visual="joint-means", settings={"lr": 1})
    sys.modules.pop("semtool_joint_means", None)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("Narrowing", r"\[7, 8\] numbers|vectors of"),
        ("Failing", "failed: KeyError: 'left_tail'"),
        ("Forgetting", "for 120 samples"),
        ("Infinite", "not finite"),
    ],
)
def test_a_broken_contract_is_one_sentence_with_the_package(plugins, store, monkeypatch, encoder, message):
    monkeypatch.setattr("skeleton.visual.clips._CHUNK", 120 if encoder == "Forgetting" else 60)
    plugins(theirs=f"{__name__}:{encoder}")
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this_module())
    with pytest.raises(SemtoolError, match="theirs of the package ") as caught:
        features("ntu60", store=store, visual="theirs")
    assert caught.match(message)


def _this_module():
    import types

    module = types.ModuleType(__name__)
    module.__dict__.update(globals())
    return module


@pytest.mark.parametrize("text", ["raise OSError('no card')", "import sys; sys.exit(3)", "Thing = 7", "1 +"])
def test_a_plugin_that_does_not_load_stops_nobody_else(plugins, store, tmp_path, monkeypatch, text):
    (tmp_path / "broken_plugin_module.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("broken_plugin_module", None)
    plugins(broken="broken_plugin_module:Thing")
    with pytest.raises(UsageError, match="broken_plugin_module:Thing of the package their-package"):
        features("ntu60", store=store, visual="broken")
    [problem] = registry.plugin_problems()
    assert "their-package" in problem
    assert features("ntu60", store=store, visual="kinematics").manifest.counts["dim"] == 487


def test_settings_are_each_encoders_own(store):
    with pytest.raises(UsageError, match="kinematics has no setting epochs"):
        features("ntu60", store=store, visual="kinematics", epochs=3)
    with pytest.raises(UsageError, match="stgcn has no setting architecture"):
        features("ntu60", store=store, settings={"architecture": "other"})
