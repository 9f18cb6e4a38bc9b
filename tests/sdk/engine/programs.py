"""Programs whose course depends on who answers first, and how. Each returns all that it saw, in the order it saw it."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import pathlib
import queue
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zoneinfo
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import requests

seen: list[Any] = []


def ask(url: str, prompt: str, **how: Any) -> Any:
    answer = requests.post(url, json={"prompt": prompt, **how}, timeout=10)
    return answer.json()


async def ask_async(client: httpx2.AsyncClient, url: str, prompt: str, **how: Any) -> Any:
    answer = await client.post(url, json={"prompt": prompt, **how})
    return answer.json()


def sequential(url: str) -> Any:
    last: Any = "start"
    for turn in range(12):
        last = ask(url, f"turn {turn} after {last}", delay=0)
        seen.append(last)
    return seen


def sequential_httpx(url: str) -> Any:
    with httpx2.Client() as client:
        last: Any = "start"
        for turn in range(8):
            last = client.post(url, json={"prompt": f"turn {turn} after {last}", "delay": 0}).json()
            seen.append(last)
    return seen


def gather_50(url: str) -> Any:
    async def worker(client: httpx2.AsyncClient, number: int) -> Any:
        await asyncio.sleep(random.random() * 0.01)
        first = await ask_async(client, url, f"worker {number}")
        seen.append([number, first])
        second = await ask_async(client, url, f"worker {number} after {first} and {len(seen)}")
        seen.append([number, second])
        return second

    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            return await asyncio.gather(*(worker(client, number) for number in range(50)))

    return [asyncio.run(main()), seen]


def races(url: str) -> Any:
    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            for done in asyncio.as_completed([ask_async(client, url, f"candidate {n}") for n in range(8)]):
                seen.append(await done)
            pending: set[asyncio.Task[Any]] = {asyncio.create_task(ask_async(client, url, f"r {n}")) for n in range(8)}
            while pending:
                finished, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                seen.append([[task.result() for task in finished], len(pending)])
                if len(pending) == 3:
                    for task in pending:
                        task.cancel()
                    await asyncio.gather(*pending, return_exceptions=True)
                    break
        return seen

    return asyncio.run(main())


def identical_prompts(url: str) -> Any:
    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            candidates = await asyncio.gather(*(ask_async(client, url, "the same") for _ in range(20)))
            best = max(candidates, key=lambda answer: answer["answer"])
            return [candidates, await ask_async(client, url, f"judge {best}")]

    return asyncio.run(main())


def threads(url: str) -> Any:
    lock = threading.Lock()

    def worker(number: int) -> None:
        answer = ask(url, f"thread {number}")
        with lock:
            seen.append([number, answer])
            place = len(seen)
        again = ask(url, f"thread {number} came as {place} after {answer}")
        with lock:
            seen.append([number, again])

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(12)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return seen


def executor(url: str) -> Any:
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(ask, url, f"job {number % 5}") for number in range(20)]
        for job in as_completed(jobs):
            seen.append([jobs.index(job), job.result()])
        pending = {pool.submit(ask, url, f"race {number}") for number in range(8)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            seen.append([[job.result() for job in done], len(pending)])
    return seen


def anyio_group(url: str) -> Any:
    async def main() -> Any:
        async with httpx2.AsyncClient() as client:

            async def racer(number: int, scope: anyio.CancelScope) -> None:
                seen.append([number, await ask_async(client, url, f"racer {number}", delay=0.03)])
                if len(seen) == 3:
                    scope.cancel()

            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(racer, number, group.cancel_scope)
            with anyio.move_on_after(0.01) as scope:
                seen.append(await ask_async(client, url, "late", delay=0.02))
            seen.append(scope.cancelled_caught)
            seen.append(await anyio.to_thread.run_sync(ask, url, "from a thread"))
        return seen

    return anyio.run(main)


def streams(url: str) -> Any:
    async def read(client: httpx2.AsyncClient, name: str, limit: int) -> None:
        async with client.stream("POST", url, json={"prompt": name, "stream": 10}) as answer:
            count = 0
            async for line in answer.aiter_lines():
                if line:
                    seen.append([name, line])
                    count += 1
                if count == limit:
                    break

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(read(client, "whole", 99), read(client, "abandoned", 3))
            seen.append(await ask_async(client, url, f"after {len(seen)} {seen[-1]}"))

    asyncio.run(main())
    with requests.post(url, json={"stream": 6}, stream=True, timeout=10) as answer:
        for line in answer.iter_lines():
            seen.append(line.decode())
    with requests.post(url, json={"stream": 6}, stream=True, timeout=10) as answer:
        for line in answer.iter_lines():
            seen.append(line.decode())
            if len(seen) % 2:
                break
    return seen


def retries(url: str) -> Any:
    async def one(client: httpx2.AsyncClient, number: int) -> Any:
        for attempt in range(10):
            answer = await client.post(url, json={"prompt": f"{number}", "fail": 0.5})
            seen.append([number, attempt, answer.status_code])
            if answer.status_code == 200:
                return answer.json()
            await asyncio.sleep(0.001 * 2**attempt * random.random())
        return None

    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            return await asyncio.gather(*(one(client, number) for number in range(10)))

    return [asyncio.run(main()), seen]


def timeouts(url: str) -> Any:
    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            for number in range(6):
                try:
                    async with asyncio.timeout(0.008):
                        seen.append(await ask_async(client, url, f"in time? {number}", delay=0.03))
                except TimeoutError:
                    seen.append("too late")
                try:
                    seen.append(await asyncio.wait_for(ask_async(client, url, f"or now? {number}", delay=0.03), 0.008))
                except TimeoutError:
                    seen.append("too late again")

    asyncio.run(main())
    return seen


def a_tool_that_raises(url: str) -> Any:
    async def tool(client: httpx2.AsyncClient, number: int) -> Any:
        answer = await ask_async(client, url, f"{number}")
        if answer["answer"] % 2:
            raise ValueError(answer)
        return answer

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            for answer in await asyncio.gather(*(tool(client, n) for n in range(10)), return_exceptions=True):
                seen.append(repr(answer))
            try:
                await client.post("http://127.0.0.1:9/nobody-listens", json={})
            except httpx2.ConnectError as error:
                seen.append([type(error).__name__, str(error)])
            try:
                async with asyncio.TaskGroup() as group:
                    for number in range(6):
                        group.create_task(tool(client, number))
            except* ValueError as errors:
                seen.append([str(error) for error in errors.exceptions])

    asyncio.run(main())
    return seen


def queues(url: str) -> Any:
    async def main() -> None:
        work: asyncio.Queue[Any] = asyncio.Queue(maxsize=3)

        async def producer(client: httpx2.AsyncClient, name: str) -> None:
            for number in range(5):
                await work.put([name, await ask_async(client, url, f"{name} {number}")])
            await work.put(None)

        async def consumer(client: httpx2.AsyncClient) -> None:
            ended = 0
            while ended < 3:
                item = await work.get()
                if item is None:
                    ended += 1
                    continue
                seen.append([item, await ask_async(client, url, f"about {item}", delay=0.002)])

        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(producer(client, name) for name in "abc"), consumer(client))

    asyncio.run(main())
    handed: queue.Queue[Any] = queue.Queue(2)

    def produce(name: str) -> None:
        for number in range(4):
            handed.put([name, ask(url, f"{name} {number}")])
            time.sleep(0.001)
        handed.put(None)

    makers = [threading.Thread(target=produce, args=(name,)) for name in "xyz"]
    for maker in makers:
        maker.start()
    ended = 0
    while ended < 3:
        try:
            item = handed.get(timeout=0.003)
        except queue.Empty:
            seen.append("waited")
            continue
        ended += item is None
        seen.append(item)
    return seen


def threads_and_loop(url: str) -> Any:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with httpx2.AsyncClient() as client:

            async def both(number: int) -> None:
                here = ask_async(client, url, f"loop {number}")
                there = asyncio.to_thread(ask, url, f"thread {number}")
                for done in asyncio.as_completed([here, there]):
                    seen.append([number, await done])
                seen.append([number, await loop.run_in_executor(None, ask, url, f"{number} after {len(seen)}")])

            await asyncio.gather(*(both(number) for number in range(8)))

    asyncio.run(main())
    return seen


def spinning(url: str) -> Any:
    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            tasks = [asyncio.create_task(ask_async(client, url, f"{n}", delay=0.02)) for n in range(4)]
            turns = 0
            while not all(task.done() for task in tasks):
                await asyncio.sleep(0)
                turns += 1
                seen.append(sum(task.done() for task in tasks))
            seen.append(turns)

    asyncio.run(main())
    return seen


def clocks_and_draws(url: str) -> Any:
    rng = random.Random()

    async def one(client: httpx2.AsyncClient, number: int) -> Any:
        prompt = [
            number,
            time.time(),
            time.monotonic_ns(),
            datetime.datetime.now().isoformat(),
            datetime.datetime.now(datetime.UTC).isoformat(),
            datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Zurich")).isoformat(),
            datetime.date.today().isoformat(),
            str(uuid.uuid4()),
            str(uuid.uuid1()),
            random.random(),
            random.sample(range(100), 3),
            secrets.token_hex(4),
            os.urandom(3).hex(),
            rng.random(),
            os.environ.get("HOME"),
            os.getpid(),
            time.strftime("%H:%M:%S"),
        ]
        seen.append([prompt, await ask_async(client, url, json.dumps(prompt))])
        return prompt

    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            return await asyncio.gather(*(one(client, number) for number in range(6)))

    return [asyncio.run(main()), seen]


def sets_of_strings(url: str) -> Any:
    words = {f"word {number}" for number in range(40)}

    async def main() -> Any:
        async with httpx2.AsyncClient() as client:
            return await asyncio.gather(*(ask_async(client, url, word) for word in words))

    return [list(words), asyncio.run(main())]


def killed_half_way(url: str) -> Any:
    async def main() -> None:
        async with httpx2.AsyncClient() as client:

            async def worker(number: int) -> None:
                for turn in range(100):
                    seen.append([number, turn, await ask_async(client, url, f"{number} {turn} {len(seen)}")])
                    if len(seen) == 60 and not os.environ.get("PLAYHEAD_TEST_SERVES"):
                        os.kill(os.getpid(), signal.SIGKILL)

            await asyncio.gather(*(worker(number) for number in range(8)))

    asyncio.run(main())


def preempted(url: str) -> Any:
    """Threads that compute for longer than the discipline lets them hold the token."""
    lock = threading.Lock()

    def worker(number: int) -> None:
        for turn in range(3):
            answer = ask(url, f"{number} {turn}", delay=0.02)
            total = sum(value * value for value in range(400_000 if number % 2 else 1000))
            with lock:
                seen.append([number, turn, answer, total])

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return sorted(seen, key=str)


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


def busy_loop(url: str) -> Any:
    """A loop and threads that compute longer than the discipline lets them hold the token, in turns."""

    def compute(size: int) -> int:
        return sum(value * value for value in range(size))

    async def one(client: httpx2.AsyncClient, number: int) -> None:
        for turn in range(2):
            answer = await ask_async(client, url, f"{number} {turn}")
            here = compute(500_000 if number % 3 == 0 else 1000)
            there = await asyncio.to_thread(compute, 500_000 if number % 2 else 1000)
            seen.append([number, turn, answer, here, there])

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(one(client, number) for number in range(6)))

    asyncio.run(main())
    return seen


def busy_and_given(url: str) -> Any:
    """A loop computes until a thread has given it something, and gives itself something before and after."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        begun, given = threading.Event(), [0]

        def give(number: int) -> None:
            begun.wait()
            loop.call_soon_threadsafe(seen.append, [number, "from a thread"])
            given[0] += 1

        def compute() -> None:
            begun.set()
            loop.call_soon(seen.append, "before")
            while given[0] < 2:  # nothing in here enters the engine: the token is taken from it
                pass
            loop.call_soon(seen.append, "after")

        threads = [threading.Thread(target=give, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        loop.call_soon(compute)
        await asyncio.sleep(0.001)
        for thread in threads:
            thread.join()

    asyncio.run(main())
    return seen


def woken_from_outside(url: str) -> Any:
    """Names are looked up in threads that are not the agent's, which wake the loop whenever they are done."""
    named = url.replace("127.0.0.1", "localhost")

    def compute(size: int) -> int:
        return sum(value * value for value in range(size))

    async def one(number: int) -> None:
        for turn in range(3):
            async with httpx2.AsyncClient() as client:
                answer = await ask_async(client, named, f"{number} {turn}")
            there = asyncio.to_thread(compute, 600_000)
            here = asyncio.create_task(there)
            await asyncio.sleep(0)
            seen.append([number, turn, answer, compute(600_000), await here])

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(2)))

    asyncio.run(main())
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
