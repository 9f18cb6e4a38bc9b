# ruff: noqa: E501 - a table, with a change a line
"""Programs, and what is changed of them or of their recordings: each must be told, and at the right step.

`at` is where it must show, from 1: in the step that is changed, or where its answer is used next. None: before anything
is executed, since the recording itself is not whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Lines = list[list[Any]]

CLERK = """
import os, time, uuid
import playhead
playhead.init(service="clerk")
import requests
URL = os.environ["PROVIDER"] + "/v1/chat/completions"

@playhead.tool
def weather(city, days=3):
    return f"{days} days of rain in {city}"

@playhead.tool
def news(city):
    return f"nothing happened in {city}, {uuid.uuid4()}"

def ask(messages):
    body = {"model": "gpt-5", "messages": messages, "temperature": 0.2}
    return requests.post(URL, json=body, timeout=20).json()["choices"][0]["message"]["content"]

@playhead.agent(name="clerk")
def clerk(city):
    messages = [{"role": "system", "content": "Be brief."}]
    for turn in range(3):
        found = weather(city)
        heard = news(city)
        messages.append({"role": "user", "content": f"turn {turn} at {time.time()}: {found}, {heard}"})
        messages.append({"role": "assistant", "content": ask(messages)})
    return messages[-1]["content"]

print(clerk("Bern"))
"""
# Its steps: 1 the agent; 2 weather, 3 news, 4 prompt; 5, 6, 7; 8, 9, 10.

SWARM = """
import asyncio, json, os
import httpx2
import playhead
playhead.init(service="swarm")
URL = os.environ["PROVIDER"]

async def ask(client, prompt):
    return (await client.post(URL + "/v1/chat/completions", json={"model": "gpt-5", "messages": [
        {"role": "user", "content": prompt}]})).json()["choices"][0]["message"]["content"]

async def read(client, prompt):
    said = ""
    body = {"model": "gpt-5", "stream": True, "messages": [{"role": "user", "content": prompt}]}
    async with client.stream("POST", URL + "/v1/chat/completions", json=body) as answer:
        async for line in answer.aiter_lines():
            said += line
    return said

@playhead.agent(name="swarm")
async def swarm():
    async with httpx2.AsyncClient() as client:
        firsts = await asyncio.gather(*(ask(client, f"worker {number}") for number in range(4)))
        stream = await read(client, "tell me")
        return await asyncio.gather(*(ask(client, f"and then? {first} {len(stream)}") for first in firsts), ask(client, stream))

print(asyncio.run(swarm()))
"""
# Its steps: 1 the agent; 2 to 5 the workers; 6 the stream; 7 to 11 what follows.


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    program: str
    change: Callable[[str], str] | Callable[[Lines], None]
    of_code: bool
    at: tuple[int, ...] | None


def code(program: str, name: str, before: str, after: str, *at: int) -> Mutant:
    def change(text: str) -> str:
        assert before in text, name
        return text.replace(before, after, 1)

    return Mutant(name, program, change, True, at)


def data(program: str, name: str, change: Callable[[Lines], None], *at: int, damaged: bool = False) -> Mutant:
    return Mutant(name, program, change, False, None if damaged else at)


def records(lines: Lines, *begin: Any) -> list[Any]:
    """The engine's records that begin with this word and, after the run where one has it, these fields."""
    word, *fields = begin
    found = [line[2] for line in lines if line[0] == "r" and line[2][0] == word]
    skip = 2 if word in ("f", "b") else 1
    return [one for one in found if one[skip : skip + len(fields)] == list(fields)]


def line_of(lines: Lines, record: Any) -> int:
    return next(place for place, line in enumerate(lines) if line[0] == "r" and line[2] is record)


def drop(*begin: Any, which: int = 0) -> Callable[[Lines], None]:
    return lambda lines: lines.remove(lines[line_of(lines, records(lines, *begin)[which])])


def twice(*begin: Any, which: int = 0) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        place = line_of(lines, records(lines, *begin)[which])
        lines.insert(place, lines[place])

    return change


