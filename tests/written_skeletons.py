"""Write a Kinect v2 sequence as other tools would: other joints, axes, units, rates and file formats.

What Kinect does not track is put where anatomy has it (nose before the head, toes at the foot): so a reader
can be asked for the same person again. Used by tests and by ``benchmarks/skeletons.py``.
"""

from __future__ import annotations

import json

import numpy as np

from skeleton.data.layouts import layout

FOCAL, WIDTH, HEIGHT = 1000.0, 1920, 1080


def points_of(sequence):
    """Return landmark -> (T, 3) of the main actor, in metres, y up, z away from the sensor."""
    names = layout(sequence.layout).joints
    at = {name: sequence.positions[:, :, i, 0].T.astype(np.float64) for i, name in enumerate(names)}
    side = at["right_shoulder"] - at["left_shoulder"]
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    front = np.stack([side[:, 2], np.zeros(len(side)), -side[:, 0]], axis=1)
    up = np.array([0.0, 1.0, 0.0])
    at["nose"] = at["head"] + 0.1 * front
    at["head_top"] = at["head"] + 0.1 * up
    at["spine_low"] = (at["hip_centre"] + at["spine"]) / 2
    at["chest"] = (at["spine"] + at["shoulder_centre"]) / 2
    for name, sign in (("left", -1), ("right", 1)):
        hand, ankle = at[f"{name}_hand"], at[f"{name}_ankle"]
        at |= {
            f"{name}_ear": at["head"] + sign * 0.07 * side,
            f"{name}_collar": (at["shoulder_centre"] + at[f"{name}_shoulder"]) / 2,
            f"{name}_heel": ankle - 0.04 * front - 0.05 * up,
            f"{name}_small_toe": at[f"{name}_foot"] + sign * 0.05 * side,
            f"{name}_mouth": at["nose"] + sign * 0.02 * side - 0.05 * up,
            f"{name}_pinky": hand + 0.03 * side,
            f"{name}_index": hand - 0.03 * side,
        }
        for eye, out in (("eye_inner", 0.02), ("eye", 0.03), ("eye_outer", 0.045)):
            at[f"{name}_{eye}"] = at["nose"] + sign * out * side + 0.04 * up
    return at


def joints_of(sequence, name):
    """Return (T, V, 3) in the order of a layout."""
    at = points_of(sequence)
    if name == "openni":  # which calls the ankles feet
        at |= {f"{side}_foot": at[f"{side}_ankle"] for side in ("left", "right")}
    return np.stack([at[joint] for joint in layout(name).joints], axis=1)


def in_image(points):
    """Return the pixels (T, V, 2) where a camera in place of the sensor sees points (T, V, 3)."""
    x, y, z = points[..., 0], points[..., 1], np.maximum(points[..., 2], 0.5)
    return np.stack([WIDTH / 2 - FOCAL * x / z, HEIGHT / 2 - FOCAL * y / z], axis=-1)


def at_rate(points, rate):
    """Return points of 30 frames a second at another rate."""
    count = round((len(points) - 1) * rate / 30) + 1
    place = np.linspace(0, len(points) - 1, count)
    low = np.minimum(place.astype(int), len(points) - 2)
    weight = (place - low)[:, None, None]
    return points[low] * (1 - weight) + points[low + 1] * weight


def _dump(path, content):
    path.write_text(json.dumps(content))
    return path


def plain_npz(sequence, folder, name="kinect-v1"):
    """Kinect v1, millimetres."""
    points = joints_of(sequence, name) * 1000
    path = folder / "clips.npz"
    names = np.array([n.title().replace("_", "") for n in layout(name).joints])
    np.savez(path, frames=points[:, None].astype(np.float32), offsets=np.array([0, len(points)]),
             joint_names=names, fps=30, unit="mm", up_axis="+y")  # fmt: skip
    return path


