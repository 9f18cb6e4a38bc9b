"""What OpenInference's instrumentations of agent frameworks send, as their sources write it."""

from __future__ import annotations

import json

from tests.collector.database import StoreDatabase
from tests.collector.dialects.openinference import WEATHER, answered, asked, called, counted, kind
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter, span


def test_smolagents(database: StoreDatabase) -> None:
    """The agent repeats its usage; a provider's span may stand in the model's; a tool's class names its span."""
    agent = span(
        "weather_agent.run",
        kind(
            "AGENT",
            **{
                "input.value": '{"task": "Weather?", "stream": false}',
                "smolagents.task": "Weather?",
                "smolagents.tools_names": ["get_weather", "final_answer"],
                "llm.token_count.prompt": 84,
                "llm.token_count.completion": 34,
                "output.value": "21C",
            },
        ),
        at=(0, 100),
    )
    step = span(
        "Step 1", kind("CHAIN", **{"input.value": "{}", "output.value": "Paris: 21C"}), parent=agent, at=(1, 60)
    )
    asks = span(
        "OpenAIServerModel.generate",
        kind("LLM", **asked("Weather?"), **called("get_weather", WEATHER), **counted()),
        parent=step,
        at=(2, 30),
    )
    wire = span(
        "ChatCompletion",
        kind("LLM", **asked("Weather?"), **called("get_weather", WEATHER), **counted("gpt-4o-mini-2024-07-18")),
        parent=asks,
        at=(3, 29),
    )
    tool = span(
        "SimpleTool",
        kind(
            "TOOL",
            **{
                "input.value": '{"args": [], "sanitize_inputs_outputs": true, "kwargs": {"city": "Paris"}}',
                "tool.name": "get_weather",
                "tool.parameters": '{"city": {"type": "string"}}',
                "output.value": "Paris: 21C",
            },
        ),
        parent=step,
        at=(31, 40),
    )
    ends = span("OpenAIServerModel.generate", kind("LLM", **answered("21C"), **counted()), parent=agent, at=(61, 90))
    openai = Emitter("openinference.instrumentation.openai", spans=[wire])
    assert (
        outline(database, agent, step, asks, tool, ends, openai)
        == """\
agent weather_agent 84>34 | user: other {"task": "Weather?", "stream": false} => 21C
  other | user: other {} => Paris: 21C
    prompt gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
      prompt* gpt-4o-mini-2024-07-18 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
  prompt* gpt-4o-mini 42>17 | => 21C
= ok agent=weather_agent calls=2 tools=1 84>34 cost=3.3e-05"""
    )


def test_smolagents_says_ok_of_a_run_that_raised(database: StoreDatabase) -> None:
    agent = span(
        "bad.run",
        kind("AGENT", **{"input.value": '{"task": "x"}'}),
        at=(0, 50),
        events=[("exception", {"exception.type": "AgentGenerationError"})],
    )
    agent.status.code = agent.status.STATUS_CODE_OK
    asks = span("OpenAIServerModel.generate", kind("LLM", **asked("x")), parent=agent, at=(1, 40), error="500")
    assert (
        outline(database, agent, asks)
        == """\
agent bad error | user: other {"task": "x"}
  prompt* error | user: x
= error agent=bad calls=1"""
    )


