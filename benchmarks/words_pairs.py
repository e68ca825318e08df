"""Words to attributes: minimal pairs, and speed.

    python benchmarks/words_pairs.py

Writes ``results/words_pairs.md``; measures the map that ships.
"""

from __future__ import annotations

import time

import numpy as np
from common import page

from semtool.encoders import blocks, find_encoder, predict_facts

VERBS = (
    "wave",
    "punch",
    "push",
    "throw a ball",
    "point",
    "knock",
    "draw a circle",
    "lift a cup",
    "scratch",
    "swing",
)


def pairs() -> list[tuple[str, str, str, str, str]]:
    """Return field, two texts that differ in what decides it, and the values."""
    out = []
    for verb in VERBS:
        out.append(("side", f"{verb} with the left hand", f"{verb} with the right hand", "left", "right"))
        out.append(("arms", f"{verb} with one hand", f"{verb} with both hands", "one", "both"))
        out.append(("repetition", f"{verb} once", f"{verb} repeatedly", "once", "many"))
        out.append(("speed", f"{verb} slowly", f"{verb} quickly", "slow", "fast"))
    for verb in ("walk", "run", "step", "jump", "hop"):
        out.append(("locomotion", f"{verb} forwards", f"{verb} backwards", "forward", "backward"))
    for thing in ("drinking", "reading", "waving", "clapping", "making a phone call"):
        out.append(
            ("posture_start", f"{thing} while sitting", f"{thing} while standing", "sitting", "standing")
        )
    for thing in ("the hand", "both arms", "a box", "the right arm", "a flag"):
        out.append(("stroke_vertical", f"move {thing} up", f"move {thing} down", "upward", "downward"))
    for a, b in (
        ("sit down", "stand up"),
        ("sitting down", "standing up"),
        ("sit down on a chair", "stand up from a chair"),
    ):
        out.append(("posture_end", a, b, "sitting", "standing"))
    for verb in ("swipe", "sweep the arm", "slide the hand"):
        out.append(("stroke_lateral", f"{verb} to the left", f"{verb} to the right", "leftward", "rightward"))
    for what in ("foot", "leg"):
        out.append(("side", f"kick with the left {what}", f"kick with the right {what}", "left", "right"))
    for what in ("arm", "hand"):
        out.append(
            (
                "stroke_sagittal",
                f"stretch the {what} forward",
                f"stretch the {what} backward",
                "forward",
                "backward",
            )
        )
    return out


RELATED = {
    "arms": {"side", "coordination", "hands_gap"},
    "locomotion": {"leg_direction"},
    "posture_start": {"posture_end", "object", "hip_path"},
    "posture_end": {"posture_start", "hip_path", "leg_direction", "object"},
}
"""What moves with a field by its meaning: whoever takes both hands leads with no side."""


def minimal_pairs() -> list[str]:
    every = pairs()
    found = predict_facts([t for _, a, b, _, _ in every for t in (a, b)])
    right, most, wrong = 0, 0, []
    for at, (field, a, b, one, other) in enumerate(every):
        x, y = found.codes[2 * at], found.codes[2 * at + 1]
        moved = {f: float(np.linalg.norm(x[axes] - y[axes])) for f, (axes, _) in blocks().items()}
        good = (found.values[2 * at][field], found.values[2 * at + 1][field]) == (one, other)
        right += good
        most += max(set(moved) - RELATED.get(field, set()), key=moved.__getitem__) == field
        if not good:
            wrong.append(f"{a} / {b}")
    return [f"Minimal pairs ({len(every)}; written after the rules, by the same hand): the field in question takes both "
            f"values in {right}, and moves more than any unrelated field in {most}."
            + (f" Not: {'; '.join(wrong)}." if wrong else "")]  # fmt: skip


def speed() -> list[str]:
    texts = [f"{verb} with the {side} {limb} number {i}" for i in range(25) for verb in VERBS
             for side, limb in (("left", "hand"), ("right", "hand"), ("left", "arm"), ("right", "arm"))]  # fmt: skip
    times = {}
    for name in ("minilm", "kinetic"):
        encoder = find_encoder(name)
        encoder.encode(texts[:2])
        start = time.process_time()
        encoder.encode(texts)
        times[name] = time.process_time() - start
    return [f"Speed: {len(texts):,} labels take MiniLM {times['minilm']:.1f} s of processor time and `kinetic` "
            f"{times['kinetic']:.1f} s ({times['kinetic'] / times['minilm']:.2f} times as long)."]  # fmt: skip


if __name__ == "__main__":
    page("words_pairs", [*minimal_pairs(), "", *speed()], "words: pairs")