def plain_csv(sequence, folder, name="openni"):
    """OpenNI, 15 frames a second, z up, metres."""
    points = at_rate(joints_of(sequence, name), 15)
    points = np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
    header = [f"{joint}_{axis}" for joint in layout(name).joints for axis in "xyz"]
    rows = [",".join(["frame", "fps", *header])]
    rows += [",".join([str(i), "15", *(f"{v:.5f}" for v in row.ravel())]) for i, row in enumerate(points)]
    path = folder / "clip.csv"
    path.write_text("\n".join(rows))
    return path


def mediapipe_json(sequence, folder):
    """World landmarks: metres from the hips, y down."""
    points = joints_of(sequence, "mediapipe")
    points = (points - points[:, [23, 24]].mean(axis=1, keepdims=True)) * [-1, -1, 1]
    frames = [{"pose_world_landmarks": [dict(zip("xyz", p, strict=True), visibility=0.9) for p in f.tolist()]}
              for f in points]  # fmt: skip
    return _dump(folder / "clip.json", frames)


def mediapipe_npy(sequence, folder):
    """World landmarks with their visibility, in an array."""
    points = joints_of(sequence, "mediapipe") * [-1, -1, 1]
    path = folder / "clip.npy"
    np.save(path, np.concatenate([points, np.full((*points.shape[:2], 1), 0.9)], axis=-1))
    return path


def openpose_json(sequence, folder, name="body-25"):
    """A file a frame, a low score where a joint is not seen."""
    for number, frame in enumerate(in_image(joints_of(sequence, name))):
        values = np.concatenate([frame, np.full((len(frame), 1), 0.8)], axis=1)
        people = [{"person_id": [-1], "pose_keypoints_2d": values.ravel().tolist()}]
        _dump(folder / f"clip_{number:012d}_keypoints.json", {"version": 1.3, "people": people})
    return folder


def openpose_18(sequence, folder):
    """OpenPose's COCO model."""
    return openpose_json(sequence, folder, "openpose")


def alphapose_json(sequence, folder):
    """Halpe's 26, a row a person and image."""
    rows = []
    for number, frame in enumerate(in_image(joints_of(sequence, "halpe-26"))):
        values = np.concatenate([frame, np.full((len(frame), 1), 0.8)], axis=1)
        rows.append({"image_id": f"{number}.jpg", "category_id": 1, "keypoints": values.ravel().tolist(),
                     "score": 2.9, "idx": 1})  # fmt: skip
    return _dump(folder / "alphapose-results.json", rows)


def coco_json(sequence, folder):
    """COCO annotations with the names of the keypoints."""
    frames = in_image(joints_of(sequence, "coco"))
    rows = [{"id": i, "image_id": i, "category_id": 1, "num_keypoints": 17,
             "keypoints": np.concatenate([f, np.full((17, 1), 2)], axis=1).ravel().tolist()}
            for i, f in enumerate(frames)]  # fmt: skip
    categories = [{"id": 1, "name": "person", "keypoints": list(layout("coco").joints)}]
    return _dump(
        folder / "person_keypoints.json", {"images": [], "annotations": rows, "categories": categories}
    )


def ultralytics_json(sequence, folder):
    """Results of each frame."""
    frames = [[{"name": "person", "class": 0, "confidence": 0.9, "track_id": 3,
                "keypoints": {"x": f[:, 0].tolist(), "y": f[:, 1].tolist(), "visible": [0.9] * 17}}]
              for f in in_image(joints_of(sequence, "coco"))]  # fmt: skip
    return _dump(folder / "clip.json", frames)


def mmpose_json(sequence, folder):
    """Instances of each frame, with the keypoints' names."""
    frames = [{"frame_id": i, "instances": [{"keypoints": f.tolist(), "keypoint_scores": [0.9] * 17}]}
              for i, f in enumerate(in_image(joints_of(sequence, "coco")), start=1)]  # fmt: skip
    return _dump(folder / "clip.json", {"meta_info": {"dataset_name": "coco"}, "instance_info": frames})


def h36m_npy(sequence, folder):
    """Human3.6M's 17, z up, 50 frames a second, metres."""
    points = at_rate(joints_of(sequence, "h36m"), 50)
    path = folder / "clip.npy"
    np.save(path, np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1))
    return path


