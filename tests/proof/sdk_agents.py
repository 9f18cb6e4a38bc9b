"""Agents for the proofs of the SDK: they do what agents do until they are killed, and keep a log of their own of what
they saw. `python -m tests.proof.sdk_agents` forks one for each line it reads, with the imports done.

The log is written by a plain write after the agent has got a result, as the journal is before: both survive a kill, so
what is in the log must be in the journal.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import requests

import playhead

# Imported before any fork: an agent's life is short, and none of it is to pass here.
import playhead.recorder.recording
from playhead.effects import async_processes, audit, clock, entropy, environment, files, processes  # noqa: F401
from playhead.lanes import executors, garbage, loops, signals, tasks, threads, watch  # noqa: F401
from playhead.wire import httpx, urllib3  # noqa: F401


class Seen:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, what: str, value: str) -> None:
        os.write(self._file, (json.dumps([what, value]) + "\n").encode())


def live(journal: str, seen_at: str, provider: str, seed: int, level: Any) -> None:
    """Until somebody kills it."""
    playhead.init(service="dying", journal=journal, send=False, record=level)
    seen, draws = Seen(Path(seen_at)), random.Random(seed)
    chat = provider + "/v1/chat/completions"
    made = iter(range(1 << 60))

    def asked(text: str, *, stream: bool) -> dict[str, Any]:
        return {"model": "gpt-5", "messages": [{"role": "user", "content": text}], "stream": stream}

    @playhead.tool
    def work(text: str) -> str:
        return f"{text} is done"

    @playhead.tool
    async def work_async(text: str) -> str:
        await asyncio.sleep(draws.random() / 500)
        return f"{text} is done"

    @playhead.tool
    def counting(text: str) -> Any:
        for number in range(3):
            yield f"{text} {number}"

    def tools() -> None:
        for _ in range(5):
            seen.add("tool", work(f"work {next(made)}"))
        seen.add("tools", json.dumps(list(counting(f"count {next(made)}")), separators=(",", ":")))
        seen.add("draw", os.urandom(8).hex())
        name = f"state {next(made)}"
        playhead.state(name)
        seen.add("state", name)

    def prompts() -> None:
        answer = requests.post(chat, json=asked(f"ask {next(made)}", stream=False), timeout=10)
        seen.add("prompt", answer.json()["choices"][0]["message"]["content"])
        seen.add("tool", work(f"work {next(made)}"))

    async def asynchronous() -> None:
        async with httpx2.AsyncClient() as client:

            async def one() -> None:
                seen.add("tool", await work_async(f"work {next(made)}"))
                answer = await client.post(chat, json=asked(f"ask {next(made)}", stream=False))
                seen.add("prompt", answer.json()["choices"][0]["message"]["content"])

            async def stream() -> None:
                async with client.stream("POST", chat, json=asked(f"ask {next(made)}", stream=True)) as answer:
                    async for line in answer.aiter_lines():
                        if line:
                            seen.add("chunk", line)

            await asyncio.gather(*(one() for _ in range(3)), stream(), stream())

    def threaded() -> None:
        # With their run: threads do not inherit it.
        started = [
            threading.Thread(target=contextvars.copy_context().run, args=(one,))
            for one in (tools, prompts, tools, prompts)
        ]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    everything: tuple[Callable[[], None], ...] = (tools, prompts, lambda: asyncio.run(asynchronous()), threaded)

    @playhead.agent(name="dying")
    def turn() -> None:
        for _ in range(8):
            draws.choice(everything)()

    seen.add("begun", "")
    while True:
        turn()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        journal, seen, provider, seed, level = json.loads(line)
        child = os.fork()
        if not child:
            live(journal, seen, provider, seed, level)
        print(child, flush=True)


if __name__ == "__main__":
    main()
