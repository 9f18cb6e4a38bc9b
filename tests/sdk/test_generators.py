"""Generators and tasks that a user decorates, and the steps that come of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.sdk.collector import FakeCollector, attributes, children
from tests.sdk.writing import only, refund, sent

import playhead
from playhead.recorder.recorder import Recorder


def test_a_generator_is_one_step_with_all_that_it_gave(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.tool
    def count(most: int) -> Iterator[int]:
        for number in range(most):
            refund("inner", number)
            yield number

    with playhead.step("around"):
        for _ in count(2):
            refund("outer", 1)
    spans = sent(recorder, collector)
    step = only(spans, "execute_tool count")
    assert attributes(step)["gen_ai.tool.call.result"] == "[0,1]"
    assert len(children(spans, step)) == 2
    assert len(children(spans, only(spans, "around"))) == 3


def test_a_generator_that_is_closed_early_ends_its_step_as_cancelled(
    recorder: Recorder, collector: FakeCollector
) -> None:
    closed = []

    @playhead.tool
    def endless() -> Iterator[int]:
        try:
            yield from iter(int, 1)
        finally:
            closed.append(True)

    numbers = endless()
    next(numbers)
    numbers.close()  # type: ignore[attr-defined]
    assert closed == [True]
    said = attributes(only(sent(recorder, collector), "execute_tool endless"))
    assert said["playhead.cancelled"] == "GeneratorExit"
    assert said["playhead.yielded"] == 1


def test_what_is_sent_and_thrown_into_a_generator_arrives(recorder: Recorder, collector: FakeCollector) -> None:
    heard: list[object] = []

    @playhead.tool
    def listener() -> Any:
        while True:
            try:
                heard.append((yield len(heard)))
            except KeyError as error:
                heard.append(repr(error))

    talking = listener()
    next(talking)
    assert talking.send("a") == 1
    assert talking.throw(KeyError("b")) == 2
    talking.close()
    assert heard == ["a", "KeyError('b')"]


def test_an_asynchronous_generator_is_one_step(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.tool
    async def stream(words: list[str]) -> AsyncIterator[str]:
        for word in words:
            await asyncio.sleep(0)
            yield word

    async def main() -> list[str]:
        return [word async for word in stream(["a", "b"])]

    assert asyncio.run(main()) == ["a", "b"]
    said = attributes(only(sent(recorder, collector), "execute_tool stream"))
    assert said["gen_ai.tool.call.result"] == '["a","b"]'


def test_a_cancelled_task_ends_its_steps_and_is_no_error(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.tool
    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(forever(), 0.01)

    asyncio.run(main())
    span = only(sent(recorder, collector), "execute_tool forever")
    assert attributes(span)["playhead.cancelled"] == "CancelledError"
    assert span.status.code == span.status.STATUS_CODE_UNSET
