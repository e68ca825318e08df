"""The pictures of the site, drawn when it is built: acted skeletons, and what runs and benchmarks gave.

`python docs/pictures.py` (`make pictures`) trains the run of which `attention` is drawn, and writes `attention.json`;
`python docs/pictures.py answer` writes `answer.svg`, which the README shows.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS.parent / "benchmarks" / "results"
TEAL, GREY, BLUE, ORANGE = "#00796b", "#777777", "#1f6fd6", "#d9541e"
GRANULARITY = {
    "label": "#4e79a7",
    "global": "#59a14f",
    "part": "#f28e2b",
    "phase": "#b07aa1",
    "attribute": "#e15759",
}
_BOX, _HIGH = 128, 150


def _svg(width: float, height: float, parts: list[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'font-family="sans-serif" font-size="13"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" rx="6" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _text(x: float, y: float, said: str, **style: Any) -> str:
    style = {"fill": "#222", **style}
    marks = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{marks}>{escape(said)}</text>'


def flow() -> str:
    """Return the flow of data: artifacts as boxes, commands on the arrows."""
    boxes = {
        "catalogue": (0, 0), "prompts": (0, 1), "description set": (2, 0.5), "embedding file": (4, 0.5),
        "skeletons": (0, 2), "arrays": (2, 2), "features": (4, 2), "run": (6, 1.25), "report, classify": (8, 1.25),
    }  # fmt: skip
    arrows = [
        ("catalogue", "description set", ""), ("prompts", "description set", "generate"),
        ("description set", "embedding file", "embed"), ("skeletons", "arrays", "prepare"), ("arrays", "features", "features"),
        ("embedding file", "run", ""), ("features", "run", "train"), ("run", "report, classify", ""),
    ]  # fmt: skip
    wide, high = 122, 34

    def middle(name: str) -> tuple[float, float]:
        x, y = boxes[name]
        return 76 + x * 105, 34 + y * 62

    parts = [
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs>'
    ]
    for start, end, command in arrows:
        (x1, y1), (x2, y2) = middle(start), middle(end)
        x1, x2 = x1 + wide / 2, x2 - wide / 2
        parts.append(
            f'<path d="M{x1} {y1}L{x2 - 2} {y2}" stroke="{GREY}" stroke-width="1.5" marker-end="url(#a)"/>'
        )
        lift = -8 if y2 == y1 else 24
        parts.append(
            _text((x1 + x2) / 2, (y1 + y2) / 2 + lift, command, text_anchor="middle", fill=TEAL, font_family="monospace")
        )  # fmt: skip
    for name in boxes:
        x, y = middle(name)
        parts.append(
            f'<rect x="{x - wide / 2}" y="{y - high / 2}" width="{wide}" height="{high}" rx="5" fill="#e0f2f1" stroke="{TEAL}"/>'
        )
        parts.append(_text(x, y + 4.5, name, text_anchor="middle"))
    return _svg(994, 192, parts, "The flow: text and skeletons meet in a run")


def _acted(attributes: dict[str, str], seed: int = 0) -> NDArray[np.float64]:
    """Return the joints (M, T, 25, 3) of somebody who does what the attributes say, in metres, y up."""
    from skeleton.simulation import act, draw_subject, perform_program

    random = np.random.default_rng(seed)
    program = act(attributes, random)
    return np.asarray(perform_program(program, draw_subject(random), draw_subject(random), random))


def _seen(joints: NDArray[np.float64], box: float, high: float) -> NDArray[np.float64]:
    """Return places on paper (M, T, 25, 2), seen a little from the side, as large as the whole movement allows."""
    turn = np.deg2rad(28)
    flat = np.stack(
        [-joints[..., 0] * np.cos(turn) + joints[..., 2] * np.sin(turn), -joints[..., 1]], axis=-1
    )
    low, top = flat.min(axis=(0, 1, 2)), flat.max(axis=(0, 1, 2))
    scale = min(0.9 * box / (top[0] - low[0]), 0.92 * high / max(top[1] - low[1], 1.5))
    shift = np.array([box / 2, high - 4]) - scale * np.array([(low[0] + top[0]) / 2, top[1]])
    return np.asarray(flat * scale + shift)


def _line(points: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points)


def _body(places: NDArray[np.float64], paleness: float) -> str:
    """Return one body (25, 2): the person's left is blue, the right orange."""
    from skeleton.data.layouts import layout

    names = layout("kinect-v2")
    limbs: dict[str, list[str]] = {"#222": [], BLUE: [], ORANGE: []}
    for joint, parent in names.bones:
        name = names.joints[joint]
        side = BLUE if name.startswith("left_") else ORANGE if name.startswith("right_") else "#222"
        if not name.endswith(("tip", "thumb")):
            limbs[side].append(_line(places[[parent, joint]]))
    x, y = places[names.joints.index("head")]
    drawn = "".join(f'<path d="{"".join(d)}" stroke="{side}"/>' for side, d in limbs.items())
    return (
        f'<g opacity="{paleness}" stroke-width="2.5" stroke-linecap="round" fill="none">{drawn}'
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4.5" fill="#222"/></g>'
    )


