"""How a program asks its provider."""

from __future__ import annotations

from typing import Any

import httpx2
import requests


def ask(url: str, prompt: str, **how: Any) -> Any:
    answer = requests.post(url, json={"prompt": prompt, **how}, timeout=60)
    return answer.json()


async def ask_async(client: httpx2.AsyncClient, url: str, prompt: str, **how: Any) -> Any:
    answer = await client.post(url, json={"prompt": prompt, **how})
    return answer.json()
