"""What the steps of a program must say, by what the provider knows of the requests that it got."""

from __future__ import annotations

import json
from typing import Any

from tests.sdk.frameworks.recorded import Recorded, Request

ERROR = 2  # OTLP's code
_FINISHES = {True: {"tool_calls", "tool_call", "tool_use", "STOP"}, False: {"stop", "end_turn", "STOP"}}

Step = dict[str, Any]


def problems(recorded: Recorded) -> list[str]:
    """Everything that is not as it must be; empty where all is."""
    found = [problem for pair in pairs(recorded) for problem in compared(*pair, left=recorded.is_left)]
    if len(recorded.calls) != len(recorded.asked):
        found.append(f"{len(recorded.asked)} requests reached the provider, {len(recorded.calls)} steps tell of one")
    if recorded.returned is None:
        found.append("it returned nothing")
    if recorded.replayed != recorded.returned:
        found.append("its replay returned something else")
    if recorded.left != [0, 0]:
        found.append(f"of its recording was left over (not asked for, not delivered): {recorded.left}")
    return found


def pairs(recorded: Recorded) -> list[tuple[Request, Step]]:
    """Each request with its step: by the answer's id where there is one, else in order."""
    rest = list(recorded.calls)
    made: list[tuple[Request, Step]] = []
    unknown = []
    for request in recorded.asked:
        said = request.said
        step = next((one for one in rest if said and said.id in str(one.get("gen_ai.response.id"))), None)
        if step is None:
            unknown.append(request)
        else:
            rest.remove(step)
            made.append((request, step))
    return made + list(zip(unknown, rest, strict=False))


def compared(request: Request, step: Step, *, left: bool) -> list[str]:
    found: list[str] = []

    def expect(what: str, wanted: object, seen: object) -> None:
        if wanted != seen:
            found.append(f"{step['name']}: {what} is {seen!r} and not {wanted!r}")

    said, mishap = request.said, request.mishap
    streamed = request.streamed
    text, calls = answer_of(step)
    expect("request.stream", streamed or None, step.get("gen_ai.request.stream"))
    if request.body.get("model"):
        expect("the model", request.body["model"], step.get("gen_ai.request.model"))
    if step["playhead.kind"] == "retrieval":
        expect("the operation", "embeddings", step.get("gen_ai.operation.name"))
        expect("the output", None, step.get("gen_ai.output.messages"))
        assert said is not None
        expect("input tokens", said.tokens_in, step.get("gen_ai.usage.input_tokens"))
        return found
    expect("whether it knows what was asked", True, bool(json.loads(step["gen_ai.input.messages"])))
    expect("whether it knows the tools", request.offers_tools, "gen_ai.tool.definitions" in step)
    if mishap is not None and mishap.status is not None:
        expect("its status", ERROR, step["status"])
        expect("its answer", ("", []), (text, calls))
        expect("its error's type", True, bool(step.get("error.type")))
        expect("output tokens", None, step.get("gen_ai.usage.output_tokens"))
        return found
    assert said is not None
    if mishap is not None or left:
        expect("its status", ERROR if mishap is not None else 0, step["status"])
        expect("whether it is cut", streamed or None, step.get("playhead.cut"))
        expect("whether its text is a beginning", True, said.text.startswith(text))
        expect("output tokens", None, step.get("gen_ai.usage.output_tokens"))
        expect("the finish", None, step.get("gen_ai.response.finish_reasons"))
        return found
    expect("its status", 0, step["status"])
    expect("its text", said.text, text)
    expect("its calls", [(call.name, call.arguments) for call in said.calls], calls)
    (finish,) = step["gen_ai.response.finish_reasons"]
    expect("whether the finish is known", True, finish in _FINISHES[bool(said.calls)])
    tokens = step.get("gen_ai.usage.input_tokens"), step.get("gen_ai.usage.output_tokens")
    expect("the tokens", (said.tokens_in + request.cached, said.tokens_out) if request.counts else (None, None), tokens)
    return found


def answer_of(step: Step) -> tuple[str, list[tuple[str, Any]]]:
    text, calls = "", []
    for message in json.loads(step.get("gen_ai.output.messages", "[]")):
        for part in message["parts"]:
            if part["type"] == "text":
                text += part["content"]
            elif part["type"] == "tool_call":
                calls.append((part["name"], part["arguments"]))
    return text, calls
