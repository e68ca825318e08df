"""Shift-GCN and CTR-GCN against what is published of them; streams, ensembles, precision."""

import numpy as np
import pytest
import torch

from skeleton.data.layouts import layout
from skeleton.visual import find_visual
from skeleton.visual.clips import streams
from skeleton.visual.ctrgcn import directed_graphs
from skeleton.visual.shiftgcn import _FrameShift, _SpatialShift

BODY = layout("kinect-v2")


def made(name, classes=60):
    encoder = find_visual(name)
    return encoder(encoder.Settings(), BODY).network(3, classes)


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.fixture(scope="module", params=["shiftgcn", "ctrgcn"])
def network(request):
    torch.manual_seed(0)
    return made(request.param).eval()


def test_ten_blocks_of_the_published_widths_and_strides(network):
    shapes = []
    x = torch.randn(1, 3, 64, 25)
    with torch.no_grad():
        for block in network.blocks:
            x = block(x)
            shapes.append((x.shape[1], x.shape[2]))
    assert shapes == [(64, 64)] * 4 + [(128, 32)] * 3 + [(256, 16)] * 3


def test_parameters_are_as_many_as_published():
    # Shift-GCN 0.69 million (60 classes), CTR-GCN 1.46 million (120 classes), the joint stream of 25 joints.
    assert count(made("shiftgcn")) == 690_141
    assert count(made("ctrgcn", 120)) == 1_461_942


def test_a_block_of_shift_gcn_has_what_its_sections_say():
    block = made("shiftgcn").blocks[1]
    spatial = 64 * 64 + 64 + 25 * 64 + 2 * 25 * 64  # 1 x 1 mixing, bias, mask, normalisation of every joint
    temporal = 64 * 64 + 64 + 2 * 64 + 2 * 2 * 64  # mixing, bias, two shifts, two normalisations
    assert (count(block.spatial), count(block.temporal)) == (spatial, temporal)


def test_a_block_of_ctr_gcn_has_what_its_equations_say():
    block = made("ctrgcn").blocks[1]
    refined = 2 * (64 * 8 + 8) + (64 * 64 + 64) + (8 * 64 + 64)
    assert count(block.spatial) == 3 * refined + 3 * 25 * 25 + 1 + 2 * 64
    narrow = 64 * 16 + 16 + 2 * 16
    dilated = 16 * 16 * 5 + 16 + 2 * 16
    assert count(block.temporal) == 4 * narrow + 2 * dilated + 2 * 16


def test_the_spatial_shift_hands_channel_c_of_joint_v_plus_c_to_joint_v_and_back():
    shift = _SpatialShift(6, 6, 4)
    rows = torch.arange(24.0).view(1, 4, 6)
    there = rows.gather(1, shift.there[None])
    assert there[0, 1, 2] == rows[0, 3, 2]
    assert there[0, 3, 5] == rows[0, 0, 5]
    assert torch.equal(there.gather(1, shift.back[None]), rows)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_temporal_shift_interpolates_between_frames_and_learns(stride):
    shift = _FrameShift(2, stride)
    shift.frames.data = torch.tensor([0.25, -1.0])
    x = torch.arange(16.0).view(1, 2, 8, 1)
    out = shift(x)[0, :, :, 0].detach().numpy()
    known = x[0, :, :, 0].numpy()
    for at, frame in enumerate(range(0, 8, stride)):
        after = known[0, frame + 1] if frame < 7 else 0
        assert out[0, at] == pytest.approx(0.75 * known[0, frame] + 0.25 * after)
        assert out[1, at] == (known[1, frame - 1] if frame else 0)
    shift(x).square().sum().backward()
    assert shift.frames.grad.abs().min() > 0


