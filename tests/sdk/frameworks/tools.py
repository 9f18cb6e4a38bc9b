"""Two tools as any framework is given them: one it may call in a thread, one in its loop."""

from __future__ import annotations

import asyncio

import playhead


@playhead.tool
def weather(city: str, days: int) -> str:
    """The weather of a city."""
    return f"{days} days of rain in {city}"


@playhead.tool
async def news(city: str) -> str:
    """The news of a city."""
    await asyncio.sleep(0)
    return f"nothing happened in {city}"
