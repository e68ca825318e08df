from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeleton.data.formats.decimals import parse_decimals


def parse(tokens):
    ends = np.cumsum([len(t) + 1 for t in tokens]) - 1
    return parse_decimals(b" ".join(tokens), ends - [len(t) for t in tokens], ends)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.decimals(-100, 100, allow_nan=False, places=7).map(str),
            st.floats(-50, 50).map(lambda v: f"{v:.7g}"),
            st.floats(allow_nan=False).map(repr),
            st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{0,18})?(e-?[0-9]{1,3})?", fullmatch=True),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_number_equals_float(words):
    tokens = [word.encode() for word in words]
    np.testing.assert_array_equal(parse(tokens), [float(t) for t in tokens])


def test_signed_zero_and_nothing():
    assert np.signbit(parse([b"-0.0", b"0.0"])).tolist() == [True, False]
    assert parse_decimals(b"", np.zeros(0, np.int64), np.zeros(0, np.int64)).size == 0


@pytest.mark.parametrize(
    "token", [b"1.2.3", b"-", b".", b"1.2x", b"x.25", b"1-.25", b"1_0.5", b"--1.5", b"1.:5"]
)
def test_what_is_no_number_is_refused(token):
    with pytest.raises(ValueError, match="could not convert"):
        parse([b"1.5", token])
