"""Plans and limits."""

from __future__ import annotations

import pytest

from semtool.errors import UsageError
from semtool.generation.llm import Plan

from .conftest import completion, prompt_set


def test_the_cost_is_the_users_own_price_times_the_tokens():
    assert Plan(1, 0, 1, 1_000_000, 500_000).cost(2.0, 8.0) == pytest.approx(6.0)


@pytest.mark.parametrize("text", ["1", "1/2/3", "a/b", "-1/2", "nan/1", "1/inf", ""])
def test_a_price_must_be_two_numbers(text):
    from semtool.cli.asking import read_price

    with pytest.raises(UsageError, match="IN/OUT"):
        read_price(text)
    assert read_price("0.15/0.60") == (0.15, 0.60)


def test_dry_run_asks_nothing_and_writes_nothing(ask, server, store):
    plan = ask(prompt_set(**{"global": {"variants": 4}}), dry_run=True).plan
    assert (plan.texts, plan.there, plan.calls) == (12, 0, 12)
    assert plan.tokens_in > 12
    assert server.seen == []
    assert not store.root.exists()


def test_dry_run_counts_what_is_there(ask, server):
    ask(classes=("hop",))
    plan = ask(dry_run=True).plan
    assert (plan.texts, plan.there, plan.calls) == (3, 1, 2)


def test_plan_is_what_the_run_does(ask, server):
    planned = ask(prompt_set(**{"global": {"variants": 2}, "motion": {"ask": "Its path."}}), dry_run=True)
    ask(prompt_set(**{"global": {"variants": 2}, "motion": {"ask": "Its path."}}))
    assert len(server.seen) == planned.plan.calls == 9


def test_limit(ask, server):
    result = ask(limit=2)
    assert len(server.seen) == 2
    assert result.artifact is None
    assert result.llm.outcomes == {"ok": 2, "not-asked": 1}
    assert ask(limit=2).artifact is not None
    assert len(server.seen) == 3


def test_limit_counts_questions_asked_again(ask, server):
    server.script = [completion("nothing")] * 2
    result = ask(limit=2)
    assert len(server.seen) == 2
    assert result.llm.outcomes == {"not-asked": 3}
