"""The anthropic package: messages, streams and tools; its own OpenTelemetry spans beside ours; failed, retried, cut."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic

import playhead

MODEL = "claude-sonnet-5"
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "messages_with_tools": [],
    "messages_streamed": [],
    "messages_side_by_side": [],
    "tool_runner": [],
    "retried": [{"fail": 529}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 4}],
    "hung_up_whole": [{"hang_up": 0}],
    "abandoned": [],
}
# They leave streams before their end.
LEFT = {"abandoned"}

SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOLS: Any = [{"name": name, "description": f"the {name}", "input_schema": SCHEMA} for name in ("weather", "news")]


@playhead.tool
def weather(city: str, days: int) -> str:
    """The weather of a city.

    Args:
        city: where
        days: for how long
    """
    return f"{days} days of rain in {city}"


def client(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="sk-none", timeout=20)


def asked(text: str) -> Any:
    return [{"role": "user", "content": text}]


def of_call(arguments: Any) -> Any:
    return arguments


def messages_with_tools(url: str) -> Any:
    messages = asked("what is new in Bern?")
    seen = []
    for _ in range(2):
        answer = client(url).messages.create(
            model=MODEL, max_tokens=99, messages=messages, tools=TOOLS, system="Be brief."
        )
        seen.append(answer.model_dump())
        messages.append({"role": "assistant", "content": [block.model_dump() for block in answer.content]})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": weather(**of_call(block.input))}
            for block in answer.content
            if block.type == "tool_use"
        ]
        messages.append({"role": "user", "content": results})
    return seen


def messages_streamed(url: str) -> Any:
    seen: list[Any] = []
    with client(url).messages.stream(model=MODEL, max_tokens=99, messages=asked("hi"), tools=TOOLS) as stream:
        seen += [event.type for event in stream]
        seen.append(stream.get_final_message().model_dump())
    with client(url).messages.create(model=MODEL, max_tokens=99, messages=asked("hi"), stream=True) as raw:
        seen += [event.model_dump() for event in raw]
    return seen


def messages_side_by_side(url: str) -> Any:
    seen: list[Any] = []

    async def whole(of: anthropic.AsyncAnthropic, number: int) -> None:
        answer = await of.messages.create(model=MODEL, max_tokens=99, messages=asked(f"question {number}"))
        seen.append([number, answer.model_dump()])

    async def streamed(of: anthropic.AsyncAnthropic, number: int) -> None:
        async with of.messages.stream(model=MODEL, max_tokens=99, messages=asked(f"stream {number}")) as stream:
            async for text in stream.text_stream:
                seen.append([number, text])

    async def all_of_them() -> None:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="sk-none", timeout=20) as of:
            await asyncio.gather(*(whole(of, n) for n in range(3)), *(streamed(of, n) for n in range(3, 5)))

    asyncio.run(all_of_them())
    return seen


def tool_runner(url: str) -> Any:
    runner = client(url).beta.messages.tool_runner(
        model=MODEL, max_tokens=99, messages=asked("the weather?"), tools=[anthropic.beta_tool(weather)]
    )
    return [message.model_dump(exclude={"parsed_output"}) for message in runner]


def retried(url: str) -> Any:
    return client(url).messages.create(model=MODEL, max_tokens=99, messages=asked("hi")).model_dump()


def refused(url: str) -> Any:
    try:
        client(url).messages.create(model=MODEL, max_tokens=99, messages=asked("hi"))
    except anthropic.RateLimitError as error:
        return [type(error).__name__, error.status_code, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    seen: list[Any] = []
    try:
        with client(url).messages.stream(model=MODEL, max_tokens=99, messages=asked("hi")) as stream:
            seen += stream.text_stream
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen


def hung_up_whole(url: str) -> Any:
    return retried(url)


def abandoned(url: str) -> Any:
    with client(url).messages.stream(model=MODEL, max_tokens=99, messages=asked("hi")) as stream:
        return next(iter(stream.text_stream))
