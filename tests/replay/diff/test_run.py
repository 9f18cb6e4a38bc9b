"""Two stored runs: what counts as a difference between them, where they part, and what only looks like one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from tests.collector.database import StoreDatabase
from tests.replay.diff.told import Shelf, Told

from playhead_replay.diff.run import Pair, RunDiff, diff_runs
from playhead_replay.diff.structure import ABSENT, Difference

ORDER = {"order_id": "A-1", "cents": 4900}


def a_refund(**changed: object) -> Told:
    """Asks, looks the order up, refunds, answers."""
    told = Told(version=str(changed.get("version", "1.4.1")), asked="I want my money back for A-1.")
    system = f"Refund within {changed.get('days', 30)} days."
    told.prompt(("system", system), ("user", "I want my money back for A-1."), calls=[("get_order", {"id": "A-1"})])
    told.tool("get_order", {"id": "A-1"}, changed.get("order", ORDER))
    told.prompt(calls=[("refund", ORDER)], model=str(changed.get("model", "gpt-5")))
    told.tool("refund", ORDER, {"refund_id": changed.get("refund", "R-1")})
    told.state("case", str(changed.get("state", "done")))
    told.prompt(answer="It is done.")
    return told


def slow() -> Told:
    told = a_refund()
    for span in told.spans:
        span.end_time_unix_nano += 5_000_000
    return told


def works(audited: bool) -> Told:
    told = Told()
    for place in range(6):
        if audited and place == 3:
            told.tool("audit", {"place": place}, "ok")
        told.tool("work", {"place": place}, "ok")
    return told


def loop(rounds: int) -> Told:
    told = Told()
    for _ in range(rounds):
        told.tool("refund", ORDER, "pending")
    told.state("case", "done")
    return told


def crowd(seed: int, lanes: bool, result_of_5: str = "done 5") -> Told:
    """Eight workers at once, each with a tool that calls another; who is when is up to the seed."""
    told = Told()
    order = list(range(8))
    random.Random(seed).shuffle(order)
    for place, worker in enumerate(order):
        lane = f"0/{worker + 1}" if lanes else ""
        result = result_of_5 if worker == 5 else f"done {worker}"
        above = told.tool("work", {"worker": worker}, result, at=1 + place, ms=50, lane=lane)
        told.tool("fetch", {"page": worker}, "text", at=2 + place, ms=5, parent=above, lane=lane)
    told.at = 100
    told.tool("gather", {}, "all")
    return told


def interleaved(order: str) -> Told:
    """Two workers below one agent, without lanes: only that they overlap tells that they are two."""
    told = Told()
    done = {"x": 0, "y": 0}
    for place, worker in enumerate(order):
        told.tool("page", {"of": worker, "number": done[worker]}, "text", at=1 + place * 4, ms=7)
        done[worker] += 1
    return told


def nested(answer: str) -> Told:
    told = Told()
    above = told.tool("outer", {}, answer, ms=30, at=1)
    told.tool("inner", {}, answer, at=2, parent=above)
    return told


def context(forgets: int | None = None) -> Told:
    told = Told()
    told.prompt(("system", "Never promise a date."), ("user", "When?"), answer="I ask.")
    told.tool("track", {}, "on its way")
    if forgets is not None:
        del told.context[forgets]
    told.prompt(answer="Soon.")
    return told


def short(**prompt: Any) -> Told:
    told = Told()
    told.prompt(("user", "When?"), answer="Soon.", **prompt)
    return told


def wrapped(inside: bool) -> Told:
    told = Told()
    parent = told.step("workflow", at=1, ms=500) if inside else told.root
    for place in range(4):
        told.tool("work", {"place": place}, "ok", parent=parent)
    return told


def ends(is_open: bool) -> Told:
    told = Told()
    told.tool("work", {}, None if is_open else "ok", is_open=is_open)
    return told


PAIRS = {
    "slower": (a_refund(), slow()),
    "other refund and rules": (a_refund(), a_refund(refund="R-2", days=14)),
    "days": (a_refund(), a_refund(days=14)),
    "order": (a_refund(), a_refund(order={"order_id": "A-1", "cents": 5000})),
    "model": (a_refund(), a_refund(model="gpt-5-mini")),
    "refund": (a_refund(), a_refund(refund="R-2")),
    "state": (a_refund(), a_refund(state="failed")),
    "audited": (works(False), works(True)),
    "loop": (loop(2), loop(5)),
    "lanes": (crowd(1, True), crowd(2, True)),
    "no lanes": (crowd(1, False), crowd(2, False)),
    "one fails": (crowd(1, False), crowd(2, False, "failed")),
    "interleaved": (interleaved("xyxyxy"), interleaved("xxyyyx")),
    "nested": (nested("yes"), nested("no")),
    "context": (context(), context(0)),
    "forgotten": (context(), context(1)),
    "not captured": (short(), short(captured=False)),
    "no tokens": (short(), short(tokens=None)),
    "wrapped": (wrapped(False), wrapped(True)),
    "open": (ends(False), ends(True)),
}


@pytest.fixture(scope="module")
def shelf(runs: StoreDatabase) -> Iterator[Shelf]:
    yield Shelf(runs, chain(*PAIRS.values()))


def names(diff: RunDiff, verdict: str) -> list[str]:
    return [pair.content.step.tool or pair.content.step.name for pair in diff.pairs if pair.verdict == verdict]


def first(diff: RunDiff) -> Pair:
    assert diff.first is not None
    return diff.pairs[diff.first.place]


def what(pair: Pair) -> list[str]:
    return [change.what for change in (*pair.asked, *pair.answered) if not change.handed_on]


def test_a_run_is_equal_to_another_that_took_longer(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["slower"])
    assert diff.equal
    assert diff.first is None
    assert next(figure.delta for figure in diff.figures if figure.name == "time") == pytest.approx(0.005)


@pytest.mark.parametrize("name", ["one fails", "lanes", "interleaved", "nested", "wrapped", "open"])
def test_any_run_is_equal_to_itself_and_the_same_turned_around(shelf: Shelf, name: str) -> None:
    a, b = map(shelf.read, PAIRS[name])
    assert diff_runs(a, a).equal
    assert diff_runs(b, b).equal
    there, back = diff_runs(a, b), diff_runs(b, a)
    partners = {(pair.number_a, pair.number_b) for pair in there.pairs}
    assert partners == {(pair.number_b, pair.number_a) for pair in back.pairs}


@pytest.mark.parametrize(
    ("name", "step", "differs"),
    [
        ("days", "chat gpt-5", ["system"]),
        ("order", "get_order", ["result"]),
        ("model", "chat gpt-5-mini", ["model"]),
        ("refund", "refund", ["result"]),
        ("state", "case: failed", ["state"]),
    ],
)
def test_the_first_divergence_is_where_something_changed(
    shelf: Shelf, name: str, step: str, differs: list[str]
) -> None:
    pair = first(shelf.compared(PAIRS[name]))
    assert (pair.content.step.tool or pair.content.step.name, what(pair)) == (step, differs)


def test_a_difference_that_later_prompts_carry_along_is_told_once(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["other refund and rules"])
    assert [pair.number_b for pair in diff.pairs if pair.verdict == "changed"] == [2, 5]
    assert names(diff, "handed on") == ["chat gpt-5", "chat gpt-5"]


def test_a_step_put_in_moves_no_other(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["audited"])
    assert names(diff, "only b") == ["audit"]
    assert len(names(diff, "equal")) == 7


def test_more_rounds_of_a_loop_are_the_last_ones(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["loop"])
    assert [pair.verdict for pair in diff.pairs] == ["equal"] * 3 + ["only b"] * 3 + ["equal"]


@pytest.mark.parametrize("name", ["lanes", "no lanes", "interleaved"])
def test_workers_that_are_quicker_in_one_run_are_no_difference(shelf: Shelf, name: str) -> None:
    diff = shelf.compared(PAIRS[name])
    assert diff.equal, [pair.verdict for pair in diff.pairs]


def test_of_workers_in_another_order_the_one_that_did_something_else_is_found(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["one fails"])
    assert [(pair.verdict, what(pair)) for pair in diff.pairs if pair.verdict != "equal"] == [("changed", ["result"])]


def test_what_came_of_a_step_counts_after_all_below_it(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["nested"])
    assert (first(diff).content.step.tool, what(first(diff))) == ("inner", ["result"])
    assert names(diff, "handed on") == ["outer"]


def test_a_message_dropped_from_the_context_is_told(shelf: Shelf) -> None:
    (change,) = first(shelf.compared(PAIRS["forgotten"])).asked
    assert (change.what, change.role, change.differences) == ("message 1", "user", (Difference("", "When?", ABSENT),))


def test_a_system_prompt_dropped_from_the_context_is_told(shelf: Shelf) -> None:
    (change,) = first(shelf.compared(PAIRS["context"])).asked
    assert (change.what, change.differences) == ("system", (Difference("", "Never promise a date.", ABSENT),))


def test_what_was_not_captured_is_unknown_and_no_difference(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["not captured"])
    assert diff.not_captured == (0, 1)
    assert diff.equal


def test_unknown_tokens_are_unknown_and_never_zero(shelf: Shelf) -> None:
    figures = {figure.name: figure for figure in shelf.compared(PAIRS["no tokens"]).figures}
    assert (figures["input tokens"].a, figures["input tokens"].b, figures["input tokens"].delta) == (100, None, None)


def test_a_wrapper_around_all_steps_leaves_them_their_partners(shelf: Shelf) -> None:
    diff = shelf.compared(PAIRS["wrapped"])
    assert names(diff, "only b") == ["workflow"]
    assert not names(diff, "only a")


def test_an_open_step_and_its_end_differ(shelf: Shelf) -> None:
    assert what(first(shelf.compared(PAIRS["open"]))) == ["status", "result"]
