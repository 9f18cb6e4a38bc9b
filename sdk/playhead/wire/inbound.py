"""A request that came to a server, as plain data: what started a run, and what starts it again.

In a recording: `["i", run, lane, {...}]`, with the lane of the task that served it; `run` is null where it started
none. It comes when the run begins, and once more, whole, where the body had not been read by then; the last one counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A larger upload is not held in memory a second time; the recording says how large it was.
LARGEST_BODY = 64 * 1024 * 1024


def told(scope: Scope, body: Any, whole: bool, header: Callable[[str, str], str]) -> dict[str, Any]:
    """The request for the recording; `header` takes secrets out of a value, by its name."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    return {
        "asgi": dict(scope.get("asgi", {})),
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


def scope_of(request: Mapping[str, Any], state: Mapping[str, Any]) -> Scope:
    """The recorded request as a server gives it to its application."""
    return {
        "type": "http",
        "asgi": dict(request["asgi"]),
        "http_version": request["http_version"],
        "server": tuple(request["server"]) or None,
        "client": tuple(request["client"]) or None,
        "scheme": request["scheme"],
        "root_path": request["root_path"],
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request["headers"]],
        "state": dict(state),
        "method": request["method"],
        "path": request["path"],
        "raw_path": request["raw_path"].encode("latin-1"),
        "query_string": request["query"].encode("latin-1"),
    }
