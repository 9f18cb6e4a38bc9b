"""`python one_shot.py NAME`: one program that begins, asks its provider, prints all that it saw, and ends.

Without a line of Playhead: `playhead record` records it, and other packages run it as it is. Most programs are the
engine's own (tests/sdk/engine/programs); here is what needs a whole process, or many steps.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import httpx2
from tests.sdk.engine import programs

seen = programs.seen


def long_run(url: str) -> Any:
    """2,000 steps, each asked with what the one before had answered."""
    last = 0
    with httpx2.Client() as client:
        for turn in range(2000):
            last = client.post(url, json={"prompt": f"turn {turn} after {last}", "delay": 0}).json()["answer"]
    return last


def polls_and_pages(url: str) -> Any:
    """Asks the same until it is ready, and for the next page until there is none."""
    with httpx2.Client() as client:
        while client.post(url, json={"prompt": "ready?", "delay": 0.001}).json()["answer"] % 5:
            seen.append("not yet")
        page = 1
        while page % 7:
            page = client.post(url, json={"prompt": f"page {page}", "delay": 0.001}).json()["answer"]
            seen.append(page)
    return seen


SUBAGENT = """
import json, os, sys, random, urllib.request
said = []
for turn in range(3):
    body = json.dumps({"prompt": f"{sys.argv[1]} {turn} {said}"}).encode()
    said.append(json.load(urllib.request.urlopen(os.environ["PROVIDER"], body))["answer"])
print(json.dumps([said, random.random()]))
"""


def subagents(url: str) -> Any:
    """Agents in processes of their own, side by side, each of which asks the provider itself."""

    async def one(name: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SUBAGENT, name, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        seen.append([name, json.loads(out), len(seen)])

    async def main() -> None:
        await asyncio.gather(*(one(name) for name in "abc"))

    asyncio.run(main())
    return [seen, programs.ask(url, f"sum up {seen}")]


def killed(url: str) -> Any:
    """Goes on for longer than whoever kills it waits. What it has seen goes out as it sees it."""

    async def worker(client: httpx2.AsyncClient, number: int) -> None:
        for turn in range(2000):
            print(number, turn, await programs.ask_async(client, url, f"{number} {turn}"), flush=True)

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(worker(client, number) for number in range(4)))

    asyncio.run(main())


if __name__ == "__main__":
    name = sys.argv[1]
    told = (globals().get(name) or getattr(programs, name))(os.environ["PROVIDER"])
    print(json.dumps(told))
