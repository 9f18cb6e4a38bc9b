"""What a command has made on the way (folders of a replay, worktrees) is removed also where it is told to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cleaned_up_when_ended() -> Iterator[None]:
    """SIGTERM and SIGHUP leave as an exit does, with the status that a shell would give to them."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
