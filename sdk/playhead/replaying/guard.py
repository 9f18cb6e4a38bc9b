"""Until the engine serves, nothing that the program does at its start may reach the world.

Files may be read, and files may be written where Python's own start does (bytecode is off). A socket, a process or a
database before `playhead.init()` was never recorded: it is stopped, and named with the way out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from playhead.lanes.divergence import Divergence
from playhead.lanes.who import place_of_agent

STOPPED = {
    "socket.connect": "a socket",
    "socket.sendto": "a socket",
    "socket.getaddrinfo": "a name look-up",
    "subprocess.Popen": "a subprocess",
    "os.system": "a subprocess",
    "os.posix_spawn": "a subprocess",
    "os.exec": "a subprocess",
    "sqlite3.connect": "a database",
}


class Guard:
    """In force from its making until `leave`. Python cannot remove an audit hook; it does nothing after that."""

    def __init__(self, stop: Callable[[BaseException], None]) -> None:
        self._stop: Callable[[BaseException], None] | None = stop
        sys.dont_write_bytecode = True
        sys.addaudithook(self._audit)

    def leave(self) -> None:
        """The engine watches from here on."""
        self._stop = None

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        stop = self._stop
        if stop is None or event not in STOPPED:
            return
        if event == "sqlite3.connect" and args[0] in (":memory:", ""):
            return
        self._stop = None
        what = f"{STOPPED[event]} before recording began ({str(args[:2])[:200]})"
        stop(Divergence(what, kind=event, differences=["call playhead.init() before it", f"at {place_of_agent()}"]))
