"""What the programs share: tools to call, threads to wait for, and the line that records them."""

from __future__ import annotations

import sys
import threading
from typing import Any

import playhead


@playhead.tool
def tool(number: int) -> int:
    return number + 1


@playhead.agent
def agent(number: int) -> int:
    return sum(tool(number) for _ in range(3))


def at_once(worker: Any, count: int) -> None:
    to_their_end([threading.Thread(target=worker, args=(number,)) for number in range(count)])


def to_their_end(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def record() -> None:
    playhead.init(service="stress", journal=sys.argv[1], send=False, record="exact")
