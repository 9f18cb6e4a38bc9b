"""What recording adds to a server's request: `make bench-servers`, one line of JSON.

A FastAPI application under uvicorn and asyncio's loop, asked over eight connections that stay open; `plain` answers at
once, `body` reads a body of 1 KB and answers 1 KB. CPU time of the server's process for one request, and the bytes that
its journal has of it. `off` has no recorder; with any, FastAPI finds a TracerProvider and makes spans. Each level in a
process of its own, in turns, the median of three.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2

LEVELS = ("off", "steps", "wire", "exact")
REQUESTS, CONNECTIONS, TIMES = 1500, 8, 3

_SERVER = """
import os
if os.environ["LEVEL"] != "off":
    import playhead
    playhead.init(service="bench", journal=os.environ["JOURNAL"], send=False, record=os.environ["LEVEL"])
from fastapi import FastAPI, Request
from fastapi.responses import Response
app = FastAPI()

@app.get("/plain")
async def plain():
    return Response("ok")

@app.post("/body")
async def body(request: Request):
    return Response(await request.body())
"""


def main() -> None:
    found: dict[str, dict[str, list[float]]] = {level: {} for level in LEVELS}
    for _ in range(TIMES):
        for level in LEVELS:
            for name, figure in _measured(level).items():
                found[level].setdefault(name, []).append(figure)
    print(
        json.dumps({level: {name: statistics.median(them) for name, them in of.items()} for level, of in found.items()})
    )


def _measured(level: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder), level) as (process, url):
        for what, body in (("plain", None), ("body", b"x" * 1024)):
            _ask(url, what, body, 200)  # until everything is loaded
            before, size = _cpu_s(process), _size(Path(folder))
            _ask(url, what, body, REQUESTS)
            figures[f"{what}_cpu_us"] = round((_cpu_s(process) - before) / REQUESTS * 1e6)
            figures[f"{what}_bytes"] = round((_size(Path(folder)) - size) / REQUESTS)
    return figures


@contextmanager
def _serving(folder: Path, level: str) -> Iterator[tuple[int, str]]:
    (folder / "server.py").write_text(_SERVER)
    words = [sys.executable, "-m", "uvicorn", "server:app", "--port", "0", "--loop", "asyncio", "--no-access-log"]
    told = {**os.environ, "LEVEL": level, "JOURNAL": str(folder / "journal")}
    with subprocess.Popen(words, cwd=folder, env=told, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while (found := re.search(r"running on (http://[\d.:]+)", said)) is None:
            said += process.stderr.readline()
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        try:
            yield process.pid, found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            reader.join()


def _ask(url: str, what: str, body: bytes | None, requests: int) -> None:
    def connection(_: int) -> None:
        with httpx2.Client() as client:
            for _ in range(requests // CONNECTIONS):
                client.request("GET" if body is None else "POST", f"{url}/{what}", content=body).raise_for_status()

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        list(threads.map(connection, range(CONNECTIONS)))


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("journal/**/*") if file.is_file())


if __name__ == "__main__":
    main()