def outcome(value: Any, *begin: Any, which: int = 0) -> Callable[[Lines], None]:
    """Another answer; the place of an outcome is the same in no two words."""

    def change(lines: Lines) -> None:
        record = records(lines, *begin)[which]
        place = {"f": 6, "c": 4}[record[0]]
        assert record[place] != value
        record[place] = value

    return change


def answer(which: int, before: str, after: str) -> Callable[[Lines], None]:
    """Other words in the answer to an exchange, wherever they are kept."""

    def change(lines: Lines) -> None:
        body = records(lines, "c")
        exchange = [one for one in body if one[2] == "http"][which][4][1][4][0]
        key = exchange["pieces"][-1]
        (piece,) = [one for one in records(lines, "p") if one[1] == key]
        assert before in piece[2], piece
        piece[2] = piece[2].replace(before, after)

    return change


def swapped(*begin: Any, field: int | None, first: int = 0, second: int = 1) -> Callable[[Lines], None]:
    """Two records change places, or one field of theirs does."""

    def change(lines: Lines) -> None:
        one, other = records(lines, *begin)[first], records(lines, *begin)[second]
        if field is None:
            here, there = line_of(lines, one), line_of(lines, other)
            lines[here], lines[there] = lines[there], lines[here]
        else:
            assert one[field] != other[field]
            one[field], other[field] = other[field], one[field]

    return change


def bodies_swapped(first: int, second: int) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        found = [one for one in records(lines, "c") if one[2] == "http"]
        one, other = found[first][4], found[second][4]
        assert one != other
        one[1], other[1] = other[1], one[1]

    return change


def said(step: int, key: str, change: Callable[[Any], Any]) -> Callable[[Lines], None]:
    """What a recorded step says of itself; `name` is its name."""

    def apply(lines: Lines) -> None:
        starts = [line for line in lines if line[0] == "s"]
        start = next(line for line in starts if line[7]["playhead.sequence"] == step - 1)
        end = next(line for line in lines if line[0] == "e" and line[2] == start[2])
        if key == "name":
            start[4] = end[3] = change(start[4])
            return
        of = start[7] if key in start[7] else end[7]
        of[key] = change(of[key])

    return apply


def chunk(which: int, change: Callable[[str], Any]) -> Callable[[Lines], None]:
    def apply(lines: Lines) -> None:
        found = [one for one in records(lines, "c") if one[2] == "chunk" and one[4][1] is not None]
        packed = found[which][4][1]
        if isinstance(packed[0], str):
            packed[0] = change(packed[0])
        else:
            (piece,) = [one for one in records(lines, "p") if one[1] == packed[0]["pieces"][0]]
            piece[2] = change(piece[2])

    return apply


def _json(change: Callable[[Any], Any]) -> Callable[[str], str]:
    return lambda text: json.dumps(change(json.loads(text)))


ASK = 'messages.append({"role": "assistant", "content": ask(messages)})'

