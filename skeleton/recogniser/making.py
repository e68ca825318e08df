"""How the recogniser is made: the bank's attributes and the motion programs acted out, then two regressions.

No recording goes in: motion is simulated. Of real people there are only levels: mean and deviation of each
feature over a data set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from semtool.catalogue import load_bank, load_dataset, load_vocabulary
from semtool.encoders import held_out_errors, solve_map
from skeleton.recogniser.acted import act_out, described, performed
from skeleton.recogniser.estimator import Level, fit_estimator, moved
from skeleton.recogniser.reading import code
from skeleton.recogniser.recogniser import Recogniser
from skeleton.recogniser.words import Pieces, Words, plain
from skeleton.simulation import PROGRAMS, mix
from skeleton.visual import Blocks, Described

__all__ = ["SOURCES", "Pool", "fit_words", "make", "real_level", "simulate_pool"]

Matrix = NDArray[np.float32]
SOURCES = ("ntu120", "pku-mmd", "uwa3dii", "nw-ucla", "utd-mhad")
"""Data sets of the bank; the descriptions are ours, no recording is used."""
VERBS = "verbs"
"""What general verbs are called as a source."""
PROGRAM_TAKES, ACTED_TAKES, MIXED = 96, 64, 10_000
_NOISE = 0.4
"""Of moved samples, in deviations: people differ in more than their level."""
_CHUNK = 200


@dataclass(frozen=True)
class Entry:
    """What is known of one class: texts and attributes."""

    source: str
    texts: tuple[str, ...]
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Pool:
    """Simulated motion: features, codes (n, D), and for each sample its source and its group."""

    features: Described
    codes: Matrix
    source: tuple[str, ...]
    group: NDArray[np.int64]


def entries(without: Sequence[str] = ()) -> list[Entry]:
    """Return the bank's classes and the general verbs, but for some sources."""
    found = []
    for name in SOURCES:
        if name in without:
            continue
        dataset = load_dataset(name)
        for at, facts in load_bank(dataset).items():
            action = dataset.classes[at]
            forms = (facts.label.noun, facts.label.gerund, facts.label.third) if facts.label else ()
            texts = (action.name, *action.aliases, *forms, *facts.synonyms, *facts.sentences, facts.motion)
            found.append(Entry(name, tuple(dict.fromkeys(plain(t) for t in texts if t)), facts.attribute))
    if VERBS not in without:
        raw = yaml.safe_load((Path(__file__).parent / "verbs.yaml").read_text(encoding="utf-8"))
        for names, attributes in raw["verbs"].items():
            texts = tuple(plain(t) for t in names.split(","))
            found.append(Entry(VERBS, texts, load_vocabulary().complete(attributes)))
    return found


def fit_words(pieces: Pieces, without: Sequence[str] = ()) -> tuple[Words, Matrix]:
    """Return the map from words onto codes, and the covariance (D, D) of its errors on classes unseen."""
    known = entries(without)
    texts = tuple(text for e in known for text in e.texts)
    member = np.array([at for at, e in enumerate(known) for _ in e.texts])
    table = code([e.attributes for e in known])
    vectors = pieces.embed(texts)
    errors = held_out_errors(vectors, member, table)
    words = Words(pieces, texts, solve_map(vectors, member, table), table, member)
    return words, np.asarray(errors.T @ errors / len(errors), np.float32)


def simulate_pool(seed: int, workers: int = 1) -> Pool:
    """Act out everything; the number of processes changes nothing."""
    jobs = list(_jobs(seed))
    chunks = [(seed, at, jobs[at : at + _CHUNK]) for at in range(0, len(jobs), _CHUNK)]
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            parts = list(pool.map(_performed, chunks))
    else:
        parts = [_performed(chunk) for chunk in chunks]
    features = Described(
        np.concatenate([p.features for p in parts]),
        parts[0].blocks,
        np.concatenate([p.unknown for p in parts]),
    )
    groups = {name: at for at, name in enumerate(dict.fromkeys(j[1] for j in jobs))}
    return Pool(
        features,
        code([j[2] for j in jobs]),
        tuple(j[0] for j in jobs),
        np.array([groups[j[1]] for j in jobs]),
    )


def real_level(levels: Mapping[str, Level], simulated: Level, blocks: Blocks, without: str = "") -> Level:
    """Return the level of real people: the mean over data sets; of partners, whom few have, simulated."""
    chosen = [level for name, level in sorted(levels.items()) if name != without]
    mean = np.mean([level.mean for level in chosen], axis=0)
    deviation = np.sqrt(np.mean([level.deviation**2 for level in chosen], axis=0))
    names = np.repeat([name for name, _ in blocks], [width for _, width in blocks])
    paired = np.array([name.startswith("partner.") for name in names])
    return Level(
        np.where(paired, simulated.mean, mean).astype(np.float32),
        np.where(paired, simulated.deviation, deviation).astype(np.float32),
    )


def make(
    pieces: Pieces, pool: Pool, levels: Mapping[str, Level], *, without: Sequence[str] = (), seed: int = 0,
    card: Mapping[str, Any] | None = None,
) -> Recogniser:  # fmt: skip
    """Fit the recogniser.

    Args:
        pieces: word pieces.
        pool: simulated motion.
        levels: of real data sets, by name.
        without: sources whose descriptions are left out, of words and of motion, and whose level is.
        seed: of the random features.
        card: what is known of it.
    """
    words, doubt = fit_words(pieces, without)
    kept = np.array([source not in without for source in pool.source])
    features = pool.features
    some = Described(features.features[kept], features.blocks, features.unknown[kept])
    simulated = Level.of(some.features)
    others = {name: level for name, level in levels.items() if name not in without}
    real = real_level(others, simulated, features.blocks)
    points = simulated(some)
    single = [real_level({name: level}, simulated, features.blocks) for name, level in sorted(others.items())]
    random = np.random.default_rng([seed, 3])
    astray = moved(points, single, real, random)
    astray += (_NOISE * random.normal(size=points.shape)).astype(np.float32)
    estimator = fit_estimator(
        np.concatenate([points, astray]), np.tile(pool.codes[kept], (2, 1)), np.tile(pool.group[kept], 2),
        features.blocks, doubt, seed,
    )  # fmt: skip
    return Recogniser(words, estimator, simulated, real, dict(card or {}))


_Job = tuple[str, str, Mapping[str, str], str]
"""Source, group, attributes, code of the motion program or nothing."""


def _jobs(seed: int) -> Iterator[_Job]:
    random = np.random.default_rng([seed, 1])
    ntu = load_dataset("ntu60")
    bank = load_bank(ntu)
    for action in ntu.classes:
        yield from [("programs", action.code, bank[action.id].attribute, action.code)] * PROGRAM_TAKES
    known = entries()
    for at, entry in enumerate(known):
        yield from [(entry.source, f"{entry.source} {at}", entry.attributes, "")] * ACTED_TAKES
    alone = [e.attributes for e in known if e.attributes["people"] == "one" and e.source not in SOURCES[3:]]
    for at in range(MIXED):
        yield "mixed", f"mixed {at}", mix(alone, random), ""


def _performed(chunk: tuple[int, int, Sequence[_Job]]) -> Described:
    seed, start, jobs = chunk
    recordings = []
    for at, (_, _, attributes, program) in enumerate(jobs, start):
        random = np.random.default_rng([seed, 2, at])
        if program:
            ways = PROGRAMS[program]
            recordings.append(performed(ways[int(random.integers(len(ways)))], random))
        else:
            recordings.append(act_out(attributes, random))
    return described(recordings)
