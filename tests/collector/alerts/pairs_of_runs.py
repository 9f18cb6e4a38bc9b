"""Pairs for rules that judge each run by itself: what it did, how it ended, what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.collector.alerts.acting import Program, call, given, goes, messages, prompt, run, scored

import playhead


def repeated_call(name: str) -> None:
    run(name, lambda: [call("look", 7, "nothing") for _ in range(6)])


def polls(name: str) -> None:
    run(name, lambda: [call("look", 7, f"{percent}%") for percent in range(6)])


def alternating_calls(name: str) -> None:
    run(name, lambda: [call(tool, 7, "same") for _ in range(5) for tool in ("read", "search")])


def edits_and_tests(name: str) -> None:
    run(
        name,
        lambda: [call(tool, 7, f"{left} failed") for left in range(5) for tool in ("edit", "test")],
    )


def no_state_progress(name: str) -> None:
    run(name, lambda: [goes(to) for _ in range(5) for to in ("planning", "acting")])


def item_by_item(name: str) -> None:
    run(name, lambda: [goes(to, item=str(n)) for n in range(5) for to in ("open", "checked")])


def silent_retries(name: str) -> None:
    run(
        name,
        lambda: [prompt(messages("hi"), failed=True) for _ in range(5)] and prompt(messages("hi")),
    )


def retried_once(name: str) -> None:
    run(name, lambda: prompt(messages("hi"), failed=True) or prompt(messages("hi")))


def past_of_runaway_cost(name: str) -> None:
    for number in range(110):
        run(name, partial(given, number, lambda number: prompt(model="gpt-4o", tokens=8_000 + 100 * number)))


def runaway_cost(name: str) -> None:
    run(name, lambda: [prompt(model="gpt-4o", tokens=60_000) for _ in range(4)])


def dear_as_ever(name: str) -> None:
    run(name, lambda: prompt(model="gpt-4o", tokens=25_000))


def past_of_runaway_tokens(name: str) -> None:
    for number in range(110):
        run(name, partial(given, number, lambda number: prompt(model="of-our-own", tokens=20_000 + 100 * number)))


def runaway_tokens(name: str) -> None:
    run(name, lambda: [prompt(model="of-our-own", tokens=90_000) for _ in range(4)])


def hungry_as_ever(name: str) -> None:
    run(name, lambda: prompt(model="of-our-own", tokens=60_000))


def context_limit(name: str) -> None:
    run(name, lambda: prompt(tokens=120_000))


def room_left(name: str) -> None:
    run(name, lambda: prompt(tokens=90_000))


def instructions_dropped(name: str) -> None:
    def work() -> str:
        prompt(messages("find it", "a", "b"), gen_ai__system_instructions="Be exact.")
        prompt(messages("a", "b", "c"), gen_ai__system_instructions="Be exact.")
        return "an answer"

    run(name, work)


def hands_over(name: str) -> None:
    def work() -> str:
        prompt(messages("find it", "a", "b"), gen_ai__system_instructions="Be exact.")
        prompt(messages("go on", "a", "b"), gen_ai__system_instructions="You close cases.")
        return "an answer"

    run(name, work)


def stalled_run(name: str) -> None:
    _left_open(name, lambda: prompt(messages("hi")))


def ended(name: str) -> None:
    run(name, lambda: prompt(messages("hi")))


def approval_waiting(name: str) -> None:
    _left_open(name, lambda: _kept.append(_begun(playhead.approval("refund"))))


def answered(name: str) -> None:
    _left_open(name, _approved)


_kept: list[Any] = []


def _begun(block: Any) -> Any:
    block.__enter__()
    return block


def _left_open(name: str, work: Callable[[], Any]) -> None:
    """A run that is under way when the process is killed."""

    @playhead.agent(name=name)
    def going() -> Iterator[None]:
        work()
        yield

    _kept.append(going())
    next(_kept[-1])


def no_terminal_state(name: str) -> None:
    run(name, lambda: _machine().to("working"))


def reaches_its_end(name: str) -> None:
    def work() -> str:
        case = _machine()
        case.to("working")
        case.to("done")
        return "an answer"

    run(name, work)


def _machine() -> Any:
    return playhead.machine(
        "case", initial="new", transitions={"new": ["working"], "working": ["done"]}, terminal=["done"]
    )


def contract_violated(name: str) -> None:
    run(name, lambda: _promises("seven"))


def asks_again(name: str) -> None:
    run(name, lambda: _promises("seven") and _promises(7))


@playhead.tool(name="count")
def _promises(result: Any) -> int:
    return result  # type: ignore[no-any-return]


def empty_answer(name: str) -> None:
    run(name, answer="")


def short_answer(name: str) -> None:
    run(name, answer="0")


def unread_finish_reason(name: str) -> None:
    run(name, lambda: prompt(gen_ai__response__finish_reason="length"))


def one_word_wanted(name: str) -> None:
    run(name, lambda: prompt(gen_ai__response__finish_reason="length", gen_ai__request__max_tokens=3))


def tool_error_swallowed(name: str) -> None:
    run(name, lambda: call("look", 1, {"error": "no such order"}))


def another_way(name: str) -> None:
    run(name, lambda: call("look", fails=True) or call("look_elsewhere"))


def past_of_low_score(name: str) -> None:
    for _ in range(22):
        run(name, lambda: scored("quality", 0.9) or scored("toxicity", 0.02))


def low_score(name: str) -> None:
    run(name, lambda: scored("quality", 0.1))


def low_is_good(name: str) -> None:
    run(name, lambda: scored("quality", 0.7) or scored("toxicity", 0.0))


def past_of_unapproved_tool(name: str) -> None:
    for _ in range(22):
        run(name, lambda: _approved() or call(f"refund of {name}", side_effect=True))


def unapproved_tool(name: str) -> None:
    run(name, lambda: call(f"refund of {name}", side_effect=True))


def approved_first(name: str) -> None:
    run(
        name,
        lambda: (
            _approved() or (call(f"refund of {name}", side_effect=True) and call(f"refund of {name}", side_effect=True))
        ),
    )


def _approved() -> Any:
    with playhead.approval("refund") as ask:
        ask.approve(by="policy")


_CLAIMED: dict[str, Any] = {"playhead.run.steps": 3}


def spans_missing(name: str) -> None:
    run(name, lambda: playhead.step("claims more than there are", **_CLAIMED).end())


def whole(name: str) -> None:
    run(name, lambda: call("look"))


PAIRS: tuple[tuple[Program, Program], ...] = (
    (repeated_call, polls),
    (alternating_calls, edits_and_tests),
    (no_state_progress, item_by_item),
    (silent_retries, retried_once),
    (runaway_cost, dear_as_ever),
    (runaway_tokens, hungry_as_ever),
    (context_limit, room_left),
    (instructions_dropped, hands_over),
    (stalled_run, ended),
    (approval_waiting, answered),
    (no_terminal_state, reaches_its_end),
    (contract_violated, asks_again),
    (empty_answer, short_answer),
    (unread_finish_reason, one_word_wanted),
    (tool_error_swallowed, another_way),
    (low_score, low_is_good),
    (unapproved_tool, approved_first),
    (spans_missing, whole),
)
"""Each rule has the name of the first."""

PAST: tuple[Program, ...] = (
    past_of_runaway_cost,
    past_of_runaway_tokens,
    past_of_low_score,
    past_of_unapproved_tool,
)
