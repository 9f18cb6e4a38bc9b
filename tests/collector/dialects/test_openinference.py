"""What OpenInference's instrumentations of models, retrieval and protocols send, as their sources write it."""

from __future__ import annotations

from tests.collector.database import StoreDatabase
from tests.collector.dialects.openinference import WEATHER, answered, asked, called, counted, kind
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span


def test_dspy(database: StoreDatabase) -> None:
    module = span("ReAct.forward", kind("CHAIN", **{"input.value": "{}", "output.value": "{}"}), at=(0, 100))
    asks = span(
        "LM.__call__",
        kind(
            "LLM",
            **{
                "input.value": '{"prompt": null, "messages": [{"role": "user", "content": "Weather?"}], "kwargs": {}}',
                "output.value": '["[[ ## answer ## ]]\\n21C"]',
                "llm.model_name": "openai/gpt-4o-mini",
            },
            **asked("Weather?"),
        ),
        parent=module,
        at=(1, 50),
    )
    wire = span("completion", kind("LLM", **asked("Weather?"), **answered("21C"), **counted()), parent=asks, at=(2, 49))
    tool = span(
        "Tool.__call__",
        kind(
            "TOOL",
            **{
                "tool.name": "get_weather",
                "input.value": '{"kwargs": {"city": "Paris"}}',
                "output.value": '"Paris: 21C"',
            },
        ),
        parent=module,
        at=(51, 60),
    )
    litellm = Emitter("openinference.instrumentation.litellm", spans=[wire])
    assert (
        outline(database, module, asks, litellm, tool)
        == """\
other | user: other {} => other {}
  prompt openai/gpt-4o-mini | user: Weather? => [[ ## answer ## ]]\\n21C
    prompt* gpt-4o-mini 42>17 | user: Weather? => 21C
  tool get_weather | {"city": "Paris"} => Paris: 21C
= ok calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_llama_index(database: StoreDatabase) -> None:
    agent = span(
        "FunctionAgent.run",
        kind("AGENT", **{"input.value": '{"user_msg": "Weather?"}', "output.value": "21C"}),
        at=(0, 100),
    )
    step = span("FunctionAgent.run_agent_step", kind("CHAIN", **{"input.value": "{}"}), parent=agent, at=(1, 40))
    asks = span(
        "OpenAI.achat",
        kind(
            "LLM",
            **asked("Weather?"),
            **called("get_weather", WEATHER),
            **counted(**{"prompt_details.cache_read": 12, "completion_details.reasoning": 5}),
        ),
        parent=step,
        at=(2, 30),
    )
    tool = span(
        "FunctionTool.acall",
        kind(
            "TOOL",
            **{
                "tool.name": "get_weather",
                "input.value": '{"kwargs": {"city": "Paris"}}',
                "output.value": "Paris: 21C",
                "tool.parameters": '{"properties": {}}',
            },
        ),
        parent=agent,
        at=(41, 50),
    )
    finds = span(
        "VectorIndexRetriever.retrieve",
        kind("RETRIEVER", **{"input.value": "Paris", "retrieval.documents.0.document.content": "A city."}),
        parent=agent,
        at=(51, 60),
    )
    embeds = span(
        "OpenAIEmbedding.get_query_embedding",
        kind("EMBEDDING", **{"embedding.model_name": "text-embedding-3-small", "input.value": "Paris"}),
        parent=finds,
        at=(52, 55),
    )
    assert (
        outline(database, agent, step, asks, tool, finds, embeds)
        == """\
agent FunctionAgent | user: other {"user_msg": "Weather?"} => 21C
  other | user: other {}
    prompt* gpt-4o-mini 42>17 cached=12 reasoned=5
        | user: Weather?
        => call get_weather {"city": "Paris"} #call_1
  tool get_weather | {"city": "Paris"} => Paris: 21C
  retrieval | user: Paris
    retrieval* text-embedding-3-small | user: Paris
= ok agent=FunctionAgent calls=1 tools=1 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_haystack(database: StoreDatabase) -> None:
    flow = span("Pipeline.run", kind("CHAIN", **{"input.value": "{}"}), at=(0, 100))
    asks = span(
        "OpenAIChatGenerator.run (llm)",
        kind("LLM", **asked("Weather?"), **answered("21C"), **counted()),
        parent=flow,
        at=(1, 30),
    )
    finds = span(
        "InMemoryBM25Retriever.run (retriever)", kind("RETRIEVER", **{"input.value": "Paris"}), parent=flow, at=(31, 40)
    )
    assert (
        outline(database, flow, asks, finds)
        == """\
other | user: other {}
  prompt* gpt-4o-mini 42>17 | user: Weather? => 21C
  retrieval | user: Paris
= ok calls=1 42>17 cost=1.65e-05"""
    )


def test_bedrock_converse_and_mistral(database: StoreDatabase) -> None:
    root = span("root", at=(0, 100))
    converse = span(
        "bedrock.converse",
        kind("LLM", **asked("Weather?"), **answered("21C"), **counted("us.anthropic.claude-sonnet-4-5")),
        parent=root,
        at=(1, 30),
    )
    mistral = span(
        "MistralClient.chat",
        kind("LLM", **asked("hi"), **answered("hi"), **counted("mistral-small")),
        parent=root,
        at=(31, 50),
    )
    assert (
        outline(database, root, converse, mistral)
        == """\
other
  prompt* us.anthropic.claude-sonnet-4-5 42>17 | user: Weather? => 21C
  prompt* mistral-small 42>17 | user: hi => hi
= ok calls=2 84>34"""
    )


def test_an_mcp_server_of_its_own(database: StoreDatabase) -> None:
    agent = span("agent", kind("AGENT", **{"agent.name": "a"}), at=(0, 100))
    tool = span(
        "get_weather",
        kind("TOOL", **{"tool.name": "get_weather", "input.value": WEATHER, "output.value": "Paris: 21C"}),
        parent=agent,
        at=(1, 50),
    )
    server = span(
        "tools/call get_weather",
        {"mcp.method.name": "tools/call", "fastmcp.component.type": "tool"},
        parent=tool,
        at=(2, 49),
    )
    assert (
        outline(database, agent, tool, Emitter("fastmcp", service="server", spans=[server]))
        == """\
agent a
  tool get_weather | {"city": "Paris"} => Paris: 21C
    tool get_weather
= ok agent=a tools=1"""
    )
