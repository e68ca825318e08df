"""From the tracks of one recording to the people in it: the cleaning that is published for NTU RGB+D.

The sensor loses people and finds them again under new ids, and takes furniture and reflections for people.
The choices, in order, with the thresholds of the preparation scripts that view-adaptive networks (Zhang et
al., TPAMI 2019) and CTR-GCN (Chen et al., ICCV 2021) publish:

1. A recording with one track is taken as it is.
2. Tracks of at most 11 frames are dropped.
3. Tracks that are wider than 0.8 times their height in at least 69.754 % of their frames are dropped.
4. The rest is ordered by motion: the variance of all joints' coordinates over all frames, summed over x, y,
   z; if some frames are too wide, the smaller of the motions with and without them. Most motion is the main
   actor.
5. In that order a track joins the first person with whom it shares at most one frame: it is the same person,
   found again. There are as many people as the data set has at most (2); a track that fits nobody is dropped.
6. Frames in which nobody is left are removed.

Choices of ours where the scripts say nothing or something else: the longest track stays if step 2 would
drop all, the last one left stays in step 3; tracks of equal motion keep the order of their appearance; in a
frame that two joined tracks share, the track with more motion counts. The class of a sample is never
consulted, as no test sample's class is known. Nothing is moved, rotated or resampled here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skeleton.data.formats.ntu_text import Recording, Track
from skeleton.data.formats.outcomes import SampleFinding, Unreadable

__all__ = ["clean"]

SHORTEST = 12
WIDEST = 0.8
MOSTLY = 0.69754


def clean(recording: Recording, sample: str, people: int) -> tuple[NDArray[np.float32], list[SampleFinding]]:
    """Return positions (3, T, 25, people), main actor first, and what was dropped, joined or left out.

    Args:
        recording: at least one track.
        sample: the sample's name, for the findings.
        people: most people in the result; absent ones are zero.

    Raises:
        Unreadable: ``bodies``, if every coordinate is zero.
    """
    findings: list[SampleFinding] = []
    tracks = list(recording.tracks)
    if len(tracks) > 1:
        tracks = _long_enough(tracks, sample, findings)
        tracks = _shaped_like_people(tracks, sample, findings)
        tracks.sort(key=_motion, reverse=True)
    positions = _people(tracks, recording.frames, people, sample, findings)
    somebody = positions.any(axis=(0, 2, 3))
    if not somebody.any():
        raise Unreadable("bodies", f"{sample}: every coordinate is zero")
    if missing := int((~somebody).sum()):
        text = f"{sample}: {missing} of {recording.frames} frames show nobody and were left out"
        findings.append(SampleFinding("frames-missing", text, sample, missing))
    return np.ascontiguousarray(positions[:, somebody]), findings


def _long_enough(tracks: list[Track], sample: str, findings: list[SampleFinding]) -> list[Track]:
    longest = max(tracks, key=lambda t: len(t.frames))
    kept = []
    for track in tracks:
        if len(track.frames) >= SHORTEST or track is longest:
            kept.append(track)
        else:
            text = f"{sample}: body {track.id} was tracked for {len(track.frames)} frames only"
            findings.append(SampleFinding("body-short", text, sample))
    return kept


def _shaped_like_people(tracks: list[Track], sample: str, findings: list[SampleFinding]) -> list[Track]:
    kept = list(tracks)
    for track in tracks:
        share = float(_too_wide(track).mean())
        if len(kept) > 1 and share >= MOSTLY:
            kept.remove(track)
            text = f"{sample}: body {track.id} is wider than tall in {share:.0%} of its frames"
            findings.append(SampleFinding("body-shape", text, sample))
    return kept


def _too_wide(track: Track) -> NDArray[np.bool_]:
    extent = np.ptp(track.points, axis=1)
    wide: NDArray[np.bool_] = extent[:, 0] > WIDEST * extent[:, 1]
    return wide


def _motion(track: Track) -> float:
    points = track.points.astype(np.float64)
    motion = float(points.reshape(-1, 3).var(axis=0).sum())
    upright = ~_too_wide(track)
    if upright.any() and not upright.all():
        motion = min(motion, float(points[upright].reshape(-1, 3).var(axis=0).sum()))
    return motion


def _people(
    tracks: list[Track], frames: int, people: int, sample: str, findings: list[SampleFinding]
) -> NDArray[np.float32]:
    """Lay the tracks out as people, in the order of the tracks."""
    positions = np.zeros((3, frames, 25, people), np.float32)
    spans: list[tuple[int, int]] = []
    for track in tracks:
        start, end = int(track.frames[0]), int(track.frames[-1])
        person = next((p for p, (a, b) in enumerate(spans) if min(b, end) - max(a, start) <= 0), len(spans))
        if person == people:
            text = f"{sample}: body {track.id} has less motion than the {people} that are kept"
            findings.append(SampleFinding("body-extra", text, sample))
            continue
        if person < len(spans):
            text = f"{sample}: body {track.id} goes on where person {person + 1} was lost"
            findings.append(SampleFinding("body-joined", text, sample))
            a, b = spans[person]
            spans[person] = (min(a, start), max(b, end))
        else:
            spans.append((start, end))
        own = positions[..., person]
        free = ~own[:, track.frames].any(axis=(0, 2))
        own[:, track.frames[free]] = track.points[free].transpose(2, 0, 1)
    return positions