def test_crewai(database: StoreDatabase) -> None:
    crew = span("Crew_1.kickoff", kind("CHAIN", **{"output.value": "21C"}), at=(0, 100))
    task = span(
        "Weather Reporter.report._execute_core",
        kind("AGENT", **{"graph.node.id": "Weather Reporter", "input.value": "{}", "output.value": "21C"}),
        parent=crew,
        at=(1, 99),
    )
    asks = span(
        "completion",
        kind("LLM", **asked("Weather?"), **called("get_weather", WEATHER), **counted()),
        parent=task,
        at=(2, 30),
    )
    tool = span(
        "get_weather.run",
        kind(
            "TOOL",
            **{"tool.name": "get_weather", "input.value": '{"city": "Paris"}', "output.value": "Paris: 21C"},
        ),
        parent=task,
        at=(31, 40),
    )
    litellm = Emitter("openinference.instrumentation.litellm", spans=[asks])
    assert (
        outline(database, crew, task, litellm, tool)
        == """\
other | => 21C
  agent Weather Reporter | user: other {} => 21C
    prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
= ok agent=Weather Reporter calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_autogen_agentchat(database: StoreDatabase) -> None:
    team = span("RoundRobinGroupChat.run_stream", kind("CHAIN", **{"input.value": "{}"}), at=(0, 100))
    agent = span(
        "weather_agent.on_messages_stream",
        kind("AGENT", **{"input.value": "{}", "graph.node.id": "weather_agent", "graph.node.parent_id": "start"}),
        parent=team,
        at=(1, 99),
    )
    other = span("critic.on_messages_stream", kind("AGENT", **{"input.value": "{}"}), parent=team, at=(99, 99.5))
    asks = span(
        "OpenAIChatCompletionClient.create",
        kind("LLM", **asked("Weather?"), **called("get_weather", WEATHER), **counted()),
        parent=agent,
        at=(2, 30),
    )
    tool = span(
        "FunctionTool.run",
        kind("TOOL", **{"tool.name": "get_weather", "input.value": WEATHER, "output.value": "Paris: 21C"}),
        parent=agent,
        at=(31, 40),
    )
    assert (
        outline(database, team, agent, other, asks, tool)
        == """\
other | user: other {}
  agent weather_agent | user: other {}
    prompt* gpt-4o-mini 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
  agent critic | user: other {}
= ok agent=weather_agent calls=1 tools=1 42>17 cost=1.65e-05"""
    )


def test_agno(database: StoreDatabase) -> None:
    agent = span(
        "weather_agent.run",
        kind(
            "AGENT",
            **{
                "input.value": "Weather?",
                "graph.node.id": "a3f1",
                "graph.node.name": "weather_agent",
                "session.id": "sess-1",
                "user.id": "user-42",
                "agno.agent.id": "7",
                "output.value": '{"content": "21C"}',
            },
        ),
        at=(0, 100),
    )
    asks = span(
        "OpenAIChat.invoke",
        kind(
            "LLM",
            **asked("Weather?"),
            **called("get_weather", WEATHER),
            **counted(**{"prompt_details.cache_read": 12}),
            **{"llm.tools.0.tool.json_schema": '{"type": "function", "function": {"name": "get_weather"}}'},
        ),
        parent=agent,
        at=(1, 30),
    )
    tool = span(
        "get_weather",
        kind("TOOL", **{"tool.name": "get_weather", "input.value": WEATHER, "output.value": "Paris: 21C"}),
        parent=agent,
        at=(31, 40),
    )
    fails = span(
        "get_time",
        kind("TOOL", **{"tool.name": "get_time", "input.value": "{}", "output.value": "no clock"}),
        parent=agent,
        at=(41, 45),
        error="no clock",
    )
    assert (
        outline(database, agent, asks, tool, fails)
        == """\
agent weather_agent | user: Weather? => 21C
  prompt* gpt-4o-mini 42>17 cached=12
      | user: Weather?
      => call get_weather {"city": "Paris"} #call_1 [get_weather]
  tool get_weather | {"city": "Paris"} => Paris: 21C
  tool get_time error | {} => no clock
= ok agent=weather_agent session=sess-1 user=user-42 calls=1 tools=2 42>17 cached=12 cost=1.56e-05"""
    )


def test_beeai(database: StoreDatabase) -> None:
    agent = span("RequirementAgent", kind("AGENT", **{"input.value": "{}", "output.value": "21C"}), at=(0, 100))
    asks = span(
        "OpenAIChatModel",
        kind(
            "LLM",
            **{"llm.provider": "openai", "metadata.usage.cached_prompt_tokens": 12, "llm.cost.total": 0.5},
            **asked("Weather?"),
            **called("get_weather", WEATHER),
            **counted(),
        ),
        parent=agent,
        at=(1, 30),
        events=[("start (backend.openai.chat.start)", {})],
    )
    assert (
        outline(database, agent, asks)
        == """\
agent | user: other {} => 21C
  prompt* gpt-4o-mini 42>17 cached=12 | user: Weather? => call get_weather {"city": "Paris"} #call_1
= ok calls=1 42>17 cached=12 cost=0.5"""
    )


def test_openai_agents(database: StoreDatabase) -> None:
    flow = span("Agent workflow", kind("AGENT"), at=(0, 100))
    agent = span(
        "triage", kind("AGENT", **{"graph.node.id": "triage", "agent.name": "triage"}), parent=flow, at=(1, 40)
    )
    answer = {
        "id": "resp_oi_1",
        "model": "gpt-4o-mini-2024-07-18",
        "output": [{"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": WEATHER}],
    }
    asks = span(
        "response",
        kind(
            "LLM",
            **{"llm.system": "openai", "output.value": json.dumps(answer)},
            **{"llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": "Weather?"},
            **called("get_weather", WEATHER),
            **counted(**{"prompt_details.cache_read": 12, "completion_details.reasoning": 5}),
        ),
        parent=agent,
        at=(2, 20),
    )
    tool = span(
        "get_weather",
        kind("TOOL", **{"tool.name": "get_weather", "input.value": WEATHER, "output.value": "Paris: 21C"}),
        parent=agent,
        at=(21, 25),
    )
    hands = span(
        "handoff to weather",
        kind("TOOL", **{"input.value": "triage", "output.value": "weather"}),
        parent=agent,
        at=(26, 27),
    )
    assert (
        outline(database, flow, agent, asks, tool, hands)
        == """\
agent
  agent triage
    prompt* gpt-4o-mini 42>17 cached=12 reasoned=5
        | user: Weather?
        => call get_weather {"city": "Paris"} #call_1
    tool get_weather | {"city": "Paris"} => Paris: 21C
    decision | triage => weather
= ok agent=triage calls=1 tools=1 42>17 cached=12 reasoned=5 cost=1.56e-05"""
    )


def test_google_adk(database: StoreDatabase) -> None:
    run = span(
        "invocation [app]",
        kind("CHAIN", **{"input.value": "{}", "session.id": "s-1", "user.id": "u-1"}),
        at=(0, 100),
    )
    agent = span(
        "agent_run [weather_agent]",
        kind("AGENT", **{"agent.name": "weather_agent", "session.id": "s-1", "user.id": "u-1"}),
        parent=run,
        at=(1, 99),
    )
    asks = span(
        "call_llm",
        kind(
            "LLM",
            **asked("Weather?"),
            **called("get_weather", WEATHER),
            **counted("gemini-2.5-flash"),
            **{"gen_ai.operation.name": "generate_content", "gcp.vertex.agent.llm_request": "{}"},
        ),
        parent=agent,
        at=(2, 30),
    )
    tool = span(
        "execute_tool get_weather",
        kind(
            "TOOL",
            **{
                "tool.name": "get_weather",
                "tool.parameters": WEATHER,
                "input.value": WEATHER,
                "output.value": '{"id": "1", "name": "get_weather", "response": {"result": "Paris: 21C"}}',
                "gen_ai.operation.name": "execute_tool",
                "gcp.vertex.agent.tool_call_args": WEATHER,
                "gcp.vertex.agent.tool_response": '{"result": "Paris: 21C"}',
            },
        ),
        parent=asks,
        at=(31, 40),
    )
    assert (
        outline(database, run, agent, asks, tool)
        == """\
other | user: other {}
  agent weather_agent
    prompt* gemini-2.5-flash 42>17 | user: Weather? => call get_weather {"city": "Paris"} #call_1
      tool get_weather | {"city": "Paris"} => {"result": "Paris: 21C"}
= ok agent=weather_agent session=s-1 user=u-1 calls=1 tools=1 42>17 cost=5.51e-05"""
    )
