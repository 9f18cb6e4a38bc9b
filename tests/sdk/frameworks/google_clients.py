"""google-genai: generateContent over httpx2, and over aiohttp where it is asynchronous."""

from __future__ import annotations

import asyncio
from typing import Any

import google.genai as genai
from google.genai import errors, types

import playhead

MODEL = "gemini-3-pro"
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "with_tools": [],
    "streamed": [],
    "side_by_side": [],
    "refused": [{"fail": 429}],
    "hung_up": [{"hang_up": 2}],
}


@playhead.tool
def weather(city: str, days: int) -> str:
    """The weather of a city."""
    return f"{days} days of rain in {city}"


def client(url: str) -> genai.Client:
    return genai.Client(api_key="none", http_options=types.HttpOptions(base_url=url, timeout=20_000))


def with_tools(url: str) -> Any:
    config = types.GenerateContentConfig(tools=[weather], system_instruction="Be brief.", temperature=0.5)
    with client(url) as of:
        return of.models.generate_content(model=MODEL, contents="what is new in Bern?", config=config).text


def streamed(url: str) -> Any:
    with client(url) as of:
        return [chunk.text for chunk in of.models.generate_content_stream(model=MODEL, contents="hi")]


def side_by_side(url: str) -> Any:
    seen: list[Any] = []

    async def whole(of: Any, number: int) -> None:
        answer = await of.models.generate_content(model=MODEL, contents=f"question {number}")
        seen.append([number, answer.text])

    async def streamed(of: Any, number: int) -> None:
        async for chunk in await of.models.generate_content_stream(model=MODEL, contents=f"stream {number}"):
            seen.append([number, chunk.text])

    async def all_of_them() -> None:
        of_both = client(url)
        async with of_both.aio as of:
            await asyncio.gather(*(whole(of, n) for n in range(3)), *(streamed(of, n) for n in range(3, 5)))

    asyncio.run(all_of_them())
    return seen


def refused(url: str) -> Any:
    try:
        with client(url) as of:
            of.models.generate_content(model=MODEL, contents="hi")
    except errors.APIError as error:
        return [type(error).__name__, error.code, error.status]
    return "not refused"


def hung_up(url: str) -> Any:
    seen: list[Any] = []
    try:
        with client(url) as of:
            for chunk in of.models.generate_content_stream(model=MODEL, contents="hi"):
                seen.append(chunk.text)
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen
