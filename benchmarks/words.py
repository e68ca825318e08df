"""Words to attributes: what the map understands, as text and beside skeletons.

    python benchmarks/words.py text                       # leave one data set of the bank out; confidence
    python benchmarks/words.py pairs                      # minimal pairs; speed
    python benchmarks/words.py skeletons --data FOLDER    # the five PURLS splits and the four sets of the zoo

``FOLDER`` holds ``utd_mhad``, ``nw_ucla`` and ``zoo``. Each part writes ``results/words_<part>.md``. In every table but
that of the zoo, whose sets the bank does not have, the map was learned **without** the data set measured. The rules of
`wording.yaml` are the same for all: they were written by somebody who knows the bank's conventions, not its classes'
results.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from common import HERE, SPLITS, machine
from numpy.typing import NDArray

from semtool.catalogue import Dataset, load_bank, load_dataset
from semtool.encoders import FactMap, encode_texts, find_encoder, predict_facts
from semtool.encoders.fact_map import SHIPPED, bank_texts, blocks, fit
from semtool.encoders.predicted import facts_of

BANK = ("ntu120", "nw-ucla", "pku-mmd", "utd-mhad", "uwa3dii")
DRAWS = 20
Matrix = NDArray[Any]


def unit(x: Matrix) -> Matrix:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


@cache
def vectors_of(encoder: str, texts: tuple[str, ...]) -> Matrix:
    return encode_texts(find_encoder(encoder), texts).vectors


@cache
def learned(encoder: str) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return vectors, owners, codes and data sets of the bank."""
    sets, owner, texts, codes = bank_texts()
    return vectors_of(encoder, tuple(texts)), owner, codes, np.array(sets)


@cache
def map_without(encoder: str, dataset: str, near: bool) -> FactMap:
    vectors, owner, codes, sets = learned(encoder)
    return fit(vectors, owner, codes, sets, without=(dataset,), near=near)


def said(dataset: str, kind: str) -> list[list[str]]:
    """Return the texts of every class: its `name`, the first `sentence`, or `all` sentences."""
    data = load_dataset(dataset)
    bank = load_bank(data)
    if kind == "name":
        return [[c.name] for c in data.classes]
    if kind == "sentence":
        return [[bank[c.id].sentences[0]] for c in data.classes]
    every = []
    for c in data.classes:
        facts = bank[c.id]
        parts = [*facts.part.model_dump().values(), *facts.phase.model_dump().values()]
        every.append([*facts.sentences, facts.motion, *parts])
    return every


def codes_of(facts: Sequence[Mapping[str, str]]) -> Matrix:
    rows = ["; ".join(f"{f}={v}" for f, v in found.items()) for found in facts]
    return unit(find_encoder("attributes").encode(rows))


def written(dataset: str) -> tuple[list[dict[str, str]], Matrix]:
    found = load_bank(load_dataset(dataset))
    facts = [found[i].attribute for i in sorted(found)]
    return facts, codes_of(facts)


def predicted(texts: list[list[str]], encoder: str, fact_map: FactMap) -> tuple[Matrix, list[Any]]:
    """Return a code a class, the mean over its texts, and what each text gave."""
    flat = tuple(t for own in texts for t in own)
    found = facts_of(flat, vectors_of(encoder, flat), fact_map)
    ends = np.cumsum([len(own) for own in texts])
    return unit(np.stack([found.codes[e - len(own) : e].mean(axis=0) for e, own in zip(ends, texts, strict=True)])), [
        found, ends,
    ]  # fmt: skip


def wilson(right: int, n: int) -> str:
    from scipy.stats import binomtest

    low, high = binomtest(right, n).proportion_ci(method="wilson")
    return f"{100 * right / n:.0f} [{100 * low:.0f}, {100 * high:.0f}]"


# ---- text alone


def rank_one(codes: Matrix, truth: Matrix) -> int:
    return int(((codes @ truth.T).argmax(axis=1) == np.arange(len(truth))).sum())


