"""Any skeleton: other people's data sets read as one body, other tools' files, other joints.

    python benchmarks/skeletons.py zoo formats cross --data FOLDER
    python benchmarks/skeletons.py cut --data FOLDER --seeds 2

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo`` (four data sets in the plain format). Each part writes
``results/skeletons_<part>.md``. `cross` and `cut` need the text and arrays of `best.py`, which are made if they
are not there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import HERE, SHORT, SPLITS, arguments, page, prepare, table
from numpy.typing import NDArray

ZOO = {"kard": 0.95, "florence3d": 0.91, "msrdaily3d": 0.63, "sbu_interaction": 0.88}
"""Folder -> accuracy of the nearest neighbour on raw coordinates, as somebody else measured it."""
SHARED = {
    "kard": {
        "high arm wave": "wave", "draw x": "draw x", "hand clap": "clap", "walk": "walk",
        "sit down": "stand to sit", "stand up": "sit to stand", "high throw": "throw",
    },
    "florence3d": {"wave": "wave", "clap": "clap", "sit down": "stand to sit", "stand up": "sit to stand"},
}  # fmt: skip
"""Class of the zoo -> the class of UTD-MHAD that it is; decided by the names, before any result."""

ONE_HANDED = {
    "kard": ("horizontal arm wave", "high arm wave", "high throw", "draw x", "draw tick", "toss paper", "phone call",
             "drink"),
    "florence3d": ("wave", "drink from a bottle", "answer phone"),
    "msrdaily3d": ("drink", "eat", "call cellphone", "toss paper"),
    "sbu_interaction": ("shaking hands", "punching"),
    "utd-mhad": ("swipe left", "swipe right", "wave", "throw", "draw x", "draw circle (clockwise)",
                 "draw circle (counter clockwise)", "draw triangle", "knock", "catch"),
    "nw-ucla": ("pick up with one hand", "drop trash", "throw"),
}  # fmt: skip
"""Classes that one hand does, by their names: people are mostly right-handed, so that it should be the right."""


def load_zoo(data: Path, name: str) -> tuple[Any, list[Any], list[Any]]:
    """Return a data set of the zoo, its sequences and what there is to say of them."""
    from semtool.catalogue import Dataset
    from skeleton.data.formats import ReadContext, SampleFinding, recognise

    path = data / "zoo" / name / "sequences.npz"
    with np.load(path) as archive:
        classes, people = archive["class_names"].tolist(), archive["frames"].shape[1]
    raw = {"schema": 1, "name": name.replace("_", "-"), "bodies": people, "classes": classes}
    dataset = Dataset.model_validate(raw)
    (reader, files), *_ = recognise(path)
    found = list(reader.read(files[0], ReadContext(dataset)))
    said = [x for x in found if isinstance(x, SampleFinding)]
    return dataset, [x for x in found if not isinstance(x, SampleFinding)], said


def nearest(
    features: NDArray[np.floating], labels: NDArray[np.int64], people: NDArray[np.int64], z: bool
) -> float:
    """Return how often the nearest neighbour among other subjects has the same class."""
    right = 0
    for person in np.unique(people):
        train, test = features[people != person], features[people == person]
        if z:
            mean, scale = train.mean(axis=0), train.std(axis=0) + 1e-2
            train, test = (np.clip((x - mean) / scale, -5, 5) for x in (train, test))
        distance = (test**2).sum(axis=1)[:, None] + (train**2).sum(axis=1)[None] - 2 * test @ train.T
        right += int((labels[people != person][distance.argmin(axis=1)] == labels[people == person]).sum())
    return right / len(labels)


def measures(sequences: list[Any], one_handed: set[int]) -> tuple[float, float, float]:
    """Return over sequences: median trunk in metres, median cosine of facing the sensor, and of those of
    one-handed classes the share in which the right hand moves more than the left.
    """
    from skeleton.data.body import BODY, as_body
    from skeleton.data.layouts import layout

    found, right = [], []
    for s in sequences:
        at = dict(zip(BODY.joints, as_body(s.positions[None], layout(s.layout)).positions[0, ..., 0].transpose(2, 1, 0),
                      strict=True))  # fmt: skip
        side = at["right_shoulder"] - at["left_shoulder"]
        way = [
            np.linalg.norm(np.diff(at[f"{h}_hand"] - at["shoulder_centre"], axis=0), axis=1).sum()
            for h in ("right", "left")
        ]
        trunk = np.linalg.norm(at["shoulder_centre"] - at["hip_centre"], axis=1)
        facing = side[:, 0] / np.maximum(np.hypot(side[:, 0], side[:, 2]), 1e-9)
        found.append((np.median(trunk), np.median(facing)))
        if s.class_id in one_handed:
            right.append(way[0] > way[1])
    trunk, facing = np.median(found, axis=0)
    return float(trunk), float(facing), float(np.mean(right))


def zoo(options: argparse.Namespace) -> list[str]:
    """Read the zoo; who faces where, how large; nearest neighbours across subjects."""
    from skeleton.data.layouts import layout
    from skeleton.data.transforms import resample
    from skeleton.visual.kinematics import describe_all

    head = ("", "sequences", "read and described (CPU s per 1,000 x 100 frames)", "layout", "trunk, m",
            "facing the sensor", "the right hand moves more, one-handed classes", "1-NN raw, published probe",
            "1-NN raw, here", "1-NN kinematics", "said")  # fmt: skip
    rows = []
    for name, published in ZOO.items():
        start = time.process_time()
        dataset, sequences, said = load_zoo(options.data, name)
        made = describe_all(sequences).features
        frames = sum(s.positions.shape[1] for s in sequences)
        seconds = (time.process_time() - start) * 1e5 / frames
        labels, people = (np.array([getattr(s, k) for s in sequences]) for k in ("class_id", "subject"))
        raw = []
        for s in sequences:
            hips = [layout(s.layout).index(f"{side}_hip") for side in ("left", "right")]
            middle = s.positions[:, :, hips, :1].mean(axis=2, keepdims=True)
            raw.append(resample(np.where(s.positions != 0, s.positions - middle, 0), 50).ravel())
        trunk, facing, right = measures(sequences, {dataset.find_class(c).id for c in ONE_HANDED[name]})
        joints = sequences[0].layout if not sequences[0].layout.startswith("joints:") else "its own 15"
        rows.append([
            name, len(sequences), f"{seconds:.2f}", joints, f"{trunk:.2f}", f"{facing:+.2f}", f"{right:.0%}",
            f"{published:.2f}", f"{nearest(np.array(raw), labels, people, False):.3f}",
            f"{nearest(made, labels, people, True):.3f}", "; ".join(f.outcome for f in said) or "nothing",
        ])  # fmt: skip
    from semtool.artifacts import Store
    from semtool.catalogue import load_dataset
    from skeleton.data.arrays import ArraySet

    for dataset in ("utd-mhad", "nw-ucla"):
        arrays = ArraySet.open(Store(options.root).resolve("arrays", f"{dataset}/raw").path)
        one_handed = {load_dataset(dataset).find_class(c).id for c in ONE_HANDED[dataset]}
        trunk, facing, right = measures([arrays.sequence(i) for i in range(len(arrays))], one_handed)
        measured = f"{trunk:.2f}", f"{facing:+.2f}", f"{right:.0%}"
        rows.append([dataset, len(arrays), "", arrays.layout, *measured, *[""] * 4])
    return [
        "Medians over sequences. Facing: cosine between the shoulder line and x, 1 if the person faces the sensor. "
        "One-handed: by the classes' names, chosen before looking. 1-NN: accuracy of the nearest neighbour among other subjects; raw: coordinates from the hips, 50 "
        "frames; kinematics: columns standardised by the training subjects.", "", *table(head, rows),
    ]  # fmt: skip


def formats(_: argparse.Namespace) -> list[str]:
    """The same simulated motions through every format."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    import written_skeletons as written

    from semtool.catalogue import load_dataset
    from skeleton.data.layouts import layout
    from skeleton.data.loading import load_sequence
    from skeleton.data.orientation import Seen, turned, upright
    from skeleton.simulation.sampling import generate
    from skeleton.visual.kinematics import describe, describe_all

    data = load_dataset("ntu60")
    samples = [s.sequence for s in generate(data, tuple(range(0, 48, 3)), (1, 2, 3), 1, 0)]
    labels = np.array([s.class_id for s in samples])

    def level(positions: NDArray[np.float32], joints: Any) -> NDArray[np.float32]:
        turn = upright(Seen.of(positions[..., 0].transpose(1, 2, 0), joints))[1]
        return turned(positions.transpose(1, 3, 2, 0), turn).transpose(3, 0, 2, 1)

    v2 = layout("kinect-v2")
    alone = [describe(s.positions[..., :1][None], v2) for s in samples]
    blocks, as_seen = alone[0].blocks, np.concatenate([d.features for d in alone])
    upright_people = [level(s.positions[..., :1], v2) for s in samples]
    levelled = np.concatenate([describe(p[None], v2).features for p in upright_people])
    scale = as_seen.std(axis=0) + 1e-3
    kinds = sorted({n.split(".")[1] for n, _ in blocks if not n.startswith("partner")})
    of = np.array(
        [n.split(".")[1] if not n.startswith("partner") else "" for n, w in blocks for _ in range(w)]
    )
    rows = []
    for name, write in (written.THREE | written.TWO).items():
        own = as_seen if name in written.SAY_UP or name in written.TWO else levelled
        read = []
        for sample in samples:
            with tempfile.TemporaryDirectory() as folder:
                read.append(load_sequence(write(sample, Path(folder)))[0])
        made = describe_all(read)
        gap = np.where(made.unknown, np.nan, np.abs(made.features - own) / scale)
        shown = np.where(made.unknown, 0, 1)
        far = ((shown[:, None] * (made.features[:, None] - own[None]) / scale) ** 2).clip(max=25).sum(-1)
        near = ((shown[:, None] * (own[:, None] - own[None]) / scale) ** 2).clip(max=25).sum(-1)
        for distance in (far, near):
            np.fill_diagonal(distance, np.inf)
        same = float((labels[far.argmin(1)] == labels[near.argmin(1)]).mean())
        cells = []
        for kind in kinds:
            values = gap[:, of == kind]
            cells.append("" if np.isnan(values).all() else f"{np.nanmedian(values):.2f}")
        unknown = int(np.median(made.unknown.sum(1)))
        rows.append([name, unknown, f"{same:.2f}", f"{np.nanmedian(gap):.3f}", *cells])
    return [
        f"{len(samples)} simulated sequences (16 classes, 3 people, cameras up to 45 degrees aside and 15 above) "
        "written as each tool would and read back. Distance to the original: median over columns and sequences "
        "of the absolute difference in standard deviations over the sequences; by kind of block. Same answer: "
        "share of sequences whose nearest other sequence (over the columns that are known) is of the same class "
        "as for the original. A file that does not say what is up is turned upright, and compared with the "
        "original turned upright: its camera looks down. The image formats are seen by the camera, so that they differ by the view.", "",
        *table(("", "unknown columns", "same answer", "all", *kinds), rows),
    ]  # fmt: skip


