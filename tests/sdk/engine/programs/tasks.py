"""Programs whose tasks race in one event loop."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import random
import secrets
import signal
import time
import uuid
import zoneinfo
from typing import Any

import httpx2
import requests
from tests.sdk.engine.programs.asking import ask, ask_async
from tests.sdk.engine.seen import seen


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
    with requests.post(url, json={"stream": 6}, stream=True, timeout=60) as answer:
        for line in answer.iter_lines():
            seen.append(line.decode())
    with requests.post(url, json={"stream": 6}, stream=True, timeout=60) as answer:
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
