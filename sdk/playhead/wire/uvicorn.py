"""uvicorn: each request that it gives to its application. Patched when imported; never imported by us.

At the server, and not by a middleware: there is no line to forget and no order of middlewares to get wrong, every ASGI
framework is behind it, and it works as well where the application itself, while uvicorn imports it, calls `init`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from playhead.lanes.engine import Engine


def install(engine: Engine) -> None:
    if engine.serving:
        return  # a replay asks the application itself
    for name in ("h11_impl", "httptools_impl"):
        engine.patches.when_imported(f"uvicorn.protocols.http.{name}", lambda module: _patch(engine, module))


def _patch(engine: Engine, module: ModuleType) -> None:
    real = module.RequestResponseCycle.run_asgi

    async def run_asgi(cycle: Any, app: Any) -> None:
        for listener in engine.listeners:
            app = listener(app)
        await real(cycle, app)

    engine.patches.set(module.RequestResponseCycle, "run_asgi", run_asgi)
