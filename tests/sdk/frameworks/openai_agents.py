"""openai-agents: tools, a hand-over to another agent, streams; over responses and over chat completions."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from tests.sdk.frameworks import tools

MODEL = "gpt-5"
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "with_tools": [],
    "over_chat": [],
    "streamed": [],
    "side_by_side": [],
    "handed_over": [],
    "retried": [{"fail": 429}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 5}],
}

# Its own tracing goes to its maker.
set_tracing_disabled(True)


weather, news = function_tool(tools.weather), function_tool(tools.news)


def agent(url: str, *, chat: bool = False, **how: Any) -> Any:
    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-none", timeout=20)
    kind: Any = OpenAIChatCompletionsModel if chat else OpenAIResponsesModel
    settings = ModelSettings(include_usage=True) if chat else ModelSettings()
    return Agent(
        name="clerk",
        instructions="Be brief.",
        model=kind(model=MODEL, openai_client=client),
        model_settings=settings,
        **how,
    )


def with_tools(url: str) -> Any:
    result = Runner.run_sync(agent(url, tools=[weather, news]), "what is new in Bern?")
    return [result.final_output, [item.type for item in result.new_items]]


def over_chat(url: str) -> Any:
    return Runner.run_sync(agent(url, chat=True, tools=[weather, news]), "what is new in Bern?").final_output


def streamed(url: str) -> Any:
    async def ask() -> Any:
        seen = []
        for chat in (False, True):
            result = Runner.run_streamed(agent(url, chat=chat, tools=[weather, news]), "what is new in Bern?")
            async for event in result.stream_events():
                seen.append(event.type)
            seen.append(result.final_output)
        return seen

    return asyncio.run(ask())


def side_by_side(url: str) -> Any:
    seen: list[Any] = []

    async def one(number: int) -> None:
        result = await Runner.run(agent(url, tools=[weather, news]), f"question {number}")
        seen.append([number, result.final_output])

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(4)))

    asyncio.run(all_of_them())
    return seen


def handed_over(url: str) -> Any:
    other = agent(url)
    result = Runner.run_sync(agent(url, handoffs=[other.clone(name="expert")]), "what is new in Bern?")
    return [result.final_output, result.last_agent.name]


def retried(url: str) -> Any:
    return Runner.run_sync(agent(url), "hi").final_output


def refused(url: str) -> Any:
    try:
        Runner.run_sync(agent(url), "hi")
    except openai.RateLimitError as error:
        return [type(error).__name__, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    async def ask() -> Any:
        seen: list[Any] = []
        result = Runner.run_streamed(agent(url), "hi")
        try:
            async for event in result.stream_events():
                seen.append(event.type)
        except Exception as error:
            seen.append([type(error).__name__, str(error)])
        return seen

    return asyncio.run(ask())
