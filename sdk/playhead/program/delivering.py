"""Where a program's journals go once it has ended: to a collector, within a time that people wait for."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playhead.journal.endpoint import Endpoint
from playhead.journal.folder import leftovers

_SEND_WITHIN_S = 10.0
_ANSWERS_WITHIN_S = 1.0


def answers(endpoint: Endpoint) -> bool:
    parts = urlsplit(endpoint.url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), _ANSWERS_WITHIN_S).close()
    except (OSError, ValueError):
        return False
    return True


def waiting() -> Callable[[float], bool]:
    """How a shipper waits between its tries: False once there is no time left."""
    until = time.monotonic() + _SEND_WITHIN_S

    def wait(seconds: float) -> bool:
        left = until - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))
        return left > 0

    return wait


def deliver(root: Path, endpoint: Endpoint) -> bool:
    """Sends what processes that are gone left under `root`; whether all of it was taken, and is gone from there."""
    from playhead.journal.sender import Sender
    from playhead.journal.shipper import ship_leftovers

    with contextlib.closing(Sender(endpoint)) as sender:
        ship_leftovers(leftovers(root), sender, waiting())
    return not any(root.iterdir())
