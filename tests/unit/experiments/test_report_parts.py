"""Pieces of the report: intervals, packing, clips, maps, attention."""

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semtool.experiments.report.clips import FRAMES, choose_samples, clip
from semtool.experiments.report.numbers import confusion, measured, wilson
from semtool.experiments.report.packing import embedded_json, quantise
from semtool.experiments.report.page import Scale, conclusion
from semtool.experiments.report.positions import pca
from semtool.experiments.report.texts import alike_order, class_means
from skeleton.runs import Predictions, Spread


@given(st.text())
def test_embedded_json_is_json_that_closes_nothing(text):
    packed = embedded_json([text, {text: [text]}])
    assert not set(packed) & set("<>&\u2028\u2029")
    assert json.loads(packed)[0] == text
    packed.encode("utf-8")


def test_embedded_json_of_numbers():
    value = {"a": np.float32(1.5), "b": np.arange(3), "c": float("nan"), "d": (np.int64(2),)}
    assert embedded_json(value) == '{"a":1.5,"b":[0,1,2],"c":null,"d":[2]}'


def test_wilson_interval():
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert wilson(0.0, 10)[0] == 0.0
    assert wilson(1.0, 10)[1] == pytest.approx(1.0)
    assert wilson(0.3, 0) == (0.0, 1.0)


def test_interval_by_seeds_else_by_samples():
    several = Spread(mean=0.9, std=0.1, ci95=(0.7, 1.1), values={"0": 0.8, "1": 1.0})
    assert measured(several, 50) == {
        "mean": 0.9, "values": several.values, "low": 0.7, "high": 1.0, "basis": "seeds"
    }  # fmt: skip
    one = Spread(mean=0.5, std=0.0, ci95=None, values={"0": 0.5})
    assert measured(one, 100)["basis"] == "samples"
    assert measured(one)["low"] is None
    assert measured(None) is None


def test_quantised_values_are_near():
    values = np.random.default_rng(0).normal(size=(7, 7))
    packed = quantise(values)
    raw = np.frombuffer(base64.b64decode(packed["data"]), np.uint8).reshape(7, 7)
    back = packed["low"] + (packed["high"] - packed["low"]) * raw / 255
    assert np.abs(back - values).max() < (values.max() - values.min()) / 400


def test_clip_keeps_shape_pace_and_absent_bodies():
    rng = np.random.default_rng(0)
    positions = np.zeros((3, 90, 20, 2), dtype=np.float32)
    positions[..., 0] = rng.normal(size=(3, 90, 20))
    positions[:, 45:, :, 1] = rng.normal(size=(3, 45, 20))
    found = clip(positions)
    assert (found["frames"], found["bodies"], found["seconds"]) == (FRAMES, 2, 3.0)
    raw = np.frombuffer(base64.b64decode(found["data"]), np.uint8).reshape(FRAMES, 2, 20, 3)
    at = np.linspace(0, 89, FRAMES).round().astype(int)
    back = np.array(found["low"]) + found["step"] * raw
    assert np.abs(back[:, 0] - positions[:, :, :, 0][:, at].transpose(1, 2, 0)).max() < 0.02
    there = np.array(list(found["there"])).reshape(FRAMES, 2)
    assert (there[:, 1] == np.where(at >= 45, "1", "0")).all()


def test_clip_of_nobody_and_of_one_frame():
    assert clip(np.zeros((3, 5, 20, 1), dtype=np.float32))["frames"] == 0
    assert clip(np.ones((3, 1, 20, 1), dtype=np.float32))["frames"] == 1


def answers(truth, said, unseen=None, columns=(0, 1, 2)):
    n = len(truth)
    return Predictions(
        names=tuple(f"s{i}" for i in range(n)),
        unseen=np.ones(n, dtype=bool) if unseen is None else np.array(unseen),
        in_test=np.ones(n, dtype=bool),
        truth=np.array(truth),
        predicted=np.array(said),
        general=np.array(said),
        columns=columns,
        scores=np.zeros((n, len(columns)), dtype=np.float32),
    )


def test_samples_of_each_class_right_and_wrong_and_varied():
    found = answers([0] * 8 + [1] * 2, [0, 0, 0, 1, 1, 1, 1, 2, 1, 0])
    chosen = choose_samples([found])
    assert chosen == ["s0", "s1", "s3", "s7", "s4", "s8", "s9"]  # the rare confusion is among the wrong ones


def test_samples_on_which_cells_disagree_come_first():
    first, second = answers([0] * 5, [0] * 5), answers([0] * 5, [0, 0, 0, 1, 0])
    assert choose_samples([first, second])[0] == "s3"


def test_generalised_confusion_counts_answers_among_all_classes():
    table = SimpleNamespace(classes=(0, 1), counts=((2, 0), (1, 1)))
    metrics = {0: SimpleNamespace(zsl=SimpleNamespace(confusion=table))}
    found = confusion(metrics, {0: answers([0, 0, 5], [0, 5, 5], unseen=[True, True, False])})
    assert found["zero_shot"] == {"classes": [0, 1], "seeds": {"0": [[0, 0, 2], [1, 0, 1], [1, 1, 1]]}}
    assert found["generalised"] == {"classes": [0, 5], "seeds": {"0": [[0, 0, 1], [0, 1, 1], [1, 1, 1]]}}
    assert confusion({}, {}) == {"zero_shot": None, "generalised": None}


def test_pca_finds_the_widest_directions():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 6)) * np.array([1, 9, 1, 3, 1, 1])
    axes, share = pca(points - points.mean(axis=0), np.full(300, 1 / 300))
    assert abs(axes[0, 1]) > 0.99
    assert abs(axes[1, 3]) > 0.95
    assert share[0] > share[1] > 0.05


def test_alike_classes_become_neighbours():
    cosines = np.array([[1, 0, 0.9, 0.1], [0, 1, 0.1, 0.8], [0.9, 0.1, 1, 0], [0.1, 0.8, 0, 1]])
    order = alike_order(cosines)
    assert abs(order.index(0) - order.index(2)) == 1
    assert abs(order.index(1) - order.index(3)) == 1
    assert alike_order(np.eye(2)) == [0, 1]


def test_class_means_need_every_class():
    vectors = np.eye(3)
    assert class_means(vectors, np.array([0, 0, 1]), [0, 1]).shape == (2, 3)
    assert class_means(vectors, np.array([0, 0, 1]), [0, 2]) is None


def test_scale_stays_inside():
    scale = Scale(-0.1, 0.1)
    assert (scale.at(0), scale.at(-5), scale.at(5)) == (50.0, 0.0, 100.0)
    assert scale.label == "−10 % to 10 %"


def test_a_page_shows_a_bounded_number_of_samples():
    from semtool.experiments.report.collect import POINTS, _points

    assert _points(1) == 2400
    assert _points(40) * 40 <= POINTS
    assert _points(5000) == 150


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (0.6, "rich with minilm and ridge recognises most: 70.0 %"),
        (0.7, "No text recognises most: several reach 70.0 %"),
    ],
)
def test_a_tie_has_no_winner(second, said):
    def cell(label, accuracy):
        numbers = {"accuracy": {"mean": accuracy}}
        of = {"dataset": "ntu60", "split": "half", "encoder": "minilm", "preset": "ridge", "part": "all"}
        return of | {"label": label, "numbers": numbers}

    tie = {
        "a": "rich",
        "b": "plain",
        "encoder": "minilm",
        "preset": "ridge",
        "split": None,
        "verdict": "noise",
    }
    cells = [cell("rich", 0.7), cell("plain", second)]
    assert said in conclusion({"cells": cells, "comparison": {"differences": [tie]}})
