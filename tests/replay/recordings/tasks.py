"""Tasks that race, run out of time, hand work to each other, and read two streams, one of which is left."""

import asyncio
import os
import random

import httpx2

URL = os.environ["PROVIDER"]


async def ask(client: httpx2.AsyncClient, words: str) -> int:
    answer: int = (await client.post(URL, json={"prompt": words})).json()["answer"]
    return answer


async def read(client: httpx2.AsyncClient, most: int) -> int:
    count = 0
    async with client.stream("POST", URL, json={"stream": 8}) as answer:
        async for line in answer.aiter_lines():
            count += bool(line)
            if count == most:
                break
    return count


async def worker(client: httpx2.AsyncClient, work: asyncio.Queue[int], found: list[int]) -> None:
    while not work.empty():
        number = await work.get()
        await asyncio.sleep(random.random() * 0.01)
        found.append(await ask(client, f"{number} after {found[-2:]}"))


async def main() -> None:
    async with httpx2.AsyncClient(timeout=60) as client:
        work: asyncio.Queue[int] = asyncio.Queue()
        for number in range(9):
            work.put_nowait(number)
        found: list[int] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(worker(client, work, found))
        print(found)
        first, later = await asyncio.wait(
            [asyncio.create_task(ask(client, f"race {number}")) for number in range(4)],
            return_when=asyncio.FIRST_COMPLETED,
        )
        print(len(first), [await one for one in asyncio.as_completed(later)])
        try:
            async with asyncio.timeout(0.02):
                await asyncio.gather(ask(client, "soon"), asyncio.sleep(60))
        except TimeoutError:
            print("out of time")
        print(await asyncio.gather(read(client, 8), read(client, 3)))


asyncio.run(main())
