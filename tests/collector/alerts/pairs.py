"""For each shipped rule two small agents under the SDK: one that it is for, and one that only nearly has its failure.

`python -m tests.collector.alerts.pairs ENDPOINT JOURNAL PHASE [RULE …]`: first the phase `past`, so that rules which
hold an agent against its past have one, then `now`. Agents and tools are named after their rule, and end in `-fires`
or `-misses`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import playhead

Program = Callable[[str], None]


def run(name: str, work: Callable[[], Any] = lambda: None, *, answer: str = "an answer", version: str = "1") -> None:
    """One run of an agent. A failure is a run's own affair."""

    @playhead.agent(name=name, version=version)
    def agent() -> str:
        work()
        return answer

    with suppress(RuntimeError):
        agent()


def scored(name: str, value: float) -> Any:
    playhead.score(name, value)


def goes(to: str, **details: Any) -> Any:
    playhead.state(to, **details)


def waits(seconds: float) -> Any:
    time.sleep(seconds)


def _works() -> None:
    """Nothing to do."""


def _given(number: int, work: Callable[[int], Any]) -> Any:
    return work(number)


def prompt(
    said: str = "", *, tokens: int = 100, model: str = "gpt-4o-mini", failed: bool = False, **attributes: Any
) -> Any:
    given = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model,
        **{key.replace("__", "."): value for key, value in attributes.items()},
    }  # fmt: skip
    if said:
        given["gen_ai.input.messages"] = said
    try:
        with playhead.step(f"chat {model}", kind="prompt", **given) as step:
            if failed:
                raise RuntimeError("429: too many requests")
            step.set("gen_ai.response.model", model)
            step.set("gen_ai.usage.input_tokens", tokens)
            step.set("gen_ai.usage.output_tokens", 10)
    except RuntimeError:
        pass


def call(tool: str, argument: Any = 1, result: Any = "done", *, fails: bool = False, **how: Any) -> Any:
    @playhead.tool(name=tool, **how)
    def body(argument: Any) -> Any:
        if fails:
            raise RuntimeError("no answer")
        return result

    try:
        return body(argument)
    except RuntimeError:
        return None


def messages(*texts: str) -> str:
    said = [f'{{"role":"user","parts":[{{"type":"text","content":"{text}"}}]}}' for text in texts]
    return f"[{','.join(said)}]"


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
        run(name, partial(_given, number, lambda number: prompt(model="gpt-4o", tokens=8_000 + 100 * number)))


def runaway_cost(name: str) -> None:
    run(name, lambda: [prompt(model="gpt-4o", tokens=60_000) for _ in range(4)])


def dear_as_ever(name: str) -> None:
    run(name, lambda: prompt(model="gpt-4o", tokens=25_000))


def past_of_runaway_tokens(name: str) -> None:
    for number in range(110):
        run(name, partial(_given, number, lambda number: prompt(model="of-our-own", tokens=20_000 + 100 * number)))


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


def past_of_tool_failures(name: str) -> None:
    for number in range(60):
        run(name, partial(call, name, number))


def tool_failures(name: str) -> None:
    for number in range(20):
        run(name, partial(call, name, number, fails=number % 2 == 0))


def fails_again_and_again(name: str) -> None:
    """In one run."""
    run(name, lambda: [call(name, number, fails=True) for number in range(20)])
    for number in range(19):
        run(name, partial(call, name, number))


def past_of_agent_errors(name: str) -> None:
    for _ in range(60):
        run(name)


def agent_errors(name: str) -> None:
    for number in range(20):
        run(name, _fails if number % 2 else _works)


def fails_rarely(name: str) -> None:
    for number in range(20):
        run(name, _fails if number == 0 else _works)


def _fails() -> None:
    raise RuntimeError("failed")


def past_of_agent_cost(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: prompt(tokens=1000 + number, model="gpt-4o")))


def agent_cost(name: str) -> None:
    for number in range(20):
        run(name, partial(_given, number, lambda number: prompt(tokens=9000 + number, model="gpt-4o")))


def busier(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: prompt(tokens=1010 + number, model="gpt-4o")))


def past_of_new_version(name: str) -> None:
    for _ in range(60):
        run(name)


def new_version(name: str) -> None:
    for number in range(30):
        run(name, _fails if number % 2 else _works, version="2")


def as_good_as_before(name: str) -> None:
    for _ in range(30):
        run(name, version="2")


def past_of_agent_tokens(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: prompt(tokens=1000 + number, model="of-our-own")))


