"""What the agent reads of the system around it, and the signals that it sends to other processes.

None of these takes waiting, none is hard; without them a replay printed other words than the recorded run and called
itself identical. A signal is never sent in a replay: the number that the recording has for a process is another's now.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from playhead.effects.files import THROUGH
from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.lanes.who import called_by_agent

Convert = Callable[[Any], Any]
real_getpid = os.getpid

# Of `os`: what it gives, as JSON, and the agent's of that.
READ: dict[str, tuple[Convert, Convert]] = {
    "access": (bool, bool),
    "get_terminal_size": (list, os.terminal_size),
    "getloadavg": (list, tuple),
    "getrandom": (bytes.hex, bytes.fromhex),
    "isatty": (bool, bool),
    "readlink": (os.fspath, os.fspath),
    "sched_getaffinity": (sorted, set),
    "statvfs": (list, getattr(os, "statvfs_result", list)),
    "times": (list, os.times_result),
}


def install(engine: Engine) -> None:
    for name, (pack, unpack) in READ.items():
        if hasattr(os, name):
            _read(engine, os, name, pack, unpack)
    for name in ("kill", "killpg"):
        engine.patches.function(os, name, _sent(engine, name, getattr(os, name)))
    engine.patches.when_imported("ssl", lambda ssl: _read(engine, ssl, "RAND_bytes", bytes.hex, bytes.fromhex))
    engine.patches.when_imported("resource", lambda of: _read(engine, of, "getrusage", list, of.struct_rusage))


def _read(engine: Engine, module: ModuleType, name: str, pack: Convert, unpack: Convert) -> None:
    real = getattr(module, name)
    kind = f"{module.__name__}.{name}"

    def read(*args: Any, **how: Any) -> Any:
        actor = current_actor()
        if actor is None or how or not called_by_agent(2, THROUGH) or not all(map(_is_plain, args)):
            return real(*args, **how)
        asked = " ".join(os.fsdecode(one) if isinstance(one, (bytes, os.PathLike)) else str(one) for one in args)
        return unpack(engine.value(actor, kind, asked, lambda: pack(real(*args))))

    read.__name__ = read.__qualname__ = name
    engine.patches.function(module, name, read)


def _sent(engine: Engine, name: str, real: Callable[[int, int], None]) -> Callable[[int, int], None]:
    def send(number: int, signal: int, /) -> None:
        actor = current_actor()
        if actor is None or not called_by_agent():
            real(number, signal)
            return

        sent = False

        def live() -> bool:
            nonlocal sent
            sent = True
            real(number, signal)
            return number == real_getpid()

        to_itself = engine.value(actor, f"os.{name}", f"{int(number)} {int(signal)}", live)
        if to_itself and not sent:
            real(real_getpid(), signal)

    send.__name__ = send.__qualname__ = name
    return send


def _is_plain(argument: Any) -> bool:
    """Bytes of a path would come back as text: left to the system, as what has no name is."""
    return isinstance(argument, (str, int, os.PathLike))
