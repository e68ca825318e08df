"""A process that works for another: each task gets its own answers, and how it ended is told."""

import importlib

import pytest

from skeleton.process import ProcessDied, WorkProcess


@pytest.fixture
def process(work):
    process = WorkProcess(importlib.import_module("some_work").answer)
    yield process
    process.close()


def answers(what):
    return [(what, i) for i in range(3)]


def test_answers_that_nobody_took_are_not_those_of_the_next_task(process):
    asked = process.ask("first")
    assert next(asked) == ("first", 0)
    asked.close()
    assert list(process.ask("second")) == answers("second")


def test_whoever_reads_from_the_user_gets_no_tasks(process):
    assert list(process.ask("stdin")) == [*answers("stdin"), ""]
    assert list(process.ask("next")) == answers("next")


def test_how_it_ended_is_told_and_the_next_task_has_a_new_one(process):
    with pytest.raises(ProcessDied, match=r"^exit 3$"):
        list(process.ask("leave"))
    assert list(process.ask("next")) == answers("next")
    process.close()
    with pytest.raises(ProcessDied, match="closed"):
        next(process.ask("late"))
