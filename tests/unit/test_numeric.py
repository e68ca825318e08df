import numpy as np

from semtool.numeric import unit


def test_lengths_are_one_and_zeros_stay():
    found = unit(np.array([[3, 4], [0, 0], [1e-30, 0]], dtype=np.float32))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:2], [[0.6, 0.8], [0, 0]])


def test_any_axis():
    np.testing.assert_allclose(unit(np.array([[3.0, 0], [4, 2]]), axis=0), [[0.6, 0], [0.8, 1]])
