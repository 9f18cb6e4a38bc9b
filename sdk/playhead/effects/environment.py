"""Reads of the environment by the agent's own code, by name; the values of secrets are the recorder's to redact.

Writes are the agent's own doing and happen again in a replay; after one, a read of that name is no effect any more.
"""

from __future__ import annotations

import os
import socket
from collections.abc import ItemsView, Iterator
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.lanes.who import TRANSPARENT, called_by_agent

# They look for a home, a program or a terminal's size on behalf of their caller.
THROUGH = TRANSPARENT | {"posixpath", "pathlib", "shutil", "getpass"}


def install(engine: Engine) -> None:
    Environ = type(os.environ)
    getitem, setitem, delitem, names = Environ.__getitem__, Environ.__setitem__, Environ.__delitem__, Environ.__iter__
    own: set[Any] = set()  # written by the agent itself

    def read(environ: Any, name: Any) -> Any:
        actor = current_actor()
        if actor is None or not isinstance(name, str) or name in own or not _by_agent():
            return getitem(environ, name)

        def live() -> Any:
            try:
                return getitem(environ, name)
            except KeyError:
                return None

        value = engine.value(actor, "environment", name, live)
        if value is None:
            raise KeyError(name)
        return value

    def write(environ: Any, name: Any, value: Any) -> None:
        if current_actor() is not None:
            own.add(name)
        setitem(environ, name, value)

    def delete(environ: Any, name: Any) -> None:
        if current_actor() is not None:
            own.add(name)
        delitem(environ, name)

    def iterate(environ: Any) -> Iterator[Any]:
        actor = current_actor()
        if actor is None or not _by_agent():
            return names(environ)
        return iter(engine.value(actor, "environment", "*", lambda: list(names(environ))))

    class Items(ItemsView[Any, Any]):
        # urllib looks for proxies among all variables, twice for each request of requests'. Who walks is asked once,
        # not at each variable, which took 0.11 ms a walk through 36 of them; now it is 0.04.
        def __iter__(self) -> Iterator[tuple[Any, Any]]:
            environ: Any = self._mapping  # type: ignore[attr-defined]
            if current_actor() is not None and called_by_agent():
                return super().__iter__()
            return iter([(name, getitem(environ, name)) for name in names(environ)])

    Items.__name__ = ItemsView.__name__

    def items(environ: Any) -> ItemsView[Any, Any]:
        return Items(environ)

    engine.patches.set(Environ, "items", items)
    engine.patches.set(Environ, "__getitem__", read)
    engine.patches.set(Environ, "__setitem__", write)
    engine.patches.set(Environ, "__delitem__", delete)
    engine.patches.set(Environ, "__iter__", iterate)
    for module, name in ((os, "getpid"), (os, "getppid"), (os, "cpu_count"), (socket, "gethostname"), (os, "getcwd")):
        engine.patches.function(module, name, _fact(engine, f"{module.__name__}.{name}", getattr(module, name)))


def _fact(engine: Engine, kind: str, real: Any) -> Any:
    def fact() -> Any:
        actor = current_actor()
        if actor is None or not called_by_agent():
            return real()
        return engine.value(actor, kind, "", real)

    fact.__name__ = kind.rpartition(".")[2]
    return fact


def _by_agent() -> bool:
    # os.getenv and the mapping's own methods stand between.
    return called_by_agent(3, THROUGH)