def humanml3d_npy(sequence, folder):
    """SMPL's 22, y up on the floor, 20 frames a second, facing z+."""
    points = at_rate(joints_of(sequence, "smpl-22"), 20) * [-1, 1, -1]
    path = folder / "000001.npy"
    np.save(path, points - [0, points[..., 1].min(), 0])
    return path


def smpl_npy(sequence, folder):
    """SMPL's 24, y up."""
    path = folder / "clip.npy"
    np.save(path, joints_of(sequence, "smpl-24"))
    return path


def kinect_npy(sequence, folder):
    """The sensor's own 25 as an array."""
    path = folder / "clip.npy"
    np.save(path, joints_of(sequence, "kinect-v2"))
    return path


RIG = {
    "Hips": ("hip_centre", None), "Spine": ("spine_low", "Hips"), "Spine1": ("spine", "Spine"),
    "Spine2": ("chest", "Spine1"), "Neck": ("neck", "Spine2"), "Head": ("head", "Neck"),
    **{f"{s}{bone}": (f"{s.lower()}_{joint}", parent and parent.format(s=s)) for s in ("Left", "Right")
       for bone, joint, parent in (
           ("Shoulder", "collar", "Spine2"), ("Arm", "shoulder", "{s}Shoulder"),
           ("ForeArm", "elbow", "{s}Arm"),
           ("Hand", "wrist", "{s}ForeArm"), ("UpLeg", "hip", "Hips"), ("Leg", "knee", "{s}UpLeg"),
           ("Foot", "ankle", "{s}Leg"), ("ToeBase", "foot", "{s}Foot"))},
}  # fmt: skip


def bvh(sequence, folder):
    """A rig in centimetres, every bone with its place, 60 frames a second."""
    at = points_of(sequence)
    points = at_rate(np.stack([at[joint] for joint, _ in RIG.values()], axis=1), 60) * 100
    names = list(RIG)
    order, lines = [], ["HIERARCHY"]

    def write(name, depth):
        order.append(name)
        pad = "  " * depth
        lines.append(f"{pad}{'JOINT' if depth else 'ROOT'} mixamorig:{name}")
        lines.extend([f"{pad}{{", f"{pad}  OFFSET 0 0 0"])
        lines.append(f"{pad}  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation")
        for child, (_, parent) in RIG.items():
            if parent == name:
                write(child, depth + 1)
        lines.append(f"{pad}}}")

    write("Hips", 0)
    lines += ["MOTION", f"Frames: {len(points)}", f"Frame Time: {1 / 60:.6f}"]
    for frame in points:
        row = []
        for name in order:
            parent = RIG[name][1]
            place = frame[names.index(name)] - (frame[names.index(parent)] if parent else 0)
            row += [f"{v:.4f}" for v in place] + ["0", "0", "0"]
        lines.append(" ".join(row))
    path = folder / "clip.bvh"
    path.write_text("\n".join(lines))
    return path


THREE = {
    "plain npz, Kinect v1": plain_npz, "plain csv, OpenNI": plain_csv, "MediaPipe JSON": mediapipe_json,
    "MediaPipe npy": mediapipe_npy, "Human3.6M npy": h36m_npy, "HumanML3D npy (SMPL 22)": humanml3d_npy,
    "SMPL 24 npy": smpl_npy, "Kinect v2 npy": kinect_npy, "BVH": bvh,
}  # fmt: skip
TWO = {
    "OpenPose BODY_25": openpose_json, "OpenPose COCO 18": openpose_18, "AlphaPose Halpe 26": alphapose_json,
    "COCO annotations": coco_json, "Ultralytics": ultralytics_json, "MMPose": mmpose_json,
}  # fmt: skip
"""Writers, (sequence, folder) -> path, by what they write; in 3D and in the image."""
SAY_UP = ("plain npz, Kinect v1", "MediaPipe JSON")
"""Of those in 3D, the files that say what is up: the others are turned upright by what they show."""