def cross(options: argparse.Namespace) -> list[str]:
    """`best` fitted on UTD-MHAD recognises the classes that it shares with KARD and Florence."""
    from best import features_of

    from semtool.artifacts import Store
    from semtool.catalogue import load_dataset
    from semtool.feature_file import FeatureFile
    from skeleton.methods import Examples, preset
    from skeleton.methods.kernel.regression import fit_ridge
    from skeleton.runs.task import load_task
    from skeleton.visual.kinematics import describe_all

    config, data = preset("best"), load_dataset("utd-mhad")
    text = Store(options.root).resolve("embeddings", "utd-mhad/attributes/attributes")
    features = features_of(options.root, "utd-mhad", "purls-22-5")
    task = load_task(text, features, "utd-mhad", split="purls-22-5")
    file = FeatureFile.read(features.path)
    bank = task.bank.take(tuple(range(27)))

    def fitted(rows: NDArray[np.bool_]) -> Any:
        examples = Examples(file.features[rows], file.class_id[rows], bank)
        return fit_ridge(examples, None, hub_correction=config.hub_correction, decorrelate=config.decorrelate,
                         clip=config.clip, target=config.target,
                            widths=task.widths)  # fmt: skip

    whole, half = fitted(file.class_id >= 0), fitted(file.subject % 2 == 1)
    head = ("", "shared classes", "chance", "among the shared", "among all 27",
            "UTD-MHAD's even subjects, among the shared", "among all 27")  # fmt: skip
    rows = []
    for name, pairs in SHARED.items():
        dataset, sequences, _ = load_zoo(options.data, name)
        to = {dataset.find_class(theirs).id: data.find_class(ours).id for theirs, ours in pairs.items()}
        mine = [s for s in sequences if s.class_id in to]
        truth, made = np.array([to[s.class_id] for s in mine]), describe_all(mine).features
        shared = np.array(sorted(to.values()))
        held = (file.subject % 2 == 0) & np.isin(file.class_id, shared)
        cells = []
        for model, x, y in ((whole, made, truth), (half, file.features[held], file.class_id[held])):
            few = shared[model.scores(x, bank.take(shared.tolist())).argmax(axis=1)]
            cells += [
                f"{100 * (few == y).mean():.1f}",
                f"{100 * (model.scores(x, bank).argmax(axis=1) == y).mean():.1f}",
            ]
        rows.append([name, len(shared), f"{100 / len(shared):.1f}", *cells])
    return ["Accuracy in per cent. Fitted on all 27 classes of UTD-MHAD (20 joints of Kinect v1), without auxiliary "
            "classes; asked about 15 joints of OpenNI. Right: fitted on odd subjects, the same layout.", "",
            *table(head, rows)]  # fmt: skip


