"""Attribute codes as numbers."""

import numpy as np
import pytest

from semtool.catalogue import load_vocabulary
from semtool.encoders import find_encoder
from semtool.encoders.attributes import AttributeEncoder, parse_codes
from semtool.encoders.encoding import encode_texts
from semtool.errors import SemtoolError


def field(vectors, name):
    """Return the columns of one field."""
    names = AttributeEncoder().dimension_names()
    return vectors[
        :, [i for i, n in enumerate(names) if n.replace(">=", "=").replace("<", "=").startswith(f"{name}=")]
    ]


def test_every_field_is_a_block_of_unit_length():
    vectors = AttributeEncoder().encode(["arms=both; hand_peak=overhead; path=circle", "posture_end=lying"])
    for name in load_vocabulary().fields:
        np.testing.assert_allclose(np.linalg.norm(field(vectors, name), axis=1), 1, atol=1e-6)


def test_the_cosine_is_the_average_agreement_of_the_fields():
    fields = load_vocabulary().fields
    heights = list(fields["hand_peak"].values)
    a, b = heights.index("head"), heights.index("overhead")
    vectors = encode_texts(
        AttributeEncoder(), ["hand_peak=head; path=circle", "hand_peak=overhead; path=arc"]
    ).vectors
    agreement = (1 - abs(a - b) / (len(heights) - 1)) + 0 + (len(fields) - 2)
    assert float(vectors[0] @ vectors[1]) == pytest.approx(agreement / len(fields), abs=1e-6)


def test_opposite_ends_of_a_scale_agree_in_nothing_and_neighbours_in_most():
    names = list(load_vocabulary().fields["hand_peak"].values)
    vectors = field(AttributeEncoder().encode([f"hand_peak={n}" for n in names]), "hand_peak")
    similarity = vectors @ vectors.T
    assert similarity[0, -1] == pytest.approx(0)
    assert (np.diff(similarity[0]) < 0).all()
    np.testing.assert_allclose(np.diag(similarity), 1, atol=1e-6)


def test_axes_are_named_and_as_many_as_the_card_says():
    encoder = AttributeEncoder()
    names = encoder.dimension_names()
    assert "path=circle" in names
    assert {"hand_peak>=head", "hand_peak<head"} <= set(names)
    assert len(set(names)) == len(names) == encoder.card.dim == encoder.encode([""]).shape[1]


def test_a_field_that_is_left_out_has_its_default():
    encoder = AttributeEncoder()
    default = load_vocabulary().fields["arms"].default
    assert (encoder.encode([f"arms={default}"]) == encoder.encode(["side=none"])).all()


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ("wings=two", "unknown attribute 'wings'"),
        ("arms=three", "'arms' cannot be 'three'"),
        ("arms", "'arms' is not field=value"),
        ("arms=one; arms=both", "'arms' appears twice"),
        ("=one", "is not field=value"),
    ],
)
def test_codes_that_are_not_in_the_vocabulary_are_refused(codes, message):
    with pytest.raises(SemtoolError, match=message):
        find_encoder("attributes").encode([codes])


def test_codes_are_read_with_any_spacing():
    assert parse_codes(" arms = one;side=right ; ") == {"arms": "one", "side": "right"}