def text_tables(options: argparse.Namespace) -> list[str]:
    lines = ["Rank 1: the code read from a class's text is nearest to that class's own written code, among all classes of "
             "its data set, in per cent with 95 % Wilson intervals. `near in`: the map was learned without the data set, "
             "but classes of other data sets that are the same action stay; `out`: those with 85 % of the attributes in "
             "common are gone too. Nearest class: the written code of the bank's class whose text is nearest, the floor. "
             "Map alone: without word rules and weights.", "",
             "| text | encoder | | " + " | ".join(BANK) + " | mean | mean cosine | kappa |", "|---|---|---|" + "---|" * 8]  # fmt: skip
    for kind, encoder, near in itertools.product(
        ("name", "sentence", "all"), ("minilm", options.mpnet), (True, False)
    ):
        if not find_encoder(encoder).availability().now:
            continue
        cells: dict[str, list[str]] = {}
        means: dict[str, list[list[float]]] = {}
        for dataset in BANK:
            facts, truth = written(dataset)
            texts = said(dataset, kind)
            fact_map = map_without(encoder, dataset, near)
            codes, (found, ends) = predicted(texts, encoder, fact_map)
            flat = tuple(t for own in texts for t in own)
            vectors = vectors_of(encoder, flat)
            plain, _ = fact_map(vectors)
            bounds = list(zip([0, *ends[:-1]], ends, strict=True))
            alone = unit(np.stack([plain[a:b].mean(axis=0) for a, b in bounds]))
            floor = nearest_class(vectors, bounds, encoder, dataset, near)
            agreement = kappa([found.values[a] for a, _ in bounds], facts)
            for name, c in (("map and rules", codes), ("map alone", alone), ("nearest class", floor)):
                right = rank_one(c, truth)
                cells.setdefault(name, []).append(wilson(right, len(truth)))
                means.setdefault(name, []).append(
                    [right / len(truth), float((c * truth).sum(axis=1).mean()), agreement]
                )
        for name, row in cells.items():
            m = np.mean(means[name], axis=0)
            shown = f"{m[2]:.2f}" if name == "map and rules" else ""
            lines.append(f"| {kind} | {'minilm' if encoder == 'minilm' else 'mpnet'}, {name} | {'near in' if near else 'out'} | {' | '.join(row)} | "
                         f"{100 * m[0]:.1f} | {m[1]:.3f} | {shown} |")  # fmt: skip
    return [*lines, "", "Kappa: Cohen's, over all fields together, chance by field; of the class's first text.", "",
            *calibration()]  # fmt: skip


def nearest_class(vectors: Matrix, bounds: list[Any], encoder: str, dataset: str, near: bool) -> Matrix:
    """Return the written code of the class with the nearest text."""
    known, owner, codes, sets = learned(encoder)
    hidden = sets == dataset
    gone = hidden if near else hidden | ((codes @ codes[hidden].T / len(blocks())).max(axis=1) >= 0.85)
    keep = ~gone[owner]
    cosine = vectors @ known[keep].T
    best = [np.unravel_index(cosine[a:b].argmax(), cosine[a:b].shape)[1] for a, b in bounds]
    return unit(codes[owner[keep][best]])


def kappa(mine: Sequence[Mapping[str, str]], truth: Sequence[Mapping[str, str]]) -> float:
    same = chance = 0.0
    for field in blocks():
        a, b = [m[field] for m in mine], [t[field] for t in truth]
        same += sum(x == y for x, y in zip(a, b, strict=True))
        chance += sum(x == y for x in a for y in b) / len(a)
    total = len(truth) * len(blocks())
    return (same - chance) / (total - chance)


