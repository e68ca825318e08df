"""The options of commands that ask a model, and what is printed of a model's answers."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

from semtool.cli import console
from semtool.errors import UsageError

if TYPE_CHECKING:
    from semtool.generation import Agreement, GenerationResult, LlmOptions, LlmRecord, Plan

__all__ = ["Asking", "Filling", "option", "read_price", "show_answers", "show_plan"]

option = functools.partial(console.option, rich_help_panel="With a language model")
"""An option that stands with those of a language model."""


@dataclass(frozen=True)
class Filling:
    """Which model fills a form in, and how often."""

    llm: Annotated[str | None, option("Model that answers the prompt set.", metavar="MODEL")] = None
    base_url: Annotated[
        str | None, option("Any OpenAI-compatible server.", unset="$OPENAI_BASE_URL, else OpenAI")
    ] = None
    variants: Annotated[
        int | None, option("Texts a class.", min=1, max=100, unset="as the prompt set says")
    ] = None

    def options(self, **more: Any) -> LlmOptions | None:
        """Return how the model is asked, with ``more`` of its options; None without a model."""
        from semtool.generation import LlmOptions

        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "llm"}
        return LlmOptions(model=self.llm, **given, **more) if self.llm else None


@dataclass(frozen=True)
class Asking(Filling):
    """Which model is asked, and how."""

    temperature: Annotated[float | None, option("Of the answers.", min=0.0, max=2.0, unset="0.7")] = 0.7
    seed: Annotated[int, option("Of the first variant; another one gives other answers.", min=0)] = 0
    max_tokens: Annotated[int | None, option("Limit of one answer.", min=1, unset="from the prompt set")] = (
        None
    )
    concurrency: Annotated[int, option("Requests at once.", min=1, max=512)] = 8
    timeout: Annotated[float, option("Seconds from a request to the end of its answer.", min=0.1)] = 120.0


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


def show_plan(result: GenerationResult, plan: Plan, price: tuple[float, float] | None) -> None:
    """Print what would be asked."""
    console.say(
        f"{result.dataset}, prompt set {result.prompts}: {plan.texts} answers about {result.classes} "
        f"classes, {plan.there} are there already"
    )
    cost = f"about {plan.cost(*price):.4f} (your price)" if price else "no price given (--price IN/OUT)"
    tokens = ("tokens in, about", plan.tokens_in), ("tokens out, about", plan.tokens_out)
    rows = [("calls", plan.calls), *tokens, ("cost", cost)]
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
