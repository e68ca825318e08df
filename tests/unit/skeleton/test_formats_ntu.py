"""The text of ``.skeleton`` files: real ones, every kind of damage, and anything that a fuzzer thinks of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeleton.data.formats.ntu import parse_name
from skeleton.data.formats.ntu_text import parse_recording
from skeleton.data.formats.outcomes import OUTCOMES, Unreadable

BIG = 72057594037931648  # neighbouring ids of this size are the same float


def text(frames, end="\r\n"):
    """Write frames, each a list of (id, (25, 3) points), as the sensor software does."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for id, points in bodies:
            lines += [f"{id} 0 1 1 0 0 0 0.01 -0.2 2", str(len(points))]
            lines += [f"{x:.7g} {y:.7g} {z:.7g} 300.5 200 1100 500 0.1 0 -0.9 0 2" for x, y, z in points]
    return (end.join(lines) + end).encode()


def person(seed=0, joints=25):
    return np.random.default_rng(seed).normal(0, 1, (joints, 3))


SMALL = text([[(BIG, person(0))], [(BIG, person(1)), (BIG + 1, person(2))], []])


def outcome(data):
    with pytest.raises(Unreadable) as caught:
        parse_recording(data, "sample")
    assert "sample" in str(caught.value)
    return caught.value.outcome


def test_tracks_keep_ids_that_a_float_would_merge():
    recording = parse_recording(SMALL, "x")
    assert recording.frames == 3
    assert [t.id for t in recording.tracks] == [BIG, BIG + 1]
    assert [t.frames.tolist() for t in recording.tracks] == [[0, 1], [1]]
    expected = np.array([[float(f"{v:.7g}") for v in row] for row in person(2)], np.float32)
    np.testing.assert_array_equal(recording.tracks[1].points[0], expected)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", [b"", b"\r\n\r\n", b"   \n"])
def test_line_ends_and_blank_tails_do_not_matter(end, tail):
    data = text([[(5, person())]], end=end) + tail
    np.testing.assert_array_equal(
        parse_recording(data, "x").tracks[0].points,
        parse_recording(text([[(5, person())]]), "x").tracks[0].points,
    )


def test_unusual_blanks_do_not_matter():
    data = SMALL.replace(b" 300.5", b"  300.5").replace(b" 1100", b"\t1100")
    again = parse_recording(data, "x")
    np.testing.assert_array_equal(again.tracks[0].points, parse_recording(SMALL, "x").tracks[0].points)


def test_a_carriage_return_within_a_line_is_a_blank():
    data = SMALL.replace(b"\r\n", b"\n", 1).replace(b" 300.5", b"\r300.5", 1)
    assert len(parse_recording(data, "x").tracks) == 2


def test_small_numbers_with_exponents():
    points = np.zeros((25, 3))
    points[0] = [1e-7, -2.5e-12, 123.25]
    assert parse_recording(text([[(1, points)]]), "x").tracks[0].points[0, 0].tolist() == pytest.approx(
        [1e-7, -2.5e-12, 123.25]
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "truncated"),
        (b"0\r\n", "frames"),
        (b"what\r\n", "frames"),
        (b"-3\r\n", "frames"),
        (b"1\r\n0\r\n", "bodies"),
        (b"3\r\n0\r\n0\r\n0\r\n", "bodies"),
        (b"1\r\n-1\r\n", "damaged"),
        (b"9" * 30 + b"\r\n", "frames"),
        (b"999999999\r\n" + b"0\r\n" * 10, "frames"),
        (b"1\r\n999999999\r\n", "damaged"),
        (SMALL.replace(b"3\r\n", b"2\r\n", 1), "frames"),
        (SMALL.replace(b"3\r\n", b"7\r\n", 1), "frames"),
        (SMALL[: len(SMALL) // 2], "truncated"),
        (SMALL[:-200], "truncated"),
        (text([[(1, person(joints=24))]]), "joints"),
        (text([[(1, person(joints=24))]]).replace(b"\r\n24\r\n", b"\r\n25\r\n"), "truncated"),
        (text([[(1, np.full((25, 3), np.nan))]]), "not-a-number"),
        (text([[(1, np.full((25, 3), np.inf))]]), "not-a-number"),
        (text([[(1, np.full((25, 3), 1e300))]]), "not-a-number"),
        (SMALL.replace(b"0 1 1 0 0 0", b"0 1 1 0 0", 1), "damaged"),
        (SMALL.replace(b" 300.5 200", b" 300.5", 1), "damaged"),
        (SMALL.replace(b" 300.5 200", b" 300.5 ", 1), "damaged"),
        (SMALL.replace(b" 0 1 1 0 0 0 ", b"  1 1 0 0 0 ", 1), "damaged"),
        (SMALL.replace(b" 0 2\r\n", b" 0 \r\n", 1), "damaged"),
        (SMALL.replace(b" 0 2\r\n", b" 2\r\n ", 1), "damaged"),
        (SMALL.replace(str(BIG).encode(), b"7.2e16", 1), "damaged"),
        (b"1\n1\n5 0 1 1 0 0 0 0.01 -0.2 2\n25\n" + b"1_0 0 0 1 1 1 1 0 0 0 0 2\n" * 25, "not-a-number"),
    ],
)
def test_damage_has_a_name(data, expected):
    assert outcome(data) == expected


