"""pydantic-ai: tools, checked results, streams; its own OpenTelemetry spans on, beside ours."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import pydantic
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from tests.sdk.frameworks.tools import news, weather

PROGRAMS: dict[str, list[dict[str, int]]] = {
    "with_tools": [],
    "over_responses": [],
    "over_anthropic": [],
    "checked": [],
    "streamed": [],
    "side_by_side": [],
    "retried": [{"fail": 429}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 4}],
}

Agent.instrument_all()


class Forecast(pydantic.BaseModel):
    city: str
    days: int


def over(url: str, dialect: str = "chat") -> Any:
    if dialect == "anthropic":
        client = anthropic.AsyncAnthropic(base_url=url, api_key="sk-none", timeout=20)
        return AnthropicModel("claude-sonnet-5", provider=AnthropicProvider(anthropic_client=client))
    kind: Any = OpenAIResponsesModel if dialect == "responses" else OpenAIChatModel
    return kind("gpt-5", provider=OpenAIProvider(base_url=f"{url}/v1", api_key="sk-none"))


def agent(url: str, dialect: str = "chat", **how: Any) -> Any:
    return Agent(over(url, dialect), instructions="Be brief.", **how)


def with_tools(url: str) -> Any:
    result = agent(url, tools=[weather, news]).run_sync("what is new in Bern?")
    return [result.output, str(result.usage)]


def over_responses(url: str) -> Any:
    return agent(url, "responses", tools=[weather, news]).run_sync("what is new in Bern?").output


def over_anthropic(url: str) -> Any:
    return agent(url, "anthropic", tools=[weather, news]).run_sync("what is new in Bern?").output


def checked(url: str) -> Any:
    return agent(url, output_type=Forecast).run_sync("a forecast").output.model_dump()


def streamed(url: str) -> Any:
    async def ask() -> Any:
        seen = []
        for dialect in ("chat", "responses", "anthropic"):
            async with agent(url, dialect, tools=[weather]).run_stream("what is new in Bern?") as result:
                seen += [text async for text in result.stream_text(delta=True, debounce_by=None)]
        return seen

    return asyncio.run(ask())


def side_by_side(url: str) -> Any:
    seen: list[Any] = []

    async def one(number: int) -> None:
        result = await agent(url, tools=[weather, news]).run(f"question {number}")
        seen.append([number, result.output])

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(4)))

    asyncio.run(all_of_them())
    return seen


def retried(url: str) -> Any:
    return agent(url).run_sync("hi").output


def refused(url: str) -> Any:
    try:
        agent(url).run_sync("hi")
    except Exception as error:
        return [type(error).__name__, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    async def ask() -> Any:
        seen: list[Any] = []
        try:
            async with agent(url).run_stream("hi") as result:
                async for text in result.stream_text(delta=True, debounce_by=None):
                    seen.append(text)
        except Exception as error:
            seen.append([type(error).__name__, str(error)])
        return seen

    return asyncio.run(ask())
