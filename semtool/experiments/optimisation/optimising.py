"""`optimise`: a text is changed on seen classes, and the unseen ones are looked at once, at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semtool.artifacts import Artifact, Store
from semtool.descriptions import DescriptionSet
from semtool.disk import digest
from semtool.errors import UsageError
from semtool.experiments.comparison import compare
from semtool.experiments.grid import (
    Cell,
    Setting,
    Target,
    dataset_of,
    embed_cells,
    find_texts,
    keep,
    ways_to_train,
)
from semtool.experiments.optimisation.held_out import Judge
from semtool.experiments.optimisation.log import FOLDER, Log, Try
from semtool.experiments.optimisation.moves import SOURCES, Means
from semtool.experiments.optimisation.record import TextWorth
from semtool.experiments.optimisation.search import ALPHA, Search, interval_of, text_digest
from skeleton.runs import check_name

if TYPE_CHECKING:
    from semtool.generation import LlmOptions
    from skeleton.runs import Executor

__all__ = ["ALPHA", "Optimisation", "optimise"]


@dataclass(frozen=True)
class Optimisation:
    """What `optimise` did.

    Attributes:
        name: below ``optimisations/``; ``path`` is its folder.
        start, result: references of the description sets; the same if nothing was kept.
        tries: every try, in order.
        held_out: mean accuracy on held-out classes of both, and the gain with its 95 % interval over classes
            (``start``, ``result``, ``gain``, ``low``, ``high``); too high by the choice among tries.
        unseen: the same on the unseen classes, and the comparison's sentence (``words``); None if the text
            stayed as it was, so that there was nothing to look at.
        stopped: why no more was tried.
        notes: sentences that whoever reads the numbers must know.
    """

    name: str
    path: Path
    start: str
    result: str
    tries: tuple[Try, ...]
    held_out: dict[str, float]
    unseen: dict[str, Any] | None
    stopped: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        tries = [t.model_dump() for t in self.tries]
        return asdict(self) | {"path": str(self.path), "tries": tries}


def optimise(
    text: str,
    *,
    store: Store | None = None,
    dataset: str | None = None,
    split: str | None = None,
    encoder: str = "minilm",
    preset: str = "ridge",
    switches: Mapping[str, Any] | None = None,
    visual: str | None = None,
    sources: Sequence[str] = SOURCES,
    llm: LlmOptions | None = None,
    tries: int = 20,
    tokens: int | None = None,
    minutes: float | None = None,
    alpha: float = ALPHA,
    seed: int = 0,
    name: str | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Optimisation:
    """Improve a text on seen classes; killed and started again it goes on from its log.

    Args:
        text: prompt set or description set to begin with.
        store: where everything lives.
        dataset: name or YAML file; that of the text, or of the newest features, if None.
        split: class split; the data set's default if None.
        encoder: reads sentences.
        preset: of a closed form; what it would learn from simulated classes is left out.
        switches: of that preset, other values by name.
        visual: visual encoder; the newest features of the split if None.
        sources: texts to try in its place or beside it, prompt sets or description sets; a prompt set that
            cannot be rendered for the data set is left out.
        llm: a model that is asked too; its answers are kept, and asked for once.
        tries: texts tried at most.
        tokens: tokens of the model at most; None: any number.
        minutes: minutes at most; None: any number.
        alpha: chance that anything is kept although nothing helps.
        seed: of the partings of the seen classes.
        name: below ``optimisations/``; made from what is optimised if None.
        executor: trains for the look at the unseen classes.
        progress: told tries done and at most to do.
        note: told each try in a sentence.

    Returns:
        Every try, the text that was kept, and its gain on held-out and on unseen classes.

    Raises:
        UsageError: for a budget of nothing, too few seen classes, a preset that is no closed form, or an
            encoder of codes.
    """
    store, tell = store or Store(), note or (lambda _: None)
    if tries < 1 or (tokens is not None and tokens < 1) or (minutes is not None and minutes <= 0):
        raise UsageError("a budget of zero tries nothing: give at least one try, one token and some time")
    way = _closed_form(preset, switches or {})
    target = Target.of(dataset or dataset_of([text], store), [split] if split else [], store)
    (started,) = find_texts([text], [target], store=store, note=note)
    start = started.descriptions[target.dataset.name]
    cell = Cell(started, encoder, target, target.splits[0], way)
    judge, features = _judge(cell, store, visual, seed)
    known = _sources(sources, text, target, store, tell)
    record = TextWorth.of(encoder, target.dataset.name)
    about = {
        "text": [start.reference, start.manifest.content_sha256],
        "features": [features.reference, features.manifest.content_sha256],
        "encoder": encoder,
        "settings": way.method.to_dict(),
        "sources": [[n, digest([asdict(d) for d in t])] for n, t in known],
        "llm": llm.parameters(None) if llm else None,
        "alpha": alpha,
        "seed": seed,
        "record": digest(record.accuracy),
    }
    short = check_name(name) if name else f"{start.dataset}-{start.name}-{digest(about)[:8]}"
    log = Log(store.root / FOLDER / short, about)
    means = Means(judge, record, known, llm, store)
    search = Search(DescriptionSet.read(start.path), _called(start), means, log, alpha)
    budget = {"tries": tries, "tokens": tokens, "minutes": minutes}
    stopped = search.run(budget, tell, progress or (lambda _done, _all: None))
    result = _write(start, features, search, store) if any(t.kept for t in log.tries) else start
    gain, low, high = interval_of(search.held.accuracy - search.first.accuracy)
    if result is not start and log.end is None:
        tell("looking at the unseen classes, once")
        log.close(_look(cell, start, result, features, store, executor))
    return Optimisation(
        name=short,
        path=log.path.parent,
        start=start.reference,
        result=result.reference,
        tries=tuple(log.tries),
        held_out={
            "start": float(search.first.accuracy.mean()), "result": float(search.held.accuracy.mean()),
            "gain": gain, "low": low, "high": high,
        },
        unseen=log.end,
        stopped=stopped,
        notes=tuple(_notes(features, judge)),
    )  # fmt: skip


def _called(start: Artifact) -> str:
    """Return the package's prompt set that a text is, "" if it is none."""
    made_by = start.manifest.inputs.get("prompts")
    return start.name if made_by is not None and made_by.reference == f"prompts/{start.name}" else ""