def calibration() -> list[str]:
    """Return whether confidence means what it says, over names and sentences of the data sets left out."""
    sure, right = [], []
    for dataset, near in itertools.product(BANK, (True, False)):
        facts, _ = written(dataset)
        for kind in ("name", "sentence"):
            _, (found, ends) = predicted(said(dataset, kind), "minilm", map_without("minilm", dataset, near))
            del ends
            sure.append(found.confidence.ravel())
            right.append(
                np.array(
                    [[v[f] == t[f] for f in blocks()] for v, t in zip(found.values, facts, strict=True)]
                ).ravel()
            )
    s, r = np.concatenate(sure), np.concatenate(right)
    edges = [0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97, 1.01]
    lines = ["Confidence, over fields, names and first sentences of all five, near in and out:", "",
             "| confidence | fields | mean | right |", "|---|---|---|---|"]  # fmt: skip
    for low, high in itertools.pairwise(edges):
        at = (s >= low) & (s < high)
        if at.any():
            lines.append(
                f"| {low:.2f} to {min(high, 1):.2f} | {at.sum()} | {s[at].mean():.2f} | {r[at].mean():.2f} |"
            )
    return lines


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


def pair_lines(options: argparse.Namespace) -> list[str]:
    del options
    return [*minimal_pairs(), "", *speed()]


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


# ---- beside skeletons


@dataclass(frozen=True)
class Real:
    """Samples of a data set: features (n, Dv), classes (n,), which may train (n,), widths of the blocks."""

    data: Dataset
    features: Matrix
    labels: Matrix
    train: Matrix
    widths: tuple[int, ...]


def gather(options: argparse.Namespace) -> dict[str, Real]:
    """Return kinematic features of every real set and of the simulation."""
    from skeletons import ZOO, load_zoo

    from semtool.artifacts import Store
    from skeleton.data.preparation import prepare
    from skeleton.runs.task import open_features
    from skeleton.simulation import simulate
    from skeleton.visual.extraction import features
    from skeleton.visual.kinematics import describe_all

    store, out = Store(options.root), {}
    simulated = simulate("ntu60", subjects=10, reps=1, seed=0, store=store).artifact
    arrays = {"ntu60": simulated.reference}
    for name in ("utd-mhad", "nw-ucla"):
        prepare(name, options.data / name.replace("-", "_"), store=store)
    for name in ("utd-mhad", "nw-ucla", "ntu60"):
        made = features(name, store=store, visual="kinematics", arrays=arrays.get(name))
        file, data = open_features(made), load_dataset(name)
        rule = data.protocol()
        train = np.isin(getattr(file, rule.by), rule.train) | (name == "ntu60")
        out[name] = Real(data, file.features, file.class_id, train, file.widths)
    for name in ZOO:
        kept = Path(options.root) / f"{name}.npz"
        data, sequences, _ = load_zoo(options.data, name)
        if not kept.exists():
            made = describe_all(sequences)
            widths = [w for _, w in made.blocks]
            np.savez(kept, features=made.features, labels=[s.class_id for s in sequences], widths=widths)
        with np.load(kept) as z:
            every = np.ones(len(z["labels"]), bool)
            out[name] = Real(data, z["features"], z["labels"], every, tuple(z["widths"].tolist()))
        print(name, out[name].features.shape, flush=True)
    return out


@dataclass(frozen=True)
class Text:
    """A line of a table: vectors (C, d) of the measured classes, and of the auxiliary ones."""

    name: str
    own: Matrix
    auxiliary: Matrix

    @property
    def codes(self) -> bool:
        """Whether these are attribute codes, whose auxiliary classes are acted combinations of attributes."""
        return not self.name.startswith("MiniLM")


