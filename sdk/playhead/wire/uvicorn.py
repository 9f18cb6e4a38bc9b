"""uvicorn: the server is outside, its application is the agent's. Patched when imported; never imported by us.

At the server, and not by a middleware: there is no line to forget and no order of middlewares to get wrong, every ASGI
framework is behind it, and it works as well where the application itself, while uvicorn imports it, calls `init`. The
server's three phases are effects that its caller waits for. In a replay they are served like any other: no socket is
opened, and what came to the application then comes again (`Application.expect`).
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from playhead.lanes.actor import current_actor, outside
from playhead.lanes.engine import Engine
from playhead.wire.application import Application

LATE = "playhead.init() was called when the server had begun to start, so its start cannot be served; call it where "
LATE += "the application is imported"


def install(engine: Engine) -> None:
    engine.patches.when_imported("uvicorn.server", lambda module: _patch_server(engine, module))
    engine.patches.when_imported("uvicorn.config", lambda module: _patch_config(engine, module))


def _patch_server(engine: Engine, module: ModuleType) -> None:
    Server = module.Server
    real_startup, real_main_loop, real_shutdown = Server.startup, Server.main_loop, Server.shutdown

    def enter(server: Any) -> None:
        """From here on the application's calls are completions."""
        actor = current_actor()
        app = server.config.loaded_app
        assert actor is not None
        lane = engine.new_lane(engine.lane(actor), "server", "uvicorn")
        server.config.loaded_app = Application(engine, app.app if isinstance(app, Application) else app, lane)
        if engine.serving:
            server.config.loaded_app.expect(actor)

    async def startup(server: Any, sockets: Any = None) -> None:
        if current_actor() is None:
            await real_startup(server, sockets=sockets)
            return
        enter(server)
        await engine.perform_async(
            "server startup", lambda: real_startup(server, sockets=sockets), _nothing, _nothing_of
        )
        if engine.serving:
            server.started, server.servers = True, []

    async def main_loop(server: Any) -> None:
        if current_actor() is None:
            await real_main_loop(server)
            return
        if not isinstance(server.config.loaded_app, Application):
            engine.notice(LATE, "")
            enter(server)
            outside(lambda: _listen_again(server))
        await engine.perform_async("server main loop", lambda: real_main_loop(server), _nothing, _nothing_of)

    async def shutdown(server: Any, sockets: Any = None) -> None:
        if current_actor() is None:
            await real_shutdown(server, sockets=sockets)
            return
        await engine.perform_async(
            "server shutdown", lambda: real_shutdown(server, sockets=sockets), _nothing, _nothing_of
        )

    engine.patches.set(Server, "startup", startup)
    engine.patches.set(Server, "main_loop", main_loop)
    engine.patches.set(Server, "shutdown", shutdown)


def _listen_again(server: Any) -> None:
    """What accepts connections was begun as the agent's; it is the server's."""
    for listening in getattr(server, "servers", ()):
        if hasattr(listening, "_serving"):  # asyncio's own
            listening._serving = False
            listening._start_serving()


def _patch_config(engine: Engine, module: ModuleType) -> None:
    real = getattr(module.Config, "get_loop_factory", None)
    if real is None:
        return

    def get_loop_factory(config: Any) -> Any:
        """Asked for any loop, uvicorn takes uvloop where it is installed, whose tasks have no lanes and no order."""
        if config.loop != "auto":
            return real(config)
        config.loop = "asyncio"
        try:
            return real(config)
        finally:
            config.loop = "auto"

    engine.patches.set(module.Config, "get_loop_factory", get_loop_factory)


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