def agent_tokens(name: str) -> None:
    for number in range(20):
        run(name, partial(_given, number, lambda number: prompt(tokens=9000 + number, model="of-our-own")))


def more_runs(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: prompt(tokens=1010 + number, model="of-our-own")))


def past_of_tool_latency(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.004) for _ in range(60)])


def tool_latency(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.08) for _ in range(12)])


def one_slow_call(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.08 if number == 0 else 0.004) for number in range(12)])


def _slow_call(name: str, seconds: float) -> str:
    playhead.tool(name=name)(time.sleep)(seconds)
    return "done"


def past_of_agent_latency_p95(name: str) -> None:
    for _ in range(110):
        run(name, lambda: waits(0.004))


def agent_latency_p95(name: str) -> None:
    for number in range(40):
        run(name, partial(_given, number, lambda number: waits(0.1 if number % 2 else 0.004)))


def one_slow_run(name: str) -> None:
    for number in range(40):
        run(name, partial(_given, number, lambda number: waits(0.1 if number == 0 else 0.004)))


def past_of_agent_latency_p99(name: str) -> None:
    for _ in range(260):
        run(name, lambda: waits(0.002))


def agent_latency_p99(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: waits(0.1 if number % 8 == 0 else 0.002)))


def one_very_slow_run(name: str) -> None:
    for number in range(60):
        run(name, partial(_given, number, lambda number: waits(0.1 if number == 0 else 0.002)))


def past_of_new_model(name: str) -> None:
    for _ in range(60):
        run(name, lambda: prompt(model="gpt-4o-mini"))


def new_model(name: str) -> None:
    for _ in range(30):
        run(name, lambda: [prompt(model="gpt-4.1-mini") for _ in range(4)])


def same_with_another(name: str) -> None:
    for _ in range(30):
        run(name, lambda: prompt(model="gpt-4o-mini-2024-07-18"))


def past_of_new_prompt(name: str) -> None:
    for _ in range(60):
        run(name, lambda: prompt(gen_ai__system_instructions="Be exact."))


def new_prompt(name: str) -> None:
    for _ in range(30):
        run(name, lambda: prompt(gen_ai__system_instructions="Be quick.") or call("guess"))


def said_otherwise(name: str) -> None:
    for _ in range(30):
        run(name, lambda: prompt(gen_ai__system_instructions="Be very exact."))


PAIRS: tuple[tuple[Program, Program], ...] = (
    (repeated_call, polls), (alternating_calls, edits_and_tests), (no_state_progress, item_by_item),
    (silent_retries, retried_once), (runaway_cost, dear_as_ever), (runaway_tokens, hungry_as_ever),
    (context_limit, room_left), (instructions_dropped, hands_over), (stalled_run, ended),
    (approval_waiting, answered), (no_terminal_state, reaches_its_end), (contract_violated, asks_again),
    (empty_answer, short_answer), (unread_finish_reason, one_word_wanted), (tool_error_swallowed, another_way),
    (low_score, low_is_good), (unapproved_tool, approved_first), (spans_missing, whole),
    (tool_failures, fails_again_and_again), (tool_latency, one_slow_call), (agent_errors, fails_rarely),
    (agent_latency_p95, one_slow_run), (agent_latency_p99, one_very_slow_run), (agent_cost, busier),
    (agent_tokens, more_runs), (new_version, as_good_as_before), (new_model, same_with_another),
    (new_prompt, said_otherwise),
)  # fmt: skip
"""Each rule has the name of the first; `service_silent` is about a whole process, and is not among them."""

_PAST: tuple[Program, ...] = (
    past_of_runaway_cost, past_of_runaway_tokens, past_of_low_score, past_of_unapproved_tool, past_of_tool_failures,
    past_of_tool_latency, past_of_agent_errors, past_of_agent_latency_p95, past_of_agent_latency_p99,
    past_of_agent_cost, past_of_agent_tokens, past_of_new_version, past_of_new_model, past_of_new_prompt,
)  # fmt: skip


def main(endpoint: str, journal: str, phase: str, *rules: str) -> None:
    playhead.init("pairs", endpoint=endpoint, journal=journal, record="steps")
    if phase == "past":
        for usual in _PAST:
            rule = usual.__name__.removeprefix("past_of_")
            if not rules or rule in rules:
                usual(f"{rule}-fires")
                usual(f"{rule}-misses")
    else:
        for fires, misses in PAIRS:
            if not rules or fires.__name__ in rules:
                fires(f"{fires.__name__}-fires")
                misses(f"{fires.__name__}-misses")
    playhead.flush()
    # As a kill would: what is open stays open.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