def cut_joints(positions: NDArray[np.float32], kind: str) -> tuple[str, NDArray[np.float32]]:
    """Return the name and positions of a layout with fewer joints, from Kinect v1."""
    from skeleton.data.layouts import layout
    from skeleton.data.transforms import in_image

    names = layout("kinect-v1").joints
    target = "openni" if kind == "openni" else "coco"
    called = {"neck": "shoulder_centre", "left_foot": "left_ankle", "right_foot": "right_ankle"}
    called = called if kind == "openni" else {"nose": "head"}
    made = np.zeros((3, positions.shape[1], len(layout(target)), positions.shape[3]), np.float32)
    for index, joint in enumerate(layout(target).joints):
        if (source := called.get(joint, joint)) in names:  # no depth sensor tracks eyes and ears
            made[:, :, index] = positions[:, :, names.index(source)]
    return target, in_image(made) if kind == "coco-2d" else made


def cut(options: argparse.Namespace) -> list[str]:
    """The PURLS splits with fewer joints."""
    from semtool.artifacts import Store
    from skeleton.data.arrays import ArraySet, ArrayWriter
    from skeleton.data.sequence import SkeletonSequence
    from skeleton.methods import preset
    from skeleton.runs.training import train
    from skeleton.visual.extraction import features

    store = Store(options.root)
    titles = {"raw": "20 joints, Kinect v1", "openni": "15 joints, OpenNI", "coco-3d": "COCO-17 in 3D",
              "coco-2d": "COCO-17 in the image"}  # fmt: skip
    rows = []
    for kind, title in titles.items():
        means = []
        for dataset, split in SPLITS:
            arrays = store.resolve("arrays", f"{dataset}/raw")
            if kind != "raw":
                source = ArraySet.open(arrays.path)
                with store.create("arrays", f"{dataset}/{kind}", parameters={"cut": kind}) as draft:
                    with ArrayWriter(draft.folder, dataset) as writer:
                        for i in range(len(source)):
                            s = source.sequence(i)
                            target, made = cut_joints(s.positions, kind)
                            writer.append(SkeletonSequence(s.name, target, made, class_id=s.class_id,
                                                           subject=s.subject, view=s.view))  # fmt: skip
                    draft.details |= writer.details
                    draft.counts |= writer.counts
                arrays = draft.result
            made_of = features(dataset, split, store=store, visual="kinematics", arrays=arrays.reference)
            text = store.resolve("embeddings", f"{dataset}/attributes/attributes")
            done = train(text, made_of, store=store, split=split, settings=preset("best"),
                         seeds=tuple(range(options.seeds)), device="cpu", jobs=1)  # fmt: skip
            means.append(100 * done.summary.zsl.accuracy.mean)
        rows.append([title, *(f"{m:.1f}" for m in means), f"**{np.mean(means):.1f}**"])
    return [f"`best`, zero-shot accuracy in per cent over all unseen samples, mean over {options.seeds} seeds; features, "
            "training and test in the layout of the row; auxiliary classes as ever, in the last row seen in the "
            "image by the simulated camera.", "", *table(("", *SHORT, "mean"), rows)]  # fmt: skip


def main() -> None:
    parser = arguments(__doc__, data=True, root="artifacts", seeds=2)
    parts = {"zoo": zoo, "formats": formats, "cross": cross, "cut": cut}
    parser.add_argument("parts", nargs="+", choices=tuple(parts))
    options = parser.parse_args()
    if set(options.parts) - {"formats"}:
        prepare(options.root, options.data, [("attributes", "attributes")])
    for part in options.parts:
        page(f"skeletons_{part}", parts[part](options), f"skeletons: {part}")


if __name__ == "__main__":
    main()
