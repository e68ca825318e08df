"""The options of commands that ask a model, and what is printed of a model's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from semtool.cli import console
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.generation import Agreement, GenerationResult, LlmRecord, Plan

__all__ = [
    "AllowMissing",
    "BaseUrl",
    "Classes",
    "Concurrency",
    "Limit",
    "MaxTokens",
    "Model",
    "PriceOption",
    "Resamples",
    "Seed",
    "Temperature",
    "Timeout",
    "Variants",
    "plan_cost",
    "read_price",
    "show_answers",
    "show_plan",
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
Timeout = Annotated[
    float, _option("--timeout", min=0.1, help="Seconds from a request to the end of its answer.")
]
Limit = Annotated[int | None, _option("--limit", min=0, help="Send at most so many requests.")]
Classes = Annotated[
    str, _option("--classes", help="Only these: ids, codes or names, with commas.", show_default="all")
]
PriceOption = Annotated[
    str | None,
    _option(
        "--price", metavar="IN/OUT", help="What a million tokens costs you; --dry-run then names a cost."
    ),
]
Resamples = Annotated[
    int | None,
    _option("--resamples", min=2, help="Draw the text so often, as sets NAME-r1, -r2 ...; see compare."),
]
AllowMissing = Annotated[bool, _option("--allow-missing", help="Write the set without what did not come.")]


def read_price(text: str | None) -> tuple[float, float] | None:
    """Return the prices of a million tokens that ``IN/OUT`` names."""
    if text is None:
        return None
    try:
        prices = tuple(float(part) for part in text.split("/"))
    except ValueError:
        prices = ()
    if len(prices) != 2 or not all(0 <= price < float("inf") for price in prices):
        raise UsageError(
            f"the price {text!r} must have the form IN/OUT, for a million tokens each: 0.15/0.60"
        )
    return prices[0], prices[1]


def plan_cost(plan: Plan, price: tuple[float, float] | None) -> str:
    """Return what the calls of a plan cost, in words."""
    return f"about {plan.cost(*price):.4f} (your price)" if price else "no price given (--price IN/OUT)"


def show_plan(result: GenerationResult, plan: Plan, price: tuple[float, float] | None) -> None:
    """Print what would be asked."""
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {plan.texts} answers about {result.classes} "
        f"classes, {plan.there} are there already"
    )
    rows = [
        ("calls", f"{plan.calls}"),
        ("tokens in, about", f"{plan.tokens_in}"),
        ("tokens out, about", f"{plan.tokens_out}"),
        ("cost", plan_cost(plan, price)),
    ]
    console.table("", ("to do", ""), rows)
    console.say("Dry run, nothing asked or written.")


def show_answers(result: GenerationResult, record: LlmRecord) -> None:
    """Print what became of the requests."""
    from semtool.generation import Outcome

    reasons = result.reasons or {}
    rows = [
        (name, count, reasons.get(name) or Outcome(name).meaning)
        for name, count in sorted(record.outcomes.items(), key=lambda item: -item[1])
    ]
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {result.asked} requests, "
        f"{record.tokens['in']} tokens in and {record.tokens['out']} out in all answers used"
    )
    console.table("", ("outcome", "answers", "meaning"), rows)
    for name, count in record.dropped.items():
        console.note(f"note: {count} answers were asked without {name}, which the server does not take")
    for gap in record.missing[:20]:
        place = f"{gap.class_name}, {gap.granularity}, variant {gap.variant}"
        console.note(f"missing: {place}: {gap.outcome}")
    if len(record.missing) > 20:
        console.note(f"missing: {len(record.missing) - 20} more (--json lists all)")
    if record.shared_texts:
        console.note(f"note: {record.shared_texts} texts are the same for several classes")
    if record.agreement:
        _show_agreement(record.agreement)


def _show_agreement(agreement: Agreement) -> None:
    rows = [(name, f"{share:.2f}") for name, share in sorted(agreement.fields.items(), key=lambda i: i[1])]
    console.table("agreement between fillings, lowest first", ("field", "pairs that agree"), rows)
    console.say(f"Mean agreement {agreement.mean:.2f}; fillings drawn by chance: {agreement.chance:.2f}.")