def texts_of(real: Real, facts: Matrix, acted: Matrix) -> list[Text]:
    """Return the lines of a table for one data set; ``facts`` are its written codes."""
    name = real.data.name
    in_bank = name in BANK
    fact_map = map_without("minilm", name, near=False) if in_bank else FactMap.load(SHIPPED)
    lines = [Text("facts", facts, acted)]
    for kind in ("name", "sentence", "all") if in_bank else ("name",):
        own = said(name, kind) if in_bank else [[c.name] for c in real.data.classes]
        lines.append(Text(f"kinetic, {kind}", predicted(own, "minilm", fact_map)[0], acted))
        plain, others = (
            np.stack([unit(vectors_of("minilm", tuple(t)).mean(axis=0)) for t in texts])
            for texts in (own, said("ntu60", kind))
        )
        lines.append(Text(f"MiniLM, {kind}", plain, others))
    return lines


def accuracies(
    real: Real, auxiliary: Real, unseen: Sequence[int], texts: Sequence[Text], kept: Sequence[int]
) -> list[float]:
    """Return the accuracy of `best` on the unseen classes with every text.

    The kernel does not depend on the text: all are regressed onto at once, side by side, and compared one by one.
    """
    from skeleton.methods import Examples, TextBank, preset
    from skeleton.methods.kernel import regression

    settings = preset("best")
    seen = [c for c in range(len(real.data.classes)) if c not in unseen]
    ends = np.cumsum([0] + [t.own.shape[1] for t in texts])

    def bank(vectors: Matrix, classes: Sequence[int]) -> Any:
        rows = vectors[list(classes)].astype(np.float32)
        return TextBank(
            tuple(classes), rows[:, None], np.ones(len(rows), np.int64), rows * 0, ("label",), "none"
        )

    def examples(source: Real, classes: Sequence[int], vectors: Matrix) -> Any:
        at = np.isin(source.labels, classes) & source.train
        return Examples(
            source.features[at], np.searchsorted(classes, source.labels[at]), bank(vectors, classes)
        )

    together = [np.concatenate([getattr(t, side) for t in texts], axis=1) for side in ("own", "auxiliary")]
    model = regression.fit_ridge(
        examples(real, seen, together[0]), examples(auxiliary, kept, together[1]),
        hub_correction=False, target="centred", decorrelate=False, clip=settings.clip,
    )  # fmt: skip
    test, found = np.isin(real.labels, unseen), []
    for text, start, stop in zip(texts, ends, ends[1:], strict=False):
        parts = [
            regression._unit(regression._centred(v.astype(np.float32)))
            for v in (text.own[seen], text.auxiliary[kept])
        ]
        own = replace(
            model, dual=np.ascontiguousarray(model.dual[:, start:stop]), metric=regression._metric(parts, [1 - regression.SHARE, regression.SHARE]),
            centre=text.own[seen].mean(axis=0).astype(np.float32),
        )  # fmt: skip
        scores = own.scores(real.features[test], bank(text.own, unseen))
        found.append(float((np.array(unseen)[scores.argmax(axis=1)] == real.labels[test]).mean()))
    return found


