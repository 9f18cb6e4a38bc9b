"""Twelve tasks that race; what one says depends on who came before it."""

import asyncio
import os

import httpx2

seen: list[int] = []


async def worker(client: httpx2.AsyncClient, number: int) -> None:
    for turn in range(2):
        said = {"prompt": f"worker {number}, turn {turn}, after {seen[-1:]}"}
        seen.append((await client.post(os.environ["PROVIDER"], json=said)).json()["answer"])


async def main() -> None:
    async with httpx2.AsyncClient(timeout=60) as client:
        await asyncio.gather(*(worker(client, number) for number in range(12)))
    print(len(seen), seen[-1])


asyncio.run(main())
