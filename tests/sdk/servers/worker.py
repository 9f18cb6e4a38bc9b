"""A long-lived process without a server: thirty calls of an agent, some of them side by side, over one shared cache."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import httpx2

import playhead

playhead.init(service="worker", journal=os.environ["JOURNAL"], send=False)

PROVIDER = os.environ["PROVIDER"]
cache: dict[int, Any] = {}


@playhead.agent
async def answer(client: httpx2.AsyncClient, number: int) -> Any:
    if number % 7 not in cache:
        cache[number % 7] = (await client.post(PROVIDER, json={"prompt": f"fact {number % 7}"})).json()
    asked = [f"{number} {cache[number % 7]} {part}" for part in "ab"]
    answers = await asyncio.gather(*[client.post(PROVIDER, json={"prompt": prompt}) for prompt in asked])
    return [reply.json() for reply in answers]


async def main() -> None:
    said: list[Any] = []
    async with httpx2.AsyncClient(timeout=30) as client:
        for round_of in range(0, 30, 6):
            one = await answer(client, round_of)
            rest = await asyncio.gather(*[answer(client, round_of + more) for more in range(1, 6)])
            said += [one, *rest]
            print(json.dumps(said), flush=True)


asyncio.run(main())
