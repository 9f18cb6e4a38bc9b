"""What agents under the SDK do, in short: the words in which the pairs of alerts are written."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeAlias
from unittest import mock

from opentelemetry.sdk import trace as sdk_trace

import playhead
from playhead.recorder import told
from playhead.testing import Clock

Program: TypeAlias = Callable[[str], None]
CLOCK = Clock(time.time(), tick_s=1e-6)
"""Of the steps: a wait takes what it says, however busy the machine is. What a scheduler added to sleeps was more than
what one agent waited longer than another, and rules about latency rightly found nothing."""


def by_the_clock(behind: timedelta) -> None:
    """From now on, for this process, whose steps begin so long ago."""
    CLOCK.advance(-behind.total_seconds())
    for module in (sdk_trace, told):
        mock.patch.object(module, "time_ns", CLOCK.ns).start()


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
    CLOCK.advance(seconds)


def works() -> None:
    """Nothing to do."""


def given(number: int, work: Callable[[int], Any]) -> Any:
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


def fails() -> None:
    raise RuntimeError("failed")
