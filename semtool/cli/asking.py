"""The part of ``semtool generate`` that asks a model: its options, and what is printed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.errors import SemtoolError

if TYPE_CHECKING:
    from semtool.generation import GenerationResult

__all__ = [
    "AllowMissing",
    "BaseUrl",
    "Batch",
    "Classes",
    "Concurrency",
    "Limit",
    "MaxCost",
    "MaxTokens",
    "Model",
    "PriceOption",
    "Seed",
    "Temperature",
    "Timeout",
    "Variants",
    "show",
]

_PANEL = "With a language model"


def _option(*names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=_PANEL, **more)


Model = Annotated[str | None, _option("--llm", metavar="MODEL", help="Model that answers the prompt set.")]
BaseUrl = Annotated[
    str | None,
    _option("--base-url", help="Any OpenAI-compatible server.", show_default="$OPENAI_BASE_URL, else OpenAI"),
]
Variants = Annotated[
    int | None,
    _option("--variants", min=1, max=100, help="Texts a class.", show_default="as the prompt set says"),
]
Temperature = Annotated[
    float | None, _option("--temperature", min=0.0, max=2.0, help="Of the answers.", show_default="0.7")
]
Seed = Annotated[int, _option("--seed", min=0, help="Of the first variant; another one gives other answers.")]
MaxTokens = Annotated[
    int | None,
    _option("--max-tokens", min=1, help="Limit of one answer.", show_default="from the prompt set"),
]
Concurrency = Annotated[int, _option("--concurrency", min=1, max=512, help="Requests under way at once.")]
Timeout = Annotated[float, _option("--timeout", min=0.1, help="Seconds that one try may take.")]
Limit = Annotated[int | None, _option("--limit", min=0, help="Send at most so many requests.")]
Classes = Annotated[
    str, _option("--classes", help="Only these: ids, codes or names, with commas.", show_default="all")
]
MaxCost = Annotated[float | None, _option("--max-cost", min=0.0, help="Spend at most so many US dollars.")]
PriceOption = Annotated[
    str | None,
    _option("--price", metavar="IN/OUT", help="Dollars per million tokens, where no price is known."),
]
AllowMissing = Annotated[bool, _option("--allow-missing", help="Write the set without what did not come.")]
Batch = Annotated[bool, _option("--batch", help="Use the provider's batch interface and wait for it.")]


def show(result: GenerationResult, *, json: bool) -> None:
    """Print what was planned or what came, and fail if texts are missing and nothing could be written."""
    if plan := result.details.get("plan"):
        if json:
            console.json_object(
                {"dataset": result.dataset, "prompts": result.prompts, "dry_run": True} | plan
            )
        else:
            _show_plan(result, plan)
        return
    if json:
        console.json_object(
            {
                "dataset": result.dataset,
                "prompts": result.prompts,
                "reference": result.artifact.reference if result.artifact else None,
                "path": str(result.artifact.path) if result.artifact else None,
                "dry_run": False,
                "made": result.made,
                "classes": result.classes,
                "descriptions": sum(result.counts.values()),
                "counts": result.counts,
                "new": result.new,
                "reused": result.reused,
                "failed": result.failed,
            }
            | result.details
        )
    else:
        _show_outcomes(result)
    if result.artifact is None:
        raise SemtoolError(
            f"{result.failed} texts are missing, so nothing was written; run the same command again to ask "
            "for them, or add --allow-missing to write the set without them"
        )


def _show_plan(result: GenerationResult, plan: dict[str, Any]) -> None:
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {plan['texts']} answers about {result.classes} "
        f"classes, {plan['there']} are there already"
    )
    cost = "no price known (--price IN/OUT)"
    if plan["cost_usd"] is not None:
        dated = f"prices of {plan['price_as_of']}" if plan["price_as_of"] else "your price"
        cost = f"about ${plan['cost_usd']:.4f} ({dated})"
    rows = [
        ("calls", f"{plan['calls']}"),
        ("tokens in, about", f"{plan['tokens_in']}"),
        ("tokens out, about", f"{plan['tokens_out']}"),
        ("cost", cost),
    ]
    console.table("", ("to do", ""), rows)
    console.say("Dry run, nothing asked or written.")


def _show_outcomes(result: GenerationResult) -> None:
    from semtool.generation.llm import MEANING, Outcome

    record, why = result.details["llm"], result.details["why"]
    rows = [
        (name, count, why.get(name) or MEANING[Outcome(name)])
        for name, count in sorted(record.get("outcomes", {}).items(), key=lambda item: -item[1])
    ]
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {result.details['asked']} requests, "
        f"{record['tokens']['in']} tokens in and {record['tokens']['out']} out in all answers used"
        + ("" if record["cost_usd"] is None else f", about ${record['cost_usd']:.4f}")
    )
    console.table("", ("outcome", "answers", "meaning"), rows)
    for gap in record["missing"][:20]:
        place = f"{gap['class_name']}, {gap['granularity']}, variant {gap['variant']}"
        console.note(f"missing: {place}: {gap['outcome']}")
    if len(record["missing"]) > 20:
        console.note(f"missing: {len(record['missing']) - 20} more (--json lists all)")
    if record["shared_texts"]:
        console.note(f"note: {record['shared_texts']} texts are the same for several classes")
    if agreement := record.get("agreement"):
        _show_agreement(agreement)
    if result.artifact is None:
        return
    texts = sum(result.counts.values())
    done = "written" if result.made else "is up to date"
    console.say(
        f"{result.artifact.reference} {done}: {texts} texts about {result.classes} classes, "
        f"{result.new} new, {result.reused} reused."
    )
    console.note(f"next: semtool embed --encoder minilm --descriptions {result.artifact.reference}")


def _show_agreement(agreement: dict[str, Any]) -> None:
    rows = [(name, f"{share:.2f}") for name, share in sorted(agreement["fields"].items(), key=lambda i: i[1])]
    console.table("agreement between fillings, lowest first", ("field", "pairs that agree"), rows)
    console.say(
        f"Mean agreement {agreement['mean']:.2f}; fillings drawn by chance: {agreement['chance']:.2f}."
    )
