"""``semtool generate``: write the descriptions of a data set's classes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli import asking, console
from semtool.cli.console import option
from semtool.cli.options import DataFile, SayOnly, grouped, words
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.generation import GenerationResult

__all__ = ["generate"]


@console.app.command()
@grouped
def generate(
    model: asking.Asking,
    dataset: DataFile,
    prompts: Annotated[
        str | None,
        option(
            "Prompt set, or the path of your own folder.",
            "--prompts",
            "-p",
            unset="multi; with --llm llm-multi",
        ),
    ] = None,
    dry_run: SayOnly = False,
    overwrite: Annotated[
        str, option("If it is there: never (keep it), only-missing (make what changed), always (make all).")
    ] = "only-missing",
    limit: Annotated[int | None, asking.option("Send at most so many requests.", min=0)] = None,
    classes: Annotated[
        str | None, asking.option("Only these: ids, codes or names, with commas.", unset="all")
    ] = None,
    price: Annotated[
        str | None,
        asking.option("What a million tokens costs you; --dry-run then names a cost.", metavar="IN/OUT"),
    ] = None,
    allow_missing: Annotated[
        bool, asking.option("Write the set without what did not come.", "--allow-missing")
    ] = False,
    resamples: Annotated[
        int | None, asking.option("Draw the text so often, as sets NAME-r1, -r2 ...; see compare.", min=2)
    ] = None,
    root: console.Root = None,
    json: console.Json = False,
) -> None:
    """Write the descriptions of every class of a data set.

    The same data set and prompt set give the same version back; a changed one gives the next version.

    With --llm a model is asked. Every answer is kept; the same command again asks only for what is missing.
    The key comes from OPENAI_API_KEY, in the environment or in .env.

    Example: semtool generate --dataset ntu60 --prompts parts-phases

    Example: semtool generate --dataset ntu60 --prompts llm-global --llm gpt-4o-mini --resamples 5
    """
    from semtool import generation

    prices = asking.read_price(price)
    options = model.options(classes=words(classes) or (), limit=limit, allow_missing=allow_missing)
    with console.progress("asking" if options else "rendering") as progress:
        common: dict[str, Any] = {
            "llm": options,
            "store": console.store(root),
            "overwrite": overwrite,
            "dry_run": dry_run,
            "progress": progress,
        }
        if resamples is None:
            results = [generation.generate(dataset, prompts, **common)]
        else:
            results = generation.resample(dataset, prompts, draws=resamples, **common)
    if json:
        plain = [_plain(result, prices, dry_run=dry_run) for result in results]
        console.json_object(plain[0] if resamples is None else {"resamples": plain})
    for result in () if json else results:
        if result.plan:
            asking.show_plan(result, result.plan, prices)
        else:
            _show(result)
    if any(result.artifact is None for result in results) and not dry_run:
        failed = sum(result.failed for result in results)
        raise SemtoolError(
            f"{failed} texts are missing, so nothing was written; run the same command again to ask for "
            "them, or add --allow-missing to write the set without them"
        )


_COUNTED = ("dataset", "prompts", "created", "classes", "counts", "new", "reused", "failed")


def _plain(result: GenerationResult, prices: tuple[float, float] | None, *, dry_run: bool) -> dict[str, Any]:
    """Return the result for ``--json``."""
    plain: dict[str, Any] = {
        **{key: getattr(result, key) for key in _COUNTED},
        "reference": result.artifact.reference if result.artifact else None,
        "path": str(result.artifact.path) if result.artifact else None,
        "dry_run": dry_run,
        "descriptions": sum(result.counts.values()),
    }
    if result.plan:
        plain |= asdict(result.plan) | {"cost": result.plan.cost(*prices) if prices else None}
    if result.llm:
        llm = result.llm.model_dump(mode="json", exclude_none=True)
        plain |= {"llm": llm, "asked": result.asked, "reasons": result.reasons}
    return plain


def _show(result: GenerationResult) -> None:
    texts = sum(result.counts.values())
    if result.llm:
        asking.show_answers(result, result.llm)
        if result.artifact is None:
            return
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {texts} texts about {result.classes} classes"
    )
    rows = [(name, n, f"{n / result.classes:.1f}") for name, n in result.counts.items()]
    console.table("", ("granularity", "texts", "a class"), rows)
    if result.artifact is None:
        console.say(
            f"Dry run, nothing written: {result.new} texts would be new, {result.reused} are there already."
        )
    elif not result.created:
        console.say(
            f"{result.artifact.reference} is up to date: {result.reused} texts reused, nothing to do."
        )
    else:
        console.say(f"{result.artifact.reference} written: {result.new} new, {result.reused} reused.")
        console.note(
            f"next: semtool embed --encoder {result.encoder} --descriptions {result.artifact.reference}"
        )
