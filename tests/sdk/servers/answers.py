"""In a server's process: what it answers, into a file, whoever asks: a line for each piece."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from playhead.lanes.active import active_engine
from playhead.wire.inbound import App, Message, Receive, Scope, Send


def keep_answers(file: Path) -> None:
    engine = active_engine()
    assert engine is not None
    kept = file.open("ab", buffering=0)

    class Listening:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] + "?" + scope["query_string"].decode()

            async def sending(message: Message) -> None:
                await send(message)
                body = base64.b64encode(message.get("body", b"")).decode()
                kept.write(json.dumps([path, body]).encode() + b"\n")

            await self.app(scope, receive, sending)

    engine.listeners.append(Listening)
