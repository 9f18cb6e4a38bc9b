"""Two streams at once, one of them left before its end."""

import asyncio
import os

import httpx2


async def read(client: httpx2.AsyncClient, most: int) -> list[str]:
    lines: list[str] = []
    async with client.stream("POST", os.environ["PROVIDER"], json={"stream": 8}) as answer:
        async for line in answer.aiter_lines():
            lines += [line] if line else []
            if len(lines) == most:
                break
    return lines


async def main() -> None:
    async with httpx2.AsyncClient(timeout=60) as client:
        print(await asyncio.gather(read(client, 8), read(client, 3)))


asyncio.run(main())
