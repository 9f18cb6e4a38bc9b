"""What a program for a proof of the SDK counts of itself, and the tools that it calls."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import playhead

# Of the program itself; `sys.exit` in the middle must not keep it from being said.
SAID: dict[str, Any] = {}


@playhead.tool
def work(number: int) -> int:
    return number + 1


@playhead.tool
async def work_async(number: int) -> int:
    await asyncio.sleep(0.001)
    return number + 1


def init(**more: Any) -> None:
    endpoint = os.environ.get("COLLECTOR") or None
    playhead.init(
        service=sys.argv[1], endpoint=endpoint, journal=os.environ["JOURNAL"], send=endpoint is not None, **more
    )


def say() -> None:
    print(json.dumps(SAID), flush=True)
    SAID.clear()