def skeleton_tables(options: argparse.Namespace) -> list[str]:
    """The five PURLS splits, and 20 random splits of each set of the zoo."""
    from semtool.artifacts import Store
    from skeleton.runs.auxiliary import NEAR, _acting, _agreement, near

    sets, side = gather(options), Store(options.root)
    combined, features = _acting(side, 0)
    acted = Real(sets["ntu60"].data, features, np.arange(len(features)), np.ones(len(features), bool), ())
    acted_codes = codes_of(combined)
    two = {c for c, f in load_bank(sets["ntu60"].data).items() if f.attribute.get("people") == "two"}
    blind = yaml.safe_load((HERE / "data" / "zoo_facts.yaml").read_text())
    columns: dict[str, dict[str, list[float]]] = {}
    for name, real in sets.items():
        data, count = real.data, len(real.data.classes)
        if name == "ntu60":
            continue
        if name in BANK:
            facts, splits = written(name)[1], {s: data.split(s).unseen for d, s in SPLITS if d == name}
        else:
            facts = codes_of([blind[name][c.name] for c in data.classes])
            draws = (np.random.RandomState(i).permutation(count)[: count // 2] for i in range(DRAWS))
            splits = {f"{i}": tuple(sorted(drawn.tolist())) for i, drawn in enumerate(draws)}
        texts = texts_of(real, facts, acted_codes)
        for split, unseen in splits.items():
            start, codes = time.time(), [t for t in texts if t.codes]
            close = (
                np.max(
                    [_agreement(acted_codes, t.own[list(unseen)].astype(np.float32)) for t in codes], axis=0
                )
                >= NEAR
            )
            hidden = set(near(data, unseen, sets["ntu60"].data, side)) | (two if data.bodies < 2 else set())
            found = dict(zip(
                (t.name for t in codes), accuracies(real, acted, unseen, codes, np.flatnonzero(~close).tolist()), strict=True
            ))  # fmt: skip
            plain, rest = [t for t in texts if not t.codes], [c for c in range(60) if c not in hidden]
            found |= dict(
                zip(
                    (t.name for t in plain), accuracies(real, sets["ntu60"], unseen, plain, rest), strict=True
                )
            )
            column = f"{name} {split.removeprefix('purls-')}" if name in BANK else name
            for text in texts:
                columns.setdefault(column, {}).setdefault(text.name, []).append(100 * found[text.name])
            print(
                name,
                split,
                {k: round(v, 3) for k, v in found.items()},
                f"{time.time() - start:.0f} s",
                flush=True,
            )
    purls, zoo = [c for c in columns if " " in c], [c for c in columns if " " not in c]
    return [
        "Zero-shot accuracy of `best` in per cent over all unseen samples, seed 0 of its auxiliary classes. `kinetic`: codes "
        "read from the class's name, its first `global` sentence, or all its sentences; MiniLM: that encoder's own vectors of "
        "the same; facts: written codes. With codes, auxiliary classes are acted combinations of attributes, without those "
        "that come near an unseen class by its facts or by any of the codes read from its words; with MiniLM they are NTU-60's.", "",
        "The five PURLS splits; the map was learned without the data set measured and without classes near its own:", "",
        *skeleton_table(columns, purls), "",
        f"The zoo, {DRAWS} random splits a set, half the classes unseen, mean and standard error over splits; the shipped map "
        "(the bank has none of these sets); facts were written blind from the names:", "", *skeleton_table(columns, zoo),
    ]  # fmt: skip


def skeleton_table(columns: Mapping[str, Mapping[str, list[float]]], chosen: Sequence[str]) -> list[str]:
    lines = ["| | " + " | ".join(chosen) + " | mean |", "|---|" + "---|" * (len(chosen) + 1)]
    for name in columns[chosen[0]]:
        means = [float(np.mean(columns[c][name])) for c in chosen]
        cells = []
        for c, mean in zip(chosen, means, strict=True):
            drawn = columns[c][name]
            cells.append(
                f"{mean:.1f}"
                + (f" ± {np.std(drawn, ddof=1) / len(drawn) ** 0.5:.1f}" if len(drawn) > 1 else "")
            )
        lines.append(f"| {name} | {' | '.join(cells)} | **{np.mean(means):.1f}** |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("text", "pairs", "skeletons"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SEMTOOL_DATA"))
    parser.add_argument("--root", default="artifacts")
    parser.add_argument("--mpnet", default="mpnet", help="a name, or sentence-transformers:FOLDER")
    options = parser.parse_args()
    if options.what == "skeletons" and options.data is None:
        parser.error("name the folder of real data with --data, or set SEMTOOL_DATA")
    options.data = Path(options.data or ".")
    body = {"text": text_tables, "pairs": pair_lines, "skeletons": skeleton_tables}[options.what](options)
    report = (
        "\n".join(
            [
                f"# words: {options.what}",
                "",
                f"`python benchmarks/words.py {options.what}`; {machine()}",
                "",
                *body,
            ]
        )
        + "\n"
    )
    (HERE / "results" / f"words_{options.what}.md").write_text(report)
    print(report)


if __name__ == "__main__":
    main()
