"""The audit hook: what reaches the world and no wrapper reached.

While recording it names such things (once each, with the line of the agent's code), so that the certificate can say
what was not captured. In a replay it stops them: a socket, a process or a file that the recording does not hold is a
divergence, never a call. Python cannot remove an audit hook, so there is one, which does nothing while nobody records
or replays.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from playhead.aside import is_aside
from playhead.effects.files import FOLDER
from playhead.lanes.active import active_engine
from playhead.lanes.actor import current_actor, thread_actor
from playhead.lanes.divergence import Divergence, ForkEnded
from playhead.lanes.engine import Engine
from playhead.lanes.who import place_of_agent

# What is named, by the word of the event.
WATCHED = {
    "socket.connect": "a socket",
    "socket.sendto": "a socket",
    "socket.sendmsg": "a socket",
    "socket.getaddrinfo": "a name look-up",
    "socket.gethostbyname": "a name look-up",
    "subprocess.Popen": "a subprocess",
    "os.system": "a subprocess",
    "os.exec": "a subprocess",
    "os.posix_spawn": "a subprocess",
    "os.fork": "a fork",
    "os.forkpty": "a fork",
    "sqlite3.connect": "a database",
    "open": "a file written",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MOST_NOTICES = 1000

_hooked: list[bool] = []
_noticed: set[tuple[str, str]] = set()


def install(engine: Engine) -> None:
    _noticed.clear()
    if engine.serving:
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        engine.patches.on_undo(lambda: setattr(sys, "dont_write_bytecode", before))
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_audit)


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event not in WATCHED:
        return
    engine = active_engine()
    if engine is None or is_aside():
        return
    if event == "open" and not _writes(args):
        return
    if engine.sealed:
        if _harmless(event, args):
            return
        if thread_actor() is None:
            # An exporter's thread, or a debugger's: not the agent, so no divergence; but nothing goes out.
            if not threading.current_thread().name.startswith("playhead"):
                raise ConnectionRefusedError(f"nothing leaves a replay: {_told(event, args)}")
        else:
            what = f"{WATCHED[event]} that the recording does not hold: {_told(event, args)}"
            if isinstance(engine.discipline.failure, (Divergence, ForkEnded)):
                raise engine.discipline.failure  # it has ended already
            engine.diverge(Divergence(what, kind=event, differences=[f"at {place_of_agent()}"]))
    elif current_actor() is not None and not _harmless(event, args) and len(_noticed) < MOST_NOTICES:
        place = place_of_agent()
        if (event, place) not in _noticed:
            _noticed.add((event, place))
            engine.notice(f"{WATCHED[event]}: {_told(event, args)}".rstrip(": "), place)


def _writes(args: tuple[Any, ...]) -> bool:
    _, mode, flags = args
    if isinstance(flags, int) and flags & WRITES:
        return True
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


def _harmless(event: str, args: tuple[Any, ...]) -> bool:
    if event == "open":
        path = args[0]
        if not isinstance(path, (str, bytes)):
            return True  # a descriptor: whoever opened it was seen
        name = os.fsdecode(path)
        return name.startswith("/dev/") or "__pycache__" in name or FOLDER in name
    if event == "sqlite3.connect":
        return args[0] in (":memory:", "")
    return False


def _told(event: str, args: tuple[Any, ...]) -> str:
    place = 1 if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else 0
    if len(args) <= place:
        return ""
    told = args[place]
    return (os.fsdecode(told) if isinstance(told, bytes) else str(told))[:200]