def test_the_message_names_frame_and_joint():
    points = person()
    points[4, 1] = np.nan
    with pytest.raises(Unreadable, match="frame 2, joint 5"):
        parse_recording(text([[(1, person())], [(1, points)]]), "x")


def test_the_message_names_the_line():
    data = SMALL.replace(b" 300.5 200", b" 300.5", 1)
    with pytest.raises(Unreadable, match=r"sample, line 5 has 11 numbers"):
        parse_recording(data, "sample")


def test_an_id_twice_in_a_frame_counts_once():
    recording = parse_recording(text([[(1, person(0)), (1, person(1))]]), "x")
    assert len(recording.tracks) == 1
    assert recording.tracks[0].points.shape == (1, 25, 3)


def test_names():
    assert parse_name("S017C003P020R002A060") == {"setup": 17, "view": 3, "subject": 20, "replication": 2}
    assert parse_name("S17C003P020R002A060") is None
    assert parse_name("S017C003P020R002A060x") is None


_pieces = st.sampled_from(
    [b"\r\n", b"\n", b" ", b"  ", b"-", b".", b"nan", b"1e999", b"25", b"0", b"3", b"_", b"\x00"]
)


@st.composite
def damaged(draw):
    """A valid text with a few cuts, insertions and overwritten bytes."""
    data = bytearray(SMALL)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["cut", "insert", "remove", "byte"]))
        if kind == "cut":
            del data[at:]
        elif kind == "insert":
            data[at:at] = draw(_pieces)
        elif kind == "remove":
            del data[at : at + draw(st.integers(1, 40))]
        elif at < len(data):
            data[at] = draw(st.integers(0, 255))
    return bytes(data)


def read(data, how):
    try:
        return how(data)
    except Unreadable as error:
        return error


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(damaged(), st.binary(max_size=200), st.text("0123456789 -.\n", max_size=200).map(str.encode))
)
def test_no_input_does_anything_but_parse_or_be_refused(data):
    found = read(data, lambda d: parse_recording(d, "x"))
    if isinstance(found, Unreadable):
        assert found.outcome in OUTCOMES
    else:
        assert found.tracks
        assert all(np.isfinite(t.points).all() for t in found.tracks)


@pytest.mark.real
def test_real_files(data_folder):
    files = sorted((data_folder / "ntu_samples").glob("*.skeleton"))
    assert len(files) == 3
    for path in files:
        data = path.read_bytes()
        for track in parse_recording(data, path.stem).tracks:
            # "Left" is the person's own: with y up and the shoulders' line from left to right, the toes point
            # to where the chest faces.
            p = track.points.mean(axis=0)
            facing = np.cross(p[3] - p[0], p[8] - p[4])
            assert facing @ (p[15] - p[14] + p[19] - p[18]) > 0