MUTANTS = [
    # -- the code of a sequential agent with tools
    code("clerk", "system prompt", "Be brief.", "Be long.", 4),
    code("clerk", "prompt", "turn {turn} at", "Turn {turn} at", 4),
    code("clerk", "prompt from the second turn", "f\"turn {turn} at", "f\"turn {turn or 0} \" * (turn > 0) + f\"turn {turn} at", 7),
    code("clerk", "prompt of the last turn", "f\"turn {turn} at", "f\"turn {turn + turn // 2} at", 10),
    code("clerk", "model", "gpt-5", "gpt-4", 4),
    code("clerk", "temperature", "0.2", "0.3", 4),
    code("clerk", "one more parameter", "\"temperature\": 0.2", "\"temperature\": 0.2, \"seed\": 1", 4),
    code("clerk", "a message that is lost", ASK, "ask(messages)", 7),
    code("clerk", "the role of a message", "\"role\": \"user\"", "\"role\": \"developer\"", 4),
    code("clerk", "a tool's name", "def news", "def rumours", 3, 1),
    code("clerk", "a parameter's name", "def news(city)", "def news(place, city=\"Bern\")", 3),
    code("clerk", "a default", "days=3", "days=4", 2),
    code("clerk", "a parameter more that nobody passes or reads", "def weather(city, days=3)", "def weather(city, days=3, unit=\"C\")", 2),
    code("clerk", "a parameter that must be named", "def weather(city, days=3)", "def weather(city, *, days=3)", 2),
    code("clerk", "a tool's result", "days of rain", "days of sun", 2),
    code("clerk", "a tool that raises", "    return f\"{days} days", "    raise ValueError(city)\n    return f\"{days} days", 2),
    code("clerk", "an argument", "weather(city)\n", "weather(city + \"e\")\n", 2),
    code("clerk", "a tool without a decorator", "@playhead.tool\ndef weather", "def weather", 2),
    code("clerk", "calls in another order", "found = weather(city)\n        heard = news(city)", "heard = news(city)\n        found = weather(city)", 2),
    code("clerk", "a call less", "heard = news(city)", "heard = \"nothing\"", 3),
    code("clerk", "a call more", "heard = news(city)", "heard = news(city)\n        weather(city)", 4),
    code("clerk", "a turn less", "range(3)", "range(2)", 8, 1),
    code("clerk", "a turn more", "range(3)", "range(4)", 12),
    code("clerk", "another endpoint", "/v1/chat/completions", "/v1/chat/completions?v=2", 4),
    code("clerk", "another variable of the environment", "os.environ[\"PROVIDER\"]", "os.environ.get(\"PROVIDER_2\", \"\") + os.environ[\"PROVIDER\"]", 0, 1),
    code("clerk", "one more look at the clock", "found = weather(city)", "time.time()\n        found = weather(city)", 4),
    code("clerk", "a sleep more", "found = weather(city)", "time.sleep(0)\n        found = weather(city)", 1),
    code("clerk", "another clock", "{time.time()}", "{time.monotonic()}", 4, 3),
    code("clerk", "no uuid", "{uuid.uuid4()}", "{city}", 3),
    code("clerk", "one more uuid", "{uuid.uuid4()}", "{uuid.uuid4()} {uuid.uuid4()}", 3),
    code("clerk", "the agent's argument", "clerk(\"Bern\")", "clerk(\"Thun\")", 1),
    code("clerk", "the agent's name", "agent(name=\"clerk\")", "agent(name=\"clark\")", 1),
    code("clerk", "the agent's result", "return messages[-1][\"content\"]", "return messages[-1]", 1),
    code("clerk", "an error at the end", "return messages[-1][\"content\"]", "raise ValueError(messages)", 1),
    code("clerk", "asked in a thread", ASK, "import threading\n        thread = threading.Thread(target=lambda: " + ASK + ")\n        thread.start(); thread.join()", 3, 4),
    code("clerk", "it writes to a socket", "found = weather(city)", "__import__(\"socket\").create_connection((\"127.0.0.1\", 9))\n        found = weather(city)", 1),
    code("clerk", "it starts a process", "found = weather(city)", "os.system(\"true\")\n        found = weather(city)", 1),
    code("clerk", "it reads a file", "found = weather(city)", "open(__file__).read()\n        found = weather(city)", 1),
    # -- its recording
    data("clerk", "an answer's words", answer(0, "Answer", "Reply"), 4),
    data("clerk", "the last answer's words", answer(2, "Answer", "Reply"), 10),
    data("clerk", "an answer's finish", answer(1, "\"stop\"", "\"length\""), 7),
    data("clerk", "two answers change places", bodies_swapped(0, 2), 4),
    data("clerk", "an answer became an error", outcome(["!", ["builtins", "ValueError", ["x"], "x"]], "c", "0", "http"), 4),
    data("clerk", "a look at the clock", outcome(["=", 1.0], "f", "0", "time.time", which=0), 4),
    data("clerk", "an entropy", outcome(["=", "00" * 16], "f", "0", "os.urandom", which=1), 6),
    data("clerk", "a variable of the environment", outcome(["=", "http://127.0.0.1:1"], "f", "0", "environment", "PROVIDER"), 4),
    data("clerk", "a clock is missing", drop("f", "0", "time.time", which=1), damaged=True),
    data("clerk", "a clock is there twice", twice("f", "0", "time.time", which=1), damaged=True),
    data("clerk", "an exchange is missing", drop("b", "0", "http", which=1), damaged=True),
    data("clerk", "an answer is missing", drop("c", "0", "http", which=1), damaged=True),
    data("clerk", "an answer is there twice", twice("c", "0", "http", which=1), damaged=True),
    data("clerk", "the last entropy is missing", drop("f", "0", "os.urandom", which=2), damaged=True),
    data("clerk", "two exchanges change places", swapped("b", "0", "http", field=None), damaged=True),
    data("clerk", "two fingerprints change places", swapped("b", "0", "http", field=4), 4),
    data("clerk", "a step's arguments", said(2, "gen_ai.tool.call.arguments", _json(lambda _: {"city": "Genf", "days": 3})), 2),
    data("clerk", "a step's result", said(5, "gen_ai.tool.call.result", lambda _: "5 days of rain in Bern"), 5),
    data("clerk", "a step's name", said(6, "name", lambda name: name + "s"), 6),
    data("clerk", "the run's result", said(1, "output.value", lambda _: "Answer 9"), 1),
    data("clerk", "a prompt's tokens", said(7, "gen_ai.usage.output_tokens", lambda count: count + 1), 7),
    # -- the code of an agent that does many things at once
    code("swarm", "a worker more", "range(4)", "range(5)", 1, 2, 6),
    code("swarm", "a worker less", "range(4)", "range(3)", 4, 5),
    code("swarm", "the workers' order", "for number in range(4)", "for number in reversed(range(4))", 2),
    code("swarm", "one after the other", "await asyncio.gather(*(ask(client, f\"worker {number}\") for number in range(4)))", "[await ask(client, f\"worker {number}\") for number in range(4)]", 2, 1),
    code("swarm", "the stream first", "firsts = await", "stream = await read(client, \"tell me\")\n        firsts = await", 2, 6, 1),
    code("swarm", "the stream's prompt", "\"tell me\"", "\"tell me!\"", 6),
    code("swarm", "a stream that is left early", "            said += line", "            said += line\n            break", 6),
    code("swarm", "a whole answer for a stream", "\"stream\": True", "\"stream\": False", 6),
    code("swarm", "what follows in another order", "for first in firsts), ask(client, stream)", "for first in firsts[::-1]), ask(client, stream)", 7),
    # -- its recording
    data("swarm", "two lanes' answers change places", bodies_swapped(0, 3), 2, 3, 4, 5),
    data("swarm", "two neighbours' answers change places", bodies_swapped(1, 2), 2, 3, 4, 5),
    data("swarm", "a chunk's words", chunk(2, lambda text: text.replace("\"content\": \"", "\"content\": \"x", 1)), 6),
    data("swarm", "a chunk is gone", drop("c", "0/1#0", "chunk", which=2), damaged=True),
    data("swarm", "two chunks change places", swapped("c", "0/1#0", "chunk", field=4, first=1, second=3), 6),
    data("swarm", "a stream that breaks off", outcome(["!", ["httpx2", "ReadError", ["x"], "x"]], "c", "0/1#0", "chunk", which=2), 6),
    data("swarm", "a lane's answer is gone", drop("c", "0/1/1", "http"), damaged=True),
    data("swarm", "a lane's request is gone", drop("b", "0/1/2", "http"), damaged=True),
    data("swarm", "a lane's fingerprint", swapped("b", field=4, first=0, second=1), 2, 3),
]  # fmt: skip

# Changes that are no other run: identical is right.
EQUIVALENT = [
    code("clerk", "a header", "timeout=20", "timeout=20, headers={\"x-trace\": \"1\"}", 0),
    code("clerk", "a time limit", "timeout=20", "timeout=30", 0),
    code("clerk", "a local name", "found = weather(city)", "found = it = weather(city)", 0),
    code("clerk", "a word on stderr", "found = weather(city)", "__import__(\"sys\").stderr.write(\"x\")\n        found = weather(city)", 0),
]  # fmt: skip
