"""What recording costs an agent that does many things at once: `make bench-discipline`, one line of JSON.

Fifty tasks call a provider that answers after 30 ms, and compute for a while after each answer; sixteen threads only
compute between calls. Each level in a process of its own: `off`, `wire`, `exact`. `ms` are of one call as the agent
sees it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

TASKS, CALLS = 50, 12
THREADS = 16
COSTS_MS = (0.2, 1.0, 3.0)
LEVELS = ("off", "wire", "exact")
ANSWER_AFTER = 0.03


def main() -> None:
    provider = subprocess.Popen([sys.executable, "-m", "tests.bench.discipline", "provide"], stdout=subprocess.PIPE)
    assert provider.stdout is not None
    url = provider.stdout.readline().decode().strip()
    try:
        figures: dict[str, Any] = {}
        for work in (*(f"tasks:{cost}" for cost in COSTS_MS), "threads:3.0"):
            figures[work] = {level: _child(level, work, url) for level in LEVELS}
        print(json.dumps(figures))
    finally:
        provider.kill()
        provider.wait()


def _child(level: str, work: str, url: str) -> dict[str, float]:
    words = [sys.executable, "-m", "tests.bench.discipline", "work", level, work, url]
    found: dict[str, float] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return found


def work(level: str, what: str, url: str) -> None:
    from time import perf_counter

    import httpx2  # noqa: F401 - imported by the agent
    import requests

    from playhead.lanes.engine import Engine
    from playhead.lanes.sink import FileSink

    clock = [perf_counter]  # in a list, where no patch finds it: this clock is ours, not the agent's
    kind, cost = what.split(":")
    with tempfile.TemporaryDirectory() as folder:
        if level != "off":
            engine = Engine.recording(FileSink(Path(folder) / "journal"), "wire" if level == "wire" else "exact")
            engine.install()
        took: list[float] = []
        began = clock[0]()
        if kind == "tasks":
            asyncio.run(_tasks(url, float(cost) / 1000, took, clock[0]))
        else:

            def thread() -> None:
                for _ in range(CALLS):
                    at = clock[0]()
                    requests.post(url, json={"prompt": "x" * 500}, timeout=10)
                    took.append(clock[0]() - at)
                    _compute(float(cost) / 1000, clock[0])

            threads = [threading.Thread(target=thread) for _ in range(THREADS)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
        wall = clock[0]() - began
        if level != "off":
            engine.uninstall()
    took.sort()
    print(
        json.dumps(
            {
                "calls_per_s": round(len(took) / wall),
                "p50_ms": round(statistics.median(took) * 1000, 1),
                "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
            }
        )
    )


async def _tasks(url: str, cost: float, took: list[float], clock: Any) -> None:
    import httpx2

    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=TASKS)) as client:

        async def one() -> None:
            for _ in range(CALLS):
                at = clock()
                await client.post(url, json={"prompt": "x" * 500})
                took.append(clock() - at)
                _compute(cost, clock)

        await asyncio.gather(*(one() for _ in range(TASKS)))


def _compute(seconds: float, clock: Any) -> None:
    until = clock() + seconds
    while clock() < until:
        pass


async def _provide() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            await asyncio.sleep(ANSWER_AFTER)
            writer.write(
                b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"answer": 123}'
            )

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["provide"]:
        asyncio.run(_provide())
    elif sys.argv[1:2] == ["work"]:
        work(*sys.argv[2:])
    else:
        main()