def _closed_form(name: str, switches: Mapping[str, Any]) -> Setting:
    """Return a preset of a closed form, without simulated classes, whose text could not follow the moves."""
    from skeleton.methods import preset

    own = {"auxiliary": "none"} if "auxiliary" in preset(name).switches() else {}
    (way,) = ways_to_train([name], {k: [v] for k, v in {**switches, **own}.items()})
    if way.seeded:
        raise UsageError(
            f"the preset {name!r} is trained by epochs, which is too slow for a text a try; name a closed "
            "form: ridge, best or eszsl"
        )
    return way


def _judge(cell: Cell, store: Store, visual: str | None, seed: int) -> tuple[Judge, Artifact]:
    from semtool.encoders import parse_encoder
    from skeleton.runs import load_task, resolve_inputs

    if any(part.encoder.reads == "codes" for part in parse_encoder(cell.encoder)):
        raise UsageError(
            f"{cell.encoder} reads attribute codes, which no sentence changes; name a text encoder"
        )
    ((_, embeddings),) = embed_cells([cell], store).items()
    method = cell.setting.method
    text, features, data = resolve_inputs(
        store, embeddings, None, dataset=cell.target.called, split=cell.split, visual=visual or method.visual
    )
    task = load_task(text, features, data, split=cell.split)
    return Judge(task, method, cell.encoder, store, seed), features


def _sources(
    names: Sequence[str], start: str, target: Target, store: Store, tell: Callable[[str], None]
) -> list[tuple[str, DescriptionSet]]:
    """Return the texts to try; what the data set has no facts for is left out, and said."""
    found = []
    for name in dict.fromkeys(names):
        try:
            if name != start:
                (text,) = find_texts([name], [target], store=store)
                found.append((name, DescriptionSet.read(text.descriptions[target.dataset.name].path)))
        except UsageError as error:
            if name not in SOURCES:
                raise
            tell(f"{name} is not tried: {error}")
    return found


def _write(start: Artifact, features: Artifact, search: Search, store: Store) -> Artifact:
    kept = [t for t in search.log.tries if t.kept]
    return keep(
        search.texts, f"{start.dataset}/{start.name}-optimised", store,
        inputs={"descriptions": start.as_input(), "features": features.as_input()},
        parameters={"moves": [t.move for t in kept], "text": text_digest(search.texts)},
        details={"prompts": start.name, "optimised": [t.model_dump() for t in kept]},
    )  # fmt: skip


def _look(
    cell: Cell, start: Artifact, result: Artifact, features: Artifact, store: Store, executor: Executor | None
) -> dict[str, Any]:
    """Train on all seen classes with both texts and compare them on the unseen ones."""
    found = compare(
        [result.reference, start.reference], [cell.encoder], store=store, dataset=cell.target.called,
        splits=[cell.split], presets=[cell.setting.method.preset], switches=dict(cell.setting.switches),
        visual=features.place.visual, seeds=(0,), executor=executor,
    )  # fmt: skip
    after, before = found.cells
    (difference,) = found.differences
    return {
        "start": before.accuracy.mean, "result": after.accuracy.mean, "gain": difference.mean,
        "low": difference.low, "high": difference.high, "words": difference.words, "comparison": found.name,
    }  # fmt: skip


def _notes(features: Artifact, judge: Judge) -> list[str]:
    notes = ["The gain on held-out classes is that of what was chosen there, so it is too high."]
    if features.place.visual != "kinematics":
        notes.append(
            f"The visual encoder ({features.place.visual}) was trained on the held-out classes too, which "
            "makes them easier than unseen ones; features of --visual kinematics are not trained."
        )
    if judge.task.simulated:
        notes.append("The skeletons are simulated: the numbers say nothing about people.")
    return notes