def _movement(attributes: dict[str, str], seed: int = 0) -> str:
    """Return one movement in a box: where it begins (pale), its widest moment, and the ways of hands and feet."""
    from skeleton.data.layouts import layout

    joints = _acted(attributes, seed)
    places = _seen(joints, _BOX, _HIGH)
    names = layout("kinect-v2").joints
    ends = [names.index(n) for n in ("left_hand", "right_hand", "left_foot", "right_foot")]
    away = np.linalg.norm(joints - joints[:, :1], axis=-1).sum(axis=(0, 2))
    peak = int(away.argmax())
    ways = [
        f'<path d="{_line(body[::2, end])}" fill="none" stroke="{BLUE if at % 2 == 0 else ORANGE}" '
        'stroke-width="1" opacity=".55"/>'
        for body in (places if len(places) == 1 else ())  # those of two people cross the whole drawing
        for at, end in enumerate(ends)
        if np.ptp(body[:, end], axis=0).max() > 9
    ]
    return "".join([*(_body(b[0], 0.22) for b in places), *ways, *(_body(b[peak], 1) for b in places)])


def _bank() -> list[tuple[str, dict[str, str]]]:
    """Return every class that somebody described: its name, and all its attributes."""
    from semtool.catalogue import dataset_names, load_bank, load_dataset, load_vocabulary

    found: dict[str, dict[str, str]] = {}
    for dataset in map(load_dataset, dataset_names()):
        bank = load_bank(dataset)
        for cls in dataset.classes:
            if cls.id in bank:
                found.setdefault(cls.name, load_vocabulary().complete(bank[cls.id].attribute))
    return list(found.items())


