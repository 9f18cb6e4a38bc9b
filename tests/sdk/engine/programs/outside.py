"""Programs of files and of other processes."""

from __future__ import annotations

import asyncio
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from tests.sdk.engine.programs.asking import ask, ask_async
from tests.sdk.engine.seen import seen


def files(url: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "notes.txt"
        seen.append(str(place))
        place.write_text(f"first {ask(url, 'what to write')}")
        with place.open("a") as file:
            file.write(" and more")
        seen.append(place.read_text())
        seen.append([place.exists(), (pathlib.Path(folder) / "absent").exists(), os.listdir(folder)])  # noqa: PTH208
        seen.append(place.stat().st_mtime_ns)
        (pathlib.Path(folder) / "sub").mkdir()
        place.rename(pathlib.Path(folder) / "sub" / "moved.txt")
        seen.append((pathlib.Path(folder) / "sub" / "moved.txt").read_bytes().decode())
        try:
            place.read_text()
        except FileNotFoundError as error:
            seen.append(repr(error) + str(error.filename))
        with tempfile.NamedTemporaryFile("w+") as scratch:
            scratch.write("scratch")
            scratch.seek(0)
            seen.append([scratch.name, scratch.read()])
    seen.append(pathlib.Path(folder).is_dir())
    return seen


def processes(url: str) -> Any:
    script = "import random, sys; print(random.random(), sys.stdin.read())"
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], input="hello", capture_output=True, text=True, check=True)
        seen.append([done.stdout, done.stderr, done.returncode])
    seen.append(subprocess.check_output(["date", "+%N"]).decode())
    try:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(9)"], timeout=0.05, check=True)
    except subprocess.TimeoutExpired as error:
        seen.append(str(error))
    try:
        subprocess.run(["no-such-program-here"], check=False)
    except FileNotFoundError as error:
        seen.append(str(error))
    server = "import sys, random\nfor line in sys.stdin: print(random.random(), line, end='', flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for turn in range(4):
            process.stdin.write(f"turn {turn} after {seen[-1]}\n".replace("\n", " ") + "\n")
            process.stdin.flush()
            seen.append(process.stdout.readline())
        process.stdin.close()
        seen.append(process.wait())
    return seen


def async_processes(url: str) -> Any:
    """Two servers on pipes, as MCP has them, asked side by side with a model; and a program that only runs."""
    script = (
        "import random, sys, time\nfor line in sys.stdin:\n    time.sleep(random.random() * 0.01)\n"
        "    print(random.random(), line, end='', flush=True)"
    )

    async def converse(client: httpx2.AsyncClient, name: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        for turn in range(4):
            process.stdin.write(f"{name} {turn} {len(seen)}\n".encode())
            await process.stdin.drain()
            seen.append((await process.stdout.readline()).decode())
            seen.append([name, await ask_async(client, url, f"{name} {seen[-1]}")])
        process.stdin.close()
        seen.append([name, await process.wait()])

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(converse(client, "a"), converse(client, "b"))
        ended = await asyncio.create_subprocess_shell(
            "cat; date +%N; exit 3", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await ended.communicate(b"fed ")
        seen.append([out.decode(), ended.returncode])
        done = await anyio.run_process([sys.executable, "-c", "import random; print(random.random())"])
        seen.append([done.stdout.decode(), done.returncode])

    asyncio.run(main())
    return seen
