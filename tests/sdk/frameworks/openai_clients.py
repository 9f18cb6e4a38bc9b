"""The openai package: chat, responses and embeddings; sync, async and streamed; failed, retried and cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import openai
import pydantic

import playhead

MODEL = "gpt-5"
# What goes wrong with the first requests of a program: a status, or a hang-up after so many pieces.
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "chat_with_tools": [],
    "chat_streamed": [],
    "chat_side_by_side": [],
    "chat_parsed": [],
    "responses_with_tools": [],
    "responses_streamed": [],
    "responses_async": [],
    "embedded": [],
    "retried": [{"fail": 429}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 3}],
    "hung_up_async": [{"hang_up": 3}],
    "hung_up_responses": [{"hang_up": 5}],
    "hung_up_whole": [{"hang_up": 0}],
    "abandoned": [],
    "cancelled": [],
}
# They leave streams before their end.
LEFT = {"abandoned", "cancelled"}

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("weather", "news")
]
TOOLS: Any = [{"type": "function", "name": name, "parameters": SCHEMA} for name in ("weather", "news")]


@playhead.tool
def weather(city: str, days: int) -> str:
    return f"{days} days of rain in {city}"


@playhead.tool
def news(city: str, days: int) -> str:
    return f"nothing happened in {city} for {days} days"


def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="sk-none", timeout=20)


def client_async(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-none", timeout=20)


def asked(text: str) -> Any:
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


def called(name: str, arguments: str) -> str:
    return {"weather": weather, "news": news}[name](**json.loads(arguments))


def chat_with_tools(url: str) -> Any:
    messages = asked("what is new in Bern?")
    seen = []
    for _ in range(2):
        answer = client(url).chat.completions.create(
            model=MODEL, messages=messages, tools=CHAT_TOOLS, temperature=0.5, max_completion_tokens=99
        )
        said = answer.choices[0].message
        seen.append(answer.model_dump())
        messages.append(said.model_dump(exclude_none=True))
        for call in said.tool_calls or []:
            assert call.type == "function"
            result = called(call.function.name, call.function.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return seen


def chat_streamed(url: str) -> Any:
    seen = []
    for tools in (CHAT_TOOLS, openai.omit):
        stream = client(url).chat.completions.create(
            model=MODEL, messages=asked("hi"), tools=tools, stream=True, stream_options={"include_usage": True}
        )
        seen.append([chunk.model_dump() for chunk in stream])
    return seen


def chat_side_by_side(url: str) -> Any:
    seen: list[Any] = []

    async def whole(of: openai.AsyncOpenAI, number: int) -> None:
        answer = await of.chat.completions.create(model=MODEL, messages=asked(f"question {number}"))
        seen.append([number, answer.choices[0].message.content])

    async def streamed(of: openai.AsyncOpenAI, number: int) -> None:
        async with of.chat.completions.stream(model=MODEL, messages=asked(f"stream {number}")) as stream:
            async for event in stream:
                if event.type == "content.delta":
                    seen.append([number, event.delta])

    async def all_of_them() -> None:
        async with client_async(url) as of:
            await asyncio.gather(*(whole(of, n) for n in range(3)), *(streamed(of, n) for n in range(3, 5)))

    asyncio.run(all_of_them())
    return seen


class Forecast(pydantic.BaseModel):
    city: str
    days: int


def chat_parsed(url: str) -> Any:
    answer = client(url).chat.completions.parse(model=MODEL, messages=asked("a forecast"), response_format=Forecast)
    parsed = answer.choices[0].message.parsed
    assert parsed is not None
    return parsed.model_dump()


def responses_with_tools(url: str) -> Any:
    given: list[Any] = [{"role": "user", "content": "what is new in Bern?"}]
    seen = []
    for _ in range(2):
        answer = client(url).responses.create(model=MODEL, input=given, tools=TOOLS, instructions="Be brief.")
        seen.append(answer.model_dump())
        for item in answer.output:
            given.append(item.model_dump(exclude_none=True))
            if item.type == "function_call":
                result = called(item.name, item.arguments)
                given.append({"type": "function_call_output", "call_id": item.call_id, "output": result})
    return seen


def responses_streamed(url: str) -> Any:
    seen = []
    for tools in (TOOLS, openai.omit):
        stream = client(url).responses.create(model=MODEL, input="hi", tools=tools, stream=True)
        seen.append([event.model_dump() for event in stream])
    return seen


def responses_async(url: str) -> Any:
    async def ask() -> Any:
        async with client_async(url) as of:
            whole = await of.responses.create(model=MODEL, input="hi")
            async with of.responses.stream(model=MODEL, input="hi") as stream:
                events = [event.type async for event in stream]
                final = await stream.get_final_response()
            return [whole.output_text, events, final.output_text]

    return asyncio.run(ask())


def embedded(url: str) -> Any:
    made = client(url).embeddings.create(model="text-embedding-3-small", input=["one", "two"], dimensions=8)

    async def more() -> Any:
        async with client_async(url) as of:
            return (await of.embeddings.create(model="text-embedding-3-small", input="three")).model_dump()

    return [made.model_dump(), asyncio.run(more())]


def retried(url: str) -> Any:
    return client(url).chat.completions.create(model=MODEL, messages=asked("hi")).model_dump()


def refused(url: str) -> Any:
    try:
        client(url).chat.completions.create(model=MODEL, messages=asked("hi"))
    except openai.RateLimitError as error:
        return [type(error).__name__, error.status_code, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    seen: list[Any] = []
    stream = client(url).chat.completions.create(model=MODEL, messages=asked("hi"), stream=True)
    try:
        for chunk in stream:
            seen.append(chunk.choices[0].delta.content)
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen


def hung_up_async(url: str) -> Any:
    seen: list[Any] = []

    async def ask() -> None:
        async with client_async(url) as of:
            stream = await of.chat.completions.create(model=MODEL, messages=asked("hi"), stream=True)
            try:
                async for chunk in stream:
                    seen.append(chunk.choices[0].delta.content)
            except Exception as error:
                seen.append([type(error).__name__, str(error)])

    asyncio.run(ask())
    return seen


def hung_up_responses(url: str) -> Any:
    seen: list[Any] = []
    try:
        for event in client(url).responses.create(model=MODEL, input="hi", stream=True):
            seen.append(event.type)
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen


def hung_up_whole(url: str) -> Any:
    """The client asks again by itself."""
    return client(url).chat.completions.create(model=MODEL, messages=asked("hi")).model_dump()


def abandoned(url: str) -> Any:
    """Streams that nobody reads to their end: left by a break, and closed."""
    seen: list[Any] = []
    with client(url) as of:
        stream = of.chat.completions.create(model=MODEL, messages=asked("hi"), stream=True)
        for chunk in stream:
            seen.append(chunk.choices[0].delta.content)
            if len(seen) == 3:
                break
        stream.close()
        with of.chat.completions.create(model=MODEL, messages=asked("again"), stream=True) as other:
            seen.append(next(iter(other)).model_dump())
    return seen


def cancelled(url: str) -> Any:
    """A task that is cancelled while it reads."""
    seen: list[Any] = []

    async def read(of: openai.AsyncOpenAI, reached: asyncio.Event) -> None:
        stream = await of.chat.completions.create(model=MODEL, messages=asked("hi"), stream=True)
        async for chunk in stream:
            seen.append(chunk.choices[0].delta.content)
            if len(seen) == 2:
                reached.set()
                await asyncio.Event().wait()

    async def both() -> None:
        async with client_async(url) as of:
            reached = asyncio.Event()
            task = asyncio.create_task(read(of, reached))
            await reached.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            seen.append(task.cancelled())

    asyncio.run(both())
    return seen
