"""Pairs for rules that hold what an agent or a tool does now against its past."""

from __future__ import annotations

from functools import partial

from tests.collector.alerts.acting import Program, call, fails, given, prompt, run, waits, works

import playhead


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
        run(name, fails if number % 2 else works)


def fails_rarely(name: str) -> None:
    for number in range(20):
        run(name, fails if number == 0 else works)


def past_of_agent_cost(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: prompt(tokens=1000 + number, model="gpt-4o")))


def agent_cost(name: str) -> None:
    for number in range(20):
        run(name, partial(given, number, lambda number: prompt(tokens=9000 + number, model="gpt-4o")))


def busier(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: prompt(tokens=1010 + number, model="gpt-4o")))


def past_of_new_version(name: str) -> None:
    for _ in range(60):
        run(name)


def new_version(name: str) -> None:
    for number in range(30):
        run(name, fails if number % 2 else works, version="2")


def as_good_as_before(name: str) -> None:
    for _ in range(30):
        run(name, version="2")


def past_of_agent_tokens(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: prompt(tokens=1000 + number, model="of-our-own")))


def agent_tokens(name: str) -> None:
    for number in range(20):
        run(name, partial(given, number, lambda number: prompt(tokens=9000 + number, model="of-our-own")))


def more_runs(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: prompt(tokens=1010 + number, model="of-our-own")))


def past_of_tool_latency(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.004) for _ in range(60)])


def tool_latency(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.08) for _ in range(12)])


def one_slow_call(name: str) -> None:
    run(name, lambda: [_slow_call(name, 0.08 if number == 0 else 0.004) for number in range(12)])


def _slow_call(name: str, seconds: float) -> str:
    playhead.tool(name=name)(waits)(seconds)
    return "done"


def past_of_agent_latency_p95(name: str) -> None:
    for _ in range(110):
        run(name, lambda: waits(0.004))


def agent_latency_p95(name: str) -> None:
    for number in range(40):
        run(name, partial(given, number, lambda number: waits(0.1 if number % 2 else 0.004)))


def one_slow_run(name: str) -> None:
    for number in range(40):
        run(name, partial(given, number, lambda number: waits(0.1 if number == 0 else 0.004)))


def past_of_agent_latency_p99(name: str) -> None:
    for _ in range(510):
        run(name, lambda: waits(0.002))


def agent_latency_p99(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: waits(0.1 if number % 8 == 0 else 0.002)))


def one_very_slow_run(name: str) -> None:
    for number in range(60):
        run(name, partial(given, number, lambda number: waits(0.1 if number == 0 else 0.002)))


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
    (tool_failures, fails_again_and_again),
    (tool_latency, one_slow_call),
    (agent_errors, fails_rarely),
    (agent_latency_p95, one_slow_run),
    (agent_latency_p99, one_very_slow_run),
    (agent_cost, busier),
    (agent_tokens, more_runs),
    (new_version, as_good_as_before),
    (new_model, same_with_another),
    (new_prompt, said_otherwise),
)
"""Each rule has the name of the first."""

PAST: tuple[Program, ...] = (
    past_of_tool_failures,
    past_of_tool_latency,
    past_of_agent_errors,
    past_of_agent_latency_p95,
    past_of_agent_latency_p99,
    past_of_agent_cost,
    past_of_agent_tokens,
    past_of_new_version,
    past_of_new_model,
    past_of_new_prompt,
)