def test_ctr_gcn_refines_as_equation_5_says():
    torch.manual_seed(1)
    part = made("ctrgcn").blocks[1].spatial.parts[0]
    x, graph, strength = torch.randn(2, 64, 6, 25), torch.randn(25, 25), torch.tensor(0.3)
    left, right = part.left(x).mean(2), part.right(x).mean(2)
    refined = part.widen(torch.tanh(left[..., :, None] - right[..., None, :])) * strength + graph
    expected = torch.einsum("ncuv,nctv->nctu", refined, part.values(x))
    assert torch.allclose(part(x, graph, strength), expected, atol=1e-5)


def test_the_directed_graphs_share_out_links_to_and_from_the_root():
    own, inward, outward = directed_graphs(BODY)
    hand, wrist = BODY.index("left_hand"), BODY.index("left_wrist")
    assert np.array_equal(own, np.eye(25))
    assert inward[wrist, hand] == 1
    assert inward[hand, wrist] == 0
    assert outward[hand, wrist] > 0
    assert set(np.unique(outward.sum(0).round(6))) <= {0, 1}


def test_an_absent_second_body_changes_nothing(network):
    one = torch.randn(2, 3, 16, 25, 1)
    assert torch.allclose(network(one), network(torch.cat([one, 0 * one], dim=4)), atol=1e-5)


def test_streams_are_positions_bones_and_their_steps():
    x = torch.randn(1, 3, 5, 25, 1)
    made = streams(x, BODY, ("joint", "bone", "motion", "bone-motion"))
    joint, bone, motion, both = made.split(3, dim=1)
    hand, wrist = BODY.index("left_hand"), BODY.index("left_wrist")
    assert torch.equal(joint, x)
    assert torch.allclose(bone[:, :, :, hand], x[:, :, :, hand] - x[:, :, :, wrist])
    assert torch.allclose(motion[:, :, 1:], 5 * (x[:, :, 1:] - x[:, :, :-1]))
    assert torch.allclose(both[:, :, 1:], 5 * (bone[:, :, 1:] - bone[:, :, :-1]))


@pytest.fixture(scope="module")
def moving():
    rng = np.random.default_rng(0)
    labels = np.arange(24, dtype=np.int64) % 2
    clips = rng.normal(size=(24, 3, 10, 20, 1)).astype(np.float32)
    clips[labels == 1] += 2
    return clips, labels


@pytest.mark.parametrize("settings", [{}, {"ensemble": True}, {"precision": "bfloat16"}], ids=str)
def test_an_encoder_comes_back_from_its_tensors(moving, settings):
    kind = find_visual("stgcn")
    steps = []

    def trained(**more):
        encoder = kind(kind.settings_of({"epochs": 2, "batch": 8, **more}), layout("kinect-v1"), "cpu")
        encoder.fit(*moving, seed=0, progress=lambda *at: steps.append(at))
        return encoder

    encoder = trained(**settings)
    assert steps[-1][0] == steps[-1][1] == len(steps)
    assert set(encoder.classify(moving[0])) <= {0, 1}
    rows = encoder.encode(moving[0], None)
    assert rows.shape == (24, 768 if settings.get("ensemble") else 256)
    assert rows.dtype == np.float32
    again = kind(encoder.settings, layout("kinect-v1"), "cpu")
    again.load(encoder.tensors())
    assert np.array_equal(again.encode(moving[0], None), rows)
    if settings.get("ensemble"):
        alone = trained(streams=["joint"]).encode(moving[0], None)
        np.testing.assert_allclose(rows[:, :256], alone, atol=1e-5)


@pytest.mark.parametrize("name", ["shiftgcn", "ctrgcn"])
def test_the_registry_has_them_and_they_train(moving, name):
    kind = find_visual(name)
    encoder = kind(kind.settings_of({"epochs": 1, "batch": 8, "frames": 10}), layout("kinect-v1"), "cpu")
    encoder.fit(moving[0][:8], moving[1][:8], seed=0, progress=None)
    assert encoder.encode(moving[0][:3], None).shape == (3, 256)
