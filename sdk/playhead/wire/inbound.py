"""A request that came to a server, as plain data: what started a run, and what starts it again.

In a recording: `["i", run, lane, {...}]`, with the lane of the task that served it. It comes when the run begins, and
once more, whole, where the body had not been read by then; the last one counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from playhead.lanes.lane import Lane
from playhead.lanes.pieces import Pieces

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A larger upload is not held in memory a second time; the recording says how large it was.
LARGEST_BODY = 64 * 1024 * 1024


@dataclass(slots=True)
class Answered:
    """What an application answered."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


def told(scope: Scope, body: Any, whole: bool, header: Callable[[str, str], str]) -> dict[str, Any]:
    """The request for the recording; `header` takes secrets out of a value, by its name."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    return {
        "method": scope.get("method", ""),
        "path": scope.get("path", ""),
        "raw_path": (scope.get("raw_path") or b"").decode("latin-1"),
        "query": (scope.get("query_string") or b"").decode("latin-1"),
        "headers": [[name, header(name, value)] for name, value in headers],
        "scheme": scope.get("scheme", "http"),
        "http_version": scope.get("http_version", "1.1"),
        "root_path": scope.get("root_path", ""),
        "client": list(scope.get("client") or ()),
        "server": list(scope.get("server") or ()),
        "body": body,
        "whole": whole,
    }


async def ask_again(app: App, lane: str, request: Mapping[str, Any], pieces: Pieces) -> Answered:
    """Gives a recorded request to an application, in the lane in which it was served.

    `pieces` are the recording's: large texts are in it once.
    """
    task = asyncio.current_task()
    if task is not None:
        task.lane = Lane(lane)  # type: ignore[attr-defined]
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": request["method"],
        "path": request["path"],
        "raw_path": request["raw_path"].encode("latin-1"),
        "query_string": request["query"].encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request["headers"]],
        "scheme": request["scheme"],
        "http_version": request["http_version"],
        "root_path": request["root_path"],
        "client": tuple(request["client"]) or None,
        "server": tuple(request["server"]) or None,
        "state": {},
        "extensions": {},
    }
    body = pieces.whole(request["body"]) if request["body"] is not None else b""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    answered = Answered()
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        return messages.pop() if messages else await never

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status, answered.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            answered.body += message.get("body", b"")

    await app(scope, receive, send)
    return answered