def vocabulary() -> dict[str, str]:
    """Return a drawing for each field: for each value the class that differs least from rest otherwise, acted out."""
    from semtool.catalogue import load_vocabulary

    fields = load_vocabulary().fields
    rest = load_vocabulary().complete({})
    bank = sorted(_bank(), key=lambda known: sum(rest[f] != v for f, v in known[1].items()))
    drawings = {}
    for name, field in fields.items():
        parts = []
        shown = [(v, next((k for k in bank if k[1][name] == v), None)) for v in field.values]
        for at, (value, known) in enumerate(shown):
            parts.append(f'<g transform="translate({at % 6 * _BOX} {at // 6 * (_HIGH + 40)})">')
            if known:
                parts.append(_movement(known[1]))
            parts.append(_text(_BOX / 2, _HIGH + 14, value, text_anchor="middle", font_weight="bold"))
            said = known[0] if known else "no class of the bank"
            said = said if len(said) < 22 else f"{said[:20]}..."
            parts.append(
                _text(_BOX / 2, _HIGH + 28, said, text_anchor="middle", font_size=10, fill=GREY) + "</g>"
            )
        rows = -(-len(shown) // 6)
        drawings[name] = _svg(
            _BOX * min(6, len(shown)), rows * (_HIGH + 40), parts, f"Values of {name}, acted out"
        )
    return drawings


def strip() -> str:
    """Return film strips of four simulated classes of NTU RGB+D."""
    from semtool.catalogue import load_bank, load_dataset

    data = load_dataset("ntu60")
    bank = load_bank(data)
    parts = []
    for row, label in enumerate(("hand waving", "kicking something", "sit down", "drink water")):
        cls = data.find_class(label)
        places = _seen(_acted(bank[cls.id].attribute, 1), 100, 120)
        parts.append(_text(8, row * 142 + 70, cls.name))
        for at, frame in enumerate(np.linspace(0, places.shape[1] - 1, 6).round().astype(int)):
            parts.append(f'<g transform="translate({150 + at * 104} {row * 142 + 8})">')
            parts += [_body(body[frame], 1) for body in places]
            parts.append("</g>")
    return _svg(780, 4 * 142, parts, "Four simulated classes")


def answer() -> str:
    """Return what the shipped recogniser says of the clip that the package carries."""
    from skeleton.data import load_sequence
    from skeleton.recogniser import EXAMPLE, load_recogniser

    clip = load_sequence(EXAMPLE)[0]
    (said,) = load_recogniser().predict(clip, ["wave", "kick", "sit down", "drink"])
    box, wide, left = 104, 330, 90
    (body, *_) = _seen(clip.positions.transpose(3, 1, 2, 0).astype(np.float64), box, 140)
    parts = []
    for at, frame in enumerate(np.linspace(0, len(body) - 1, 7).round().astype(int)):
        parts.append(f'<g transform="translate({12 + at * box} 8)">{_body(body[frame], 1)}</g>')
    for at, (label, chance) in enumerate(zip(said.labels, said.probabilities, strict=True)):
        y = 178 + 26 * at
        style = {"font_weight": "bold"} if label == said.label else {}
        parts.append(_text(left - 10, y + 5, label, text_anchor="end", **style))
        parts.append(
            f'<rect x="{left}" y="{y - 8}" width="{max(chance * wide, 1):.0f}" height="16" fill="{TEAL}"/>'
        )
        parts.append(_text(left + max(chance * wide, 1) + 8, y + 5, f"{chance:.2f}", **style))
    for at, sentence in enumerate(said.because):
        parts.append(_text(505, 183 + 26 * at, sentence, fill=GREY))
    title = "What the package's clip shows, among four labels: probabilities, and what was seen that speaks for the answer"
    return _svg(780, 278, parts, title)


def accuracy() -> str:
    """Return accuracy by text, with intervals: `benchmarks/results/text_grid.json`."""
    from pandas import DataFrame, Series
    from scipy.stats import t

    rows = DataFrame(json.loads((RESULTS / "text_grid.json").read_text(encoding="utf-8")))
    rows = rows[(rows.encoder == "minilm") & (rows.preset == "ridge") & ~rows.prompts.str.contains(":")]
    over_splits = rows.groupby(["prompts", "seed"]).accuracy.mean().groupby("prompts")

    def interval(values: Series[float]) -> float:
        return float(t.ppf(0.975, len(values) - 1) * values.sem()) if len(values) > 1 else 0.0

    found = [(str(name), v.mean(), interval(v)) for name, v in over_splits]
    chance = float(rows.groupby("split").chance.first().mean())
    title = f"ridge, MiniLM: accuracy on unseen classes, mean over {rows.groupby(['dataset', 'split']).ngroups} splits"
    return _bars(sorted(found, key=lambda f: -f[1]), title, chance)


def _bars(rows: list[tuple[str, float, float]], title: str, chance: float) -> str:
    left, step = 170, 30
    wide = 540 / max(mean + half for _, mean, half in rows)
    parts = [_text(12, 22, title, font_weight="bold")]
    for at, (name, mean, half) in enumerate(rows):
        y = 46 + at * step
        parts.append(_text(left - 10, y + 5, name, text_anchor="end"))
        parts.append(
            f'<rect x="{left}" y="{y - 9}" width="{mean * wide:.0f}" height="18" fill="{TEAL}" opacity=".75"/>'
        )
        ends = [left + (mean + sign * half) * wide for sign in (-1, 1)]
        parts.append(
            f'<path d="M{ends[0]:.0f} {y}H{ends[1]:.0f}" stroke="#222" stroke-width="2" class="interval"/>'
        )
        parts.append(_text(ends[1] + 8, y + 5, f"{100 * mean:.1f} ± {100 * half:.1f} %"))
    bottom = 40 + len(rows) * step
    parts.append(
        f'<path d="M{left + chance * wide:.0f} 32V{bottom}" stroke="{GREY}" stroke-dasharray="4 4"/>'
        + _text(left + chance * wide, bottom + 16, "chance", text_anchor="middle", fill=GREY)
    )
    return _svg(860, bottom + 28, parts, title)


def attention() -> str:
    """Return how each head of a trained MLA shares its attention among the granularities."""
    record = json.loads((DOCS / "attention.json").read_text(encoding="utf-8"))
    left, wide, step = 170, 520, 34
    parts = [_text(12, 22, record["said"], font_weight="bold")]
    rows = [*zip([f"head, top {k}" for k in record["heads"]], record["share"], strict=True)]
    total = sum(record["texts"].values())
    rows.append(("share of the texts", [record["texts"][g] / total for g in record["granularities"]]))
    for at, (name, shares) in enumerate(rows):
        y, x = 48 + at * step, float(left)
        parts.append(_text(left - 10, y + 5, name, text_anchor="end"))
        for granularity, share in zip(record["granularities"], shares, strict=True):
            parts.append(
                f'<rect x="{x:.1f}" y="{y - 12}" width="{share * wide:.1f}" height="24" fill="{GRANULARITY[granularity]}"/>'
            )
            if share > 0.06:
                parts.append(
                    _text(
                        x + share * wide / 2, y + 5, f"{100 * share:.0f}", text_anchor="middle", fill="white"
                    )
                )
            x += share * wide
    bottom = 48 + len(rows) * step
    for at, granularity in enumerate(record["granularities"]):
        parts.append(
            f'<rect x="{left + at * 105}" y="{bottom - 8}" width="12" height="12" fill="{GRANULARITY[granularity]}"/>'
            + _text(left + at * 105 + 18, bottom + 3, granularity)
        )
    return _svg(860, bottom + 22, parts, record["said"])


def attend(folder: Path) -> dict[str, Any]:
    """Train the published method on UTD-MHAD below `folder` and return what its heads attended to."""
    from semtool import Store, embed, generate
    from semtool.embedding_file import EmbeddingFile
    from semtool.experiments.report.attention import attention
    from skeleton import features, prepare, train
    from skeleton.methods import load_scorer, preset
    from skeleton.runs import folder as runs
    from skeleton.runs.task import load_task

    store = Store(folder)
    prepare("utd-mhad", store=store)
    generate("utd-mhad", "multi", store=store)
    text = embed(encoder="minilm", store=store).artifact
    visual = features("utd-mhad", "purls-22-5", visual="kinematics", store=store)
    run = train(text.reference, visual.reference, store=store, settings=preset("paper", lr=1e-4))
    scorer = load_scorer(
        runs.seed_folder(run.path, 0) / runs.CHECKPOINT, runs.open_run(store, run.name).settings(0)
    )
    found = attention(scorer, load_task(text, visual, "utd-mhad"), EmbeddingFile(text.path), {})
    said = f"attention in %: {run.headline()}"
    kept = {k: found[k] for k in ("heads", "granularities", "texts")}
    return {"said": said, **kept, "share": found["share"].tolist()}


if __name__ == "__main__":
    import sys
    from tempfile import TemporaryDirectory

    (DOCS / "answer.svg").write_text(answer(), encoding="utf-8")
    if "answer" not in sys.argv:
        with TemporaryDirectory() as root:
            record = json.dumps(attend(Path(root)), indent=1)
        (DOCS / "attention.json").write_text(record + "\n", encoding="utf-8")
