"""Toy skeletons for the ten exercises: a stick figure, moved by a few angles, in one pyskl pickle.

    python examples/bring_your_own_dataset/toy_skeletons.py recordings

Stands in for what a camera would have recorded; the format is the one to bring one's own skeletons in:
``{"annotations": [{"frame_dir": name, "label": class id, "keypoint": M x T x V x 3}, ...]}``. Names such as
``S001C001P003R002A005`` tell the subject (P003) and the replication.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton.data.layouts import layout

FRAMES, SUBJECTS, REPLICATIONS = 32, 6, 3
Curve = NDArray[np.float64]


def exercise(label: int, t: Curve) -> dict[str, Curve]:
    """Return the angles of a class over time ``t`` in [0, 1]: radians, 0 is standing with hanging arms."""
    up, to_and_fro = np.sin(np.pi * t / 2), np.sin(2 * np.pi * 3 * t)
    there_and_back = np.sin(np.pi * t)
    waving = 2.2 + 0.5 * to_and_fro
    steps = np.maximum(0, to_and_fro), np.maximum(0, -to_and_fro)
    return [
        {"right_arm": 2.8 * up, "left_arm": 2.8 * up},
        {"right_arm": 2.8 * up},
        {"left_arm": 2.8 * up},
        {"right_arm": waving},
        {"left_arm": waving},
        {"sink": 0.35 * there_and_back},
        {"right_leg": 1.4 * there_and_back},
        {"left_leg": 1.4 * there_and_back},
        {"bow": 1.2 * there_and_back},
        {"right_leg": 0.8 * steps[0], "left_leg": 0.8 * steps[1]},
    ][label]


def figure(angles: dict[str, Curve], size: float) -> Curve:
    """Return joint positions (T, V, 3) in metres: x to the person's right, y up, z forward."""
    names = layout("kinect-v2").joints
    zero = np.zeros(FRAMES)

    def angle(name: str) -> Curve:
        return angles.get(name, zero)

    def along(*parts: Curve) -> Curve:
        return np.stack(np.broadcast_arrays(*parts), axis=1)

    hips = along(zero, 0.95 - angle("sink"), zero)
    trunk = along(zero, np.cos(angle("bow")), np.sin(angle("bow")))
    at = {"hip_centre": hips}
    for name, height in (("spine", 0.25), ("shoulder_centre", 0.5), ("neck", 0.55), ("head", 0.7)):
        at[name] = hips + height * trunk
    for side, sign in (("right", 1.0), ("left", -1.0)):
        arm, leg = angle(f"{side}_arm"), angle(f"{side}_leg")
        shoulder = at["shoulder_centre"] + along(zero + sign * 0.2, zero, zero)
        down = along(sign * np.sin(arm), -np.cos(arm), zero)
        for name, length in (("elbow", 0.28), ("wrist", 0.52), ("hand", 0.6), ("hand_tip", 0.68)):
            at[f"{side}_{name}"] = shoulder + length * down
        at[f"{side}_thumb"] = at[f"{side}_hand"] + along(zero - sign * 0.04, zero, zero + 0.02)
        at[f"{side}_shoulder"] = shoulder
        hip = hips + along(zero + sign * 0.12, zero, zero)
        reach = along(zero, -np.cos(leg), np.sin(leg))
        bend = along(zero, zero, angle("sink"))
        at[f"{side}_hip"], at[f"{side}_knee"] = hip, hip + 0.45 * reach + bend
        at[f"{side}_ankle"] = hip + (0.9 - angle("sink")[:, None]) * reach
        at[f"{side}_foot"] = at[f"{side}_ankle"] + along(zero, zero, zero + 0.12)
    return size * np.stack([at[name] for name in names], axis=1)


def main(folder: Path) -> None:
    """Write every class, performed three times by each of six people, with noise."""
    folder.mkdir(parents=True, exist_ok=True)
    # Whatever is made from a folder with this file in it is marked as simulated, up to the last table.
    (folder / "SIMULATED.txt").write_text("Toy skeletons, not recordings.\n")
    random = np.random.default_rng(0)
    annotations = []
    for label in range(10):
        for subject in range(1, SUBJECTS + 1):
            size = 0.85 + 0.05 * subject
            for replication in range(1, REPLICATIONS + 1):
                pace = random.uniform(0.8, 1.2)
                joints = figure(exercise(label, np.clip(np.linspace(0, pace, FRAMES), 0, 1)), size)
                joints += random.normal(scale=0.01, size=joints.shape) + random.normal(scale=0.1, size=3)
                name = f"S001C001P{subject:03d}R{replication:03d}A{label + 1:03d}"
                annotations.append({"frame_dir": name, "label": label, "keypoint": joints[None]})
    with (folder / "gym.pkl").open("wb") as stream:
        pickle.dump({"annotations": annotations}, stream)
    print(f"{folder}: {len(annotations)} SIMULATED sequences of 10 exercises by {SUBJECTS} people")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "recordings"))
