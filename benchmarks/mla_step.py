"""Time and memory of one training step, and of inference: this engine beside the published computation.

    python benchmarks/mla_step.py                      # NTU-60 and NTU-120 size, one thread
    python benchmarks/mla_step.py --threads 2 --sizes ntu60

The published computation is written here from its description: every sample is scored against every seen
    class,
the attention is sorted in full, heads run one after another, the visual tensor is repeated for every class,
the loss then picks the pairs it needs. Both engines start from the same weights and read the same batch and
the same negatives. Each runs in a process of its own, and the two take turns step by step, so that whatever
else the machine does falls on both. Memory is the peak above what the process held after importing torch.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

SIZES = {
    # seen classes, descriptions, d, heads, batch
    "ntu60": {"classes": 55, "texts": 100, "d": 768, "heads": [1, *range(5, 60, 5)], "batch": 128},
    "ntu120": {"classes": 110, "texts": 100, "d": 768, "heads": [1, *range(5, 25, 5)], "batch": 128},
    "small": {"classes": 22, "texts": 100, "d": 384, "heads": [1, *range(5, 25, 5)], "batch": 128},
}
ENGINES = ("published", "semtool")
VISUAL = 256
NEGATIVES = 8


def world(size: dict, seed: int = 0) -> tuple:
    """Return visual (B, Dv), labels (B,), negatives (B, R), bank: the same in every process."""
    import numpy as np

    from skeleton.methods.mla.objective import draw_negatives
    from skeleton.methods.text import TextBank

    rng = np.random.default_rng(seed)
    shape = (size["classes"], size["texts"], size["d"])
    book = rng.normal(size=shape).astype(np.float32)
    book /= np.linalg.norm(book, axis=-1, keepdims=True)
    motion = rng.normal(size=(shape[0], shape[2])).astype(np.float32)
    motion /= np.linalg.norm(motion, axis=-1, keepdims=True)
    counts = np.full(shape[0], shape[1])
    bank = TextBank(tuple(range(shape[0])), book, counts, motion, ("global",), "motion")
    labels = rng.integers(0, shape[0], size["batch"])
    visual = np.abs(rng.normal(size=(size["batch"], VISUAL))).astype(np.float32)
    return visual, labels, draw_negatives(labels, NEGATIVES, rng), bank


def published(size: dict) -> Any:
    """Return the published computation as a module; its parameters are those of `skeleton.methods.mla.model.MLA`,
    unstacked."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from skeleton.methods.mla.model import MLA

    start = MLA(VISUAL, size["d"], size["heads"], seed=0)
    d = size["d"]

    class Head(nn.Module):
        def __init__(self, h: int, k: int) -> None:
            super().__init__()
            self.k = k
            self.project = nn.Linear(VISUAL, d)
            self.norm = nn.LayerNorm(d, elementwise_affine=False)
            self.first, self.second, self.last = (
                nn.Linear(2 * d, 1024),
                nn.Linear(1024, 512),
                nn.Linear(512, 1),
            )
            with torch.no_grad():
                for name, value in of_head(dict(start.named_parameters()), h).items():
                    self.get_parameter(name).copy_(value)

        def forward(self, visual: Any, book: Any, motion: Any) -> Any:
            q = self.norm(self.project(visual))  # (B, d)
            a = book @ q.T / math.sqrt(d)  # (C, N, B)
            order = torch.argsort(a, dim=1, descending=True)[:, self.k - 1 : self.k]
            a = a.masked_fill(a < a.gather(1, order), -torch.inf).softmax(1)
            text = torch.bmm(a.transpose(1, 2), book) + motion[:, None]  # (C, B, d)
            repeated = q.unsqueeze(1).repeat(1, len(book), 1)  # (B, C, d)
            x = torch.cat([repeated, text.transpose(0, 1)], dim=-1)
            return self.last(F.relu(self.second(F.relu(self.first(x))))).squeeze(-1)  # (B, C)

    class Published(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleList(Head(h, k) for h, k in enumerate(size["heads"]))

        def loss(self, visual: Any, labels: Any, negatives: Any, book: Any, motion: Any) -> Any:
            total = 0.0
            rows = torch.cat([torch.arange(len(labels))[:, None], negatives], 1)
            for head in self.heads:
                g = F.softplus(head(visual, book, motion))
                total = total - F.log_softmax(g[rows, labels[:, None]], dim=1)[:, 0].mean()
            return total / len(self.heads)

        @torch.no_grad()
        def scores(self, visual: Any, book: Any, motion: Any) -> Any:
            # In batches of the training size, as the published evaluation goes.
            parts = [
                sum(-F.softplus(-head(part, book, motion)) for head in self.heads)
                for part in visual.split(size["batch"])
            ]
            return torch.cat(parts)

    return Published()


def of_head(stacked: dict, h: int) -> dict:
    """Return what the model's stacked tensors hold for head h, under the names of `published`."""
    import torch

    from skeleton.methods.mla.model import GROUP

    group, at = divmod(h, GROUP)
    mine = {n.split(".", 2)[2]: t[at] for n, t in stacked.items() if n.startswith(f"groups.{group}.")}
    return {
        "project.weight": mine["project_weight"].T,
        "project.bias": mine["project_bias"],
        "first.weight": torch.cat([mine["visual_weight"], mine["text_weight"]]).T,
        "first.bias": mine["first_bias"],
        "second.weight": mine["second_weight"].T,
        "second.bias": mine["second_bias"],
        "last.weight": mine["last_weight"][None],
        "last.bias": mine["last_bias"][None],
    }


def resident() -> float:
    """Return the peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(engine: str, size: dict, threads: int, folder: Path) -> None:
    """Serve one engine: a line ``step`` or ``scores <n> <classes>`` on stdin, a line of JSON back."""
    import torch

    torch.set_num_threads(threads)
    base = resident()
    import numpy as np

    from skeleton.methods.mla.model import MLA, TextTensors
    from skeleton.methods.mla.objective import pairs_of, sampling_loss
    from skeleton.methods.mla.scoring import FEW, scores

    visual, labels, negatives, bank = world(size)
    seen = torch.from_numpy(visual)
    model: Any
    if engine == "published":
        model = published(size)
        arguments = torch.from_numpy(labels), torch.from_numpy(negatives)
        book, motion = torch.from_numpy(bank.codebook), torch.from_numpy(bank.motion)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)

        def backward() -> float:
            loss = model.loss(seen, *arguments, book, motion)
            loss.backward()
            return loss.item()

        def score(v: Any, c: int, _half: bool) -> Any:
            return model.scores(v, book[:c], motion[:c])
    else:
        model = MLA(VISUAL, size["d"], size["heads"], seed=0)
        text = TextTensors.of(bank)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-5, fused=True)

        def backward() -> float:
            # Part of the step: it is drawn anew each time, for each head.
            pairs, index = pairs_of(labels, np.stack([negatives] * len(model.top_k)))
            total = 0.0
            for group, heads in model.parts():
                found = group(seen, text, pairs.of_heads(heads.start, heads.stop))
                loss = sampling_loss(found, index[heads]) * (len(group.top_k) / len(model.top_k))
                loss.backward()
                total += loss.item()
            return total

        def score(v: Any, c: int, half: bool) -> Any:
            return scores(model, v, TextTensors(text.book[:c], text.counts[:c], text.motion[:c]), half=half)

    first = True
    for line in sys.stdin:
        order, *rest = line.split()
        if order == "step":
            clock = Clock()
            optimizer.zero_grad(set_to_none=True)
            value = backward()
            if first:
                torch.save({n: p.grad for n, p in model.named_parameters()}, folder / f"{engine}.pt")
            optimizer.step()
            answer = {"loss": value, **clock.stop(), "memory": resident() - base}
            first = False
        else:
            n, c, half = map(int, rest)
            many = torch.from_numpy(
                np.abs(np.random.default_rng(1).normal(size=(n, VISUAL))).astype(np.float32)
            )
            score(many[: FEW + 1], c, bool(half))
            clock = Clock()
            out = score(many, c, bool(half))
            answer = {**clock.stop(), "memory": resident() - base}
            torch.save(out, folder / f"{engine}-scores{'-half' * half}.pt")
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class Clock:
    """Wall-clock and processor seconds since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self) -> dict[str, float]:
        """Return both."""
        return {"seconds": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


class Engine:
    """A child process."""

    def __init__(self, engine: str, size: str, threads: int, folder: Path) -> None:
        command = [sys.executable, __file__, "--child", engine, "--sizes", size, "--threads", str(threads)]
        self.process = subprocess.Popen(
            [*command, "--folder", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, order: str) -> dict:
        """Send an order, wait for the answer."""
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def gradient_gap(folder: Path) -> tuple[float, float]:
    """Return the largest difference of any gradient entry, absolute and relative to the largest entry."""
    import torch

    theirs = torch.load(folder / "published.pt")
    ours = torch.load(folder / "semtool.pt")
    gap, largest = 0.0, 0.0
    for key, other in theirs.items():
        h, name = int(key.split(".")[1]), key.split(".", 2)[2]
        gap = max(gap, float((of_head(ours, h)[name] - other).abs().max()))
        largest = max(largest, float(other.abs().max()))
    return gap, gap / largest


def matmul_throughput(threads: int) -> float:
    """Return GFLOP a processor second of a float32 matrix product of the estimator's shape, the best of a few."""
    import torch

    torch.set_num_threads(threads)
    a, b = torch.randn(1024, 768), torch.randn(768, 1024)
    best = math.inf
    for _ in range(20):
        clock = Clock()
        a @ b
        best = min(best, clock.stop()["cpu"])
    return 2 * 1024 * 768 * 1024 / best / 1e9


def step_work(size: dict) -> tuple[float, int]:
    """Return the multiply-adds times two that a step of this engine needs (GFLOP), and its number of
    pairs."""
    from skeleton.methods.mla.objective import pairs_of

    _, labels, negatives, _ = world(size)
    pairs = pairs_of(labels, negatives[None])[0].sample.shape[-1]
    d, n, b = size["d"], size["texts"], size["batch"]
    a_sample = 2 * VISUAL * d + 3 * d * 1024  # the features themselves need no gradient
    a_pair = 4 * n * d + 3 * (d * 1024 + 1024 * 512)
    return 2 * len(size["heads"]) * (b * a_sample + pairs * a_pair) / 1e9, pairs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", default=["ntu60", "ntu120"], choices=SIZES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--steps", type=int, default=3, help="steps of the published computation after a first"
    )
    parser.add_argument(
        "--inference", type=int, default=0, metavar="N", help="also score N samples x 60 classes"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, SIZES[options.sizes[0]], options.threads, options.folder)
        return
    import torch

    print(f"torch {torch.__version__}, {options.threads} thread(s), {platform.machine()}")
    for name in options.sizes:
        with tempfile.TemporaryDirectory() as temporary:
            compare_steps(name, options.threads, options.steps, Path(temporary))
            if options.inference:
                compare_inference(name, options.threads, options.inference, Path(temporary))


def compare_steps(name: str, threads: int, steps: int, folder: Path) -> None:
    """Print the table of a size: seconds, memory, loss, gradients."""
    size = SIZES[name]
    engines = {e: Engine(e, name, threads, folder) for e in ENGINES}
    first = {e: engine.ask("step") for e, engine in engines.items()}
    answers: dict[str, list[dict]] = {e: [] for e in engines}
    for _ in range(steps):
        answers["published"].append(engines["published"].ask("step"))
        answers["semtool"] += [engines["semtool"].ask("step") for _ in range(5)]
    for engine in engines.values():
        engine.close()
    wall, cpu = ({e: median(a[key] for a in answers[e]) for e in engines} for key in ("seconds", "cpu"))
    memory = {e: answers[e][-1]["memory"] for e in engines}
    gap, relative = gradient_gap(folder)
    work, pairs = step_work(size)
    peak = matmul_throughput(threads)
    print(
        f"\n## {name}: {size['classes']} seen classes, {len(size['heads'])} heads, {pairs} distinct pairs\n"
    )
    print("| | s a step | processor s a step | MB above torch | loss |\n|---|---|---|---|---|")
    for e in engines:
        print(f"| {e} | {wall[e]:.3f} | {cpu[e]:.3f} | {memory[e]:.0f} | {first[e]['loss']:.7f} |")
    ratios = [f"**{of['published'] / of['semtool']:.1f} x faster**" for of in (wall, cpu)]
    apart = abs(first["published"]["loss"] - first["semtool"]["loss"])
    print(f"| ratio | {ratios[0]} | {ratios[1]} | {memory['semtool'] / memory['published']:.2f} | "
          f"difference {apart:.1e} |")  # fmt: skip
    print(f"\nLargest gradient difference {gap:.1e}, {relative:.1e} of the largest entry. {work:.1f} GFLOP a step: "
          f"{work / cpu['semtool']:.0f} GFLOP a processor second, {work / cpu['semtool'] / peak:.0%} of the "
          f"{peak:.0f} that one matrix product of the estimator's shape reaches.")  # fmt: skip


def compare_inference(name: str, threads: int, samples: int, folder: Path) -> None:
    """Print how long scoring takes: the same fresh weights, every sample against 60 (or all) classes."""
    import torch

    classes = min(60, SIZES[name]["classes"])
    engines = {e: Engine(e, name, threads, folder) for e in ENGINES}
    orders = {"published": ("published", 0), "semtool float32": ("semtool", 0), "semtool": ("semtool", 1)}
    found = {
        label: engines[e].ask(f"scores {samples} {classes} {half}") for label, (e, half) in orders.items()
    }
    for engine in engines.values():
        engine.close()
    theirs = torch.load(folder / "published-scores.pt")
    spread = float(theirs.std(1).mean())
    # The second layer depends on sample and class alike: no exact computation does without it.
    floor = 2 * len(SIZES[name]["heads"]) * samples * classes * 1024 * 512 / 1e9
    print(f"\nInference, {samples} samples x {classes} classes:\n")
    print("| | s | processor s | ratio | MB above torch | GFLOP/s of the second layer alone | largest score "
          "difference, of the scores' deviation over classes | same class |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for label, (engine, half) in orders.items():
        of, ours = found[label], torch.load(folder / f"{engine}-scores{'-half' * half}.pt")
        gap = float((theirs - ours).abs().max())
        agree = float((theirs.argmax(1) == ours.argmax(1)).float().mean())
        print(f"| {label} | {of['seconds']:.1f} | {of['cpu']:.1f} | {found['published']['cpu'] / of['cpu']:.1f} x "
              f"| {of['memory']:.0f} | {floor / of['cpu']:.0f} | {gap:.1e}, {gap / spread:.1e} | {agree:.2%} |")  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
