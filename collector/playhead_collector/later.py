"""An application that is made when it is asked for the first time: what few ask for costs nobody else's start anything.

It must not hold up the loop while it is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]


def made_when_asked(make: Callable[[], App]) -> App:
    """Answers as what `make` gives does; whoever asks meanwhile waits for the same one."""
    making: asyncio.Future[App] | None = None

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal making
        if making is None:
            making = asyncio.get_running_loop().run_in_executor(None, make)
        made = await asyncio.shield(making)
        await made(scope, receive, send)

    return app
