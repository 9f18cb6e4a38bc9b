"""langgraph, over langchain-openai: a graph that loops over tools; sync, async, streamed; failed, retried and cut."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from tests.sdk.frameworks import tools

MODEL = "gpt-5"
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "looped": [],
    "looped_async": [],
    "branches": [],
    "streamed": [],
    "embedded": [],
    "retried": [{"fail": 429}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 3}],
}


weather, news = tool(tools.weather), tool(tools.news)


def model(url: str, **how: Any) -> Any:
    return ChatOpenAI(model=MODEL, base_url=f"{url}/v1", api_key="sk-none", timeout=20, **how)


def graph(url: str, given: list[Any], **how: Any) -> Any:
    bound = model(url, **how).bind_tools(given)

    def think(state: MessagesState) -> Any:
        return {"messages": [bound.invoke(state["messages"])]}

    async def think_async(state: MessagesState) -> Any:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    made = StateGraph(MessagesState)
    made.add_node("think", think_async if news in given else think)
    made.add_node("tools", ToolNode(given))
    made.add_edge(START, "think")
    made.add_conditional_edges("think", tools_condition)
    made.add_edge("tools", "think")
    return made.compile()


def told(state: Any) -> Any:
    return [[message.type, message.content, message.id] for message in state["messages"]]


ASKED: Any = {"messages": [("system", "Be brief."), ("user", "what is new in Bern?")]}


def looped(url: str) -> Any:
    return told(graph(url, [weather]).invoke(ASKED))


def looped_async(url: str) -> Any:
    async def ask() -> Any:
        seen = []
        async for mode, update in graph(url, [weather, news]).astream(ASKED, stream_mode=["updates", "messages"]):
            seen.append([mode, sorted(update) if mode == "updates" else update[0].content])
        return seen

    return asyncio.run(ask())


def branches(url: str) -> Any:
    """Two nodes in one step, each in a thread of its own."""
    of = model(url)

    def ask(what: str) -> Any:
        return lambda state: {"messages": [of.invoke(what)]}

    made = StateGraph(MessagesState)
    for name in ("left", "right"):
        made.add_node(name, ask(f"go {name}"))
        made.add_edge(START, name)
        made.add_edge(name, END)
    return told(made.compile().invoke(ASKED))


def streamed(url: str) -> Any:
    return [[chunk.content, chunk.usage_metadata] for chunk in model(url, stream_usage=True).stream("hi")]


def embedded(url: str) -> Any:
    made = OpenAIEmbeddings(
        model="text-embedding-3-small",
        base_url=f"{url}/v1",
        api_key="sk-none",
        check_embedding_ctx_length=False,
    )
    return made.embed_documents(["one", "two"])


def retried(url: str) -> Any:
    return told(graph(url, []).invoke(ASKED))


def refused(url: str) -> Any:
    try:
        graph(url, []).invoke(ASKED)
    except Exception as error:
        return [type(error).__name__, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    seen: list[Any] = []
    try:
        for chunk in model(url, max_retries=0).stream("hi"):
            seen.append(chunk.content)
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen
