"""Plans, prices and limits."""

from __future__ import annotations

import pytest

from semtool.errors import SemtoolError, UsageError
from semtool.generation.llm import Price, parse_price
from semtool.generation.llm.costs import known_price, text_tokens

from .conftest import completion, prompt_set

DEAR = Price(1_000_000.0, 1_000_000.0)
"""A dollar a token: the scripted server reports 18 tokens for an answer."""


def test_listed_price_with_and_without_date_and_provider():
    assert known_price("gpt-4o-mini") == known_price("openai/gpt-4o-mini-2024-07-18")
    assert known_price("gpt-4o-mini").as_of
    assert known_price("gemma-3-270m") is None


def test_cost():
    price = Price(2.0, 8.0, batch_discount=0.5)
    assert price.cost(1_000_000, 500_000) == pytest.approx(6.0)
    assert price.cost(1_000_000, 500_000, batch=True) == pytest.approx(3.0)


@pytest.mark.parametrize("text", ["1", "1/2/3", "a/b", "-1/2", "nan/1", "1/inf"])
def test_price_must_be_two_numbers(text):
    with pytest.raises(UsageError):
        parse_price(text)


def test_parsed_price():
    assert parse_price("0.15/0.60") == Price(0.15, 0.60)


def test_tokens_grow_with_the_text():
    assert text_tokens("word " * 400) == 500


def test_dry_run_asks_nothing_and_writes_nothing(ask, server, store):
    plan = ask(prompt_set(**{"global": {"variants": 4}}), dry_run=True, price=Price(1.0, 2.0)).details["plan"]
    assert (plan["texts"], plan["there"], plan["calls"]) == (12, 0, 12)
    assert plan["cost_usd"] == pytest.approx((plan["tokens_in"] + 2 * plan["tokens_out"]) / 1e6)
    assert server.seen == []
    assert not store.root.exists()


def test_dry_run_counts_what_is_there(ask, server):
    ask(classes=("hop",))
    assert ask(dry_run=True).details["plan"] | {"tokens_in": 0, "tokens_out": 0} == {
        "texts": 3,
        "there": 1,
        "calls": 2,
        "tokens_in": 0,
        "tokens_out": 0,
        "cost_usd": None,
        "price_as_of": "",
    }


def test_plan_is_what_the_run_does(ask, server):
    planned = ask(prompt_set(**{"global": {"variants": 2}, "motion": {"ask": "Its path."}}), dry_run=True)
    ask(prompt_set(**{"global": {"variants": 2}, "motion": {"ask": "Its path."}}))
    assert len(server.seen) == planned.details["plan"]["calls"] == 9


def test_limit(ask, server):
    result = ask(limit=2)
    assert len(server.seen) == 2
    assert result.artifact is None
    assert result.details["llm"]["outcomes"] == {"ok": 2, "not-asked": 1}
    assert ask(limit=2).artifact is not None
    assert len(server.seen) == 3


def test_limit_counts_questions_asked_again(ask, server):
    server.script = [completion("nothing")] * 2
    result = ask(limit=2)
    assert len(server.seen) == 2
    assert result.details["llm"]["outcomes"] == {"not-asked": 3}


def test_too_dear_is_refused_before_the_first_call(ask, server):
    with pytest.raises(SemtoolError, match="--max-cost"):
        ask(price=DEAR, max_cost=10.0)
    assert server.seen == []


def test_spending_stops_at_the_limit(ask, server):
    """The plan fits, but answers asked again do not: what would go over is not asked."""
    price = Price(1_000_000.0, 0.0)
    planned = ask(dry_run=True, price=price).details["plan"]["cost_usd"]
    server.script = [completion("nothing", usage=(int(planned), 1))]
    result = ask(price=price, max_cost=planned + 1)
    assert len(server.seen) == 1
    assert result.details["llm"]["outcomes"] == {"not-asked": 3}


def test_max_cost_needs_a_price(ask):
    with pytest.raises(UsageError, match="no price is known"):
        ask(max_cost=1.0)


def test_cost_is_recorded(ask):
    record = ask(price=Price(1.0, 2.0)).details["llm"]
    assert record["cost_usd"] == pytest.approx((33 + 2 * 21) / 1e6)
