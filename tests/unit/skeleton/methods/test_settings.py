"""Settings: a method's own switches and no others, presets, text from the command line, plug-ins."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from semtool.errors import UsageError
from semtool.experiments.grid.cells import ways_to_train
from semtool.plugins import load_plugins
from skeleton.methods import methods, preset, presets, settings_of
from skeleton.methods.registry import _names


def test_a_switch_of_another_method_is_refused_with_the_method_s_own():
    with pytest.raises(UsageError, match=r"the method ridge has no switch 'lr'; its own are .*kernel"):
        preset("ridge", lr=1e-3, top_k=(1, 5))
    with pytest.raises(UsageError, match="the method mla has no switch 'kernel'"):
        preset("paper", kernel="whole")
    assert not preset("ridge").depends_on_seed
    assert preset("best").depends_on_seed


def test_switches_are_read_from_text():
    read = preset("paper", lr="1e-4", top_k="1,5", codebook="label, part", epochs="3", motion="none")
    assert (read.lr, read.top_k, read.codebook, read.epochs) == (1e-4, (1, 5), ("label", "part"), 3)
    assert read.motion == "none"
    assert read.change(codebook="none").codebook is None
    assert preset("ridge", calibrate="false").calibrate is False
    assert not preset("best", auxiliary="none", kernel="whole").depends_on_seed


@pytest.mark.parametrize(
    ("switch", "value", "said"),
    [("loss", "sampled", "did you mean 'sampling'"), ("lr", "fast", "^lr: "), ("lr", True, "^lr: "),
     ("epochs", 1.5, "^epochs: "), ("top_k", "", "^top-k: "), ("hidden", "3", "^hidden: ")],
)  # fmt: skip
def test_values_that_do_not_fit_are_named(switch, value, said):
    with pytest.raises(UsageError, match=said):
        preset("paper", **{switch: value})


@pytest.mark.parametrize("name", presets())
def test_settings_come_back_from_what_is_written(name):
    assert settings_of(preset(name).to_dict()) == preset(name)


def test_a_sweep_gives_a_switch_to_the_presets_that_have_it():
    grid = ways_to_train(["paper", "ridge", "eszsl"], {"kernel": ["whole", "parts"], "lr": ["1e-4"]})
    assert [s.label for s in grid] == ["paper", "ridge (kernel=whole)", "ridge (kernel=parts)", "eszsl"]
    assert dict(grid[0].switches) == {"lr": 1e-4}
    assert len({s.method.model_dump_json() for s in grid}) == 4
    assert len(ways_to_train(["ridge"], {"kernel": ["whole", "whole"]})) == 1
    with pytest.raises(UsageError, match="unknown switch of ridge, eszsl 'lr'"):
        ways_to_train(["ridge", "eszsl"], {"lr": [1e-4]})


def test_a_plug_in_that_breaks_its_contract_is_a_sentence_and_the_rest_works(monkeypatch):
    for value, said in (
        ("nowhere.at_all:Method", "cannot be used: ModuleNotFoundError"),
        ("skeleton.methods.base:Scorer", "is no subclass of skeleton.methods.Method"),
        ("skeleton.methods.base:Method", "lacks fit, restore"),
    ):
        points = [EntryPoint("broken", value, "semtool.methods")]
        monkeypatch.setattr("semtool.plugins.entry_points", lambda group, points=points: points)
        found, (problem,) = load_plugins("semtool.methods", "method", _names, ())
        assert not found
        assert value in problem
        assert said in problem
    assert set(methods()) >= {"mla", "ridge", "eszsl"}
