"""The graph convolution: its graph, its shapes, bodies that are not there."""

import numpy as np
import pytest
import torch

from skeleton.data.layouts import LAYOUTS, layout
from skeleton.visual.stgcn import ARCHITECTURES, STGCN, spatial_graph


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_partitions_share_out_the_normalised_links(name):
    joints = layout(name)
    graph = spatial_graph(joints)
    link = np.eye(len(joints))
    for child, parent in joints.bones:
        link[child, parent] = link[parent, child] = 1
    assert np.allclose(graph.sum(axis=0), link / link.sum(axis=0, keepdims=True))
    assert ((graph > 0).sum(axis=0) <= 1).all()


def test_partitions_point_to_and_from_the_centre():
    joints = layout("kinect-v2")
    same, inward, outward = spatial_graph(joints)
    hand, wrist = joints.index("left_hand"), joints.index("left_wrist")
    assert inward[wrist, hand] > 0
    assert outward[hand, wrist] > 0
    assert same[hand, hand] > 0
    assert same[hand, wrist] == same[wrist, hand] == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=list(ARCHITECTURES))
def test_features_have_256_numbers(architecture):
    network = STGCN(layout("kinect-v1"), architecture, 3, classes=4).eval()
    x = torch.randn(2, 3, 50, 20, 1)
    assert network.features(x).shape == (2, 256)
    assert network(x).shape == (2, 4)


def test_the_paper_has_ten_blocks_from_width_16():
    paper = ARCHITECTURES["paper"]
    widths = [width for width, _ in paper.blocks]
    assert (len(widths), widths[0], widths[-1], paper.kernel, paper.dropout) == (10, 16, 256, 9, 0.5)


def test_an_absent_second_body_changes_nothing():
    network = STGCN(layout("kinect-v2"), ARCHITECTURES["compact"], 3, classes=4).eval()
    one = torch.randn(3, 3, 20, 25, 1)
    two = torch.cat([one, torch.zeros_like(one)], dim=4)
    assert torch.allclose(network.features(one), network.features(two), atol=1e-6)


def test_the_order_of_bodies_does_not_matter():
    network = STGCN(layout("kinect-v2"), ARCHITECTURES["compact"], 3, classes=4).eval()
    x = torch.randn(2, 3, 20, 25, 2)
    assert torch.allclose(network.features(x), network.features(x.flip(4)), atol=1e-5)


def test_a_graph_convolution_is_the_published_sum():
    torch.manual_seed(0)
    network = STGCN(layout("kinect-v2"), ARCHITECTURES["compact"], 3, 4).double()
    block, x = network.blocks[1], torch.randn(2, 24, 5, 25, dtype=torch.float64)
    graph = network.graph * torch.rand(3, 25, 25, dtype=torch.float64)
    mixed = block.spatial(x).view(2, 3, 48, 5, 25)
    by_definition = torch.einsum("npctv,pvw->nctw", mixed, graph)
    torch.testing.assert_close(block._convolve(x, graph), by_definition)
