"""The server's request in which the running code is, if there is one. Apart, so that steps need not know of servers."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Protocol

from opentelemetry.context import Context


class Request(Protocol):
    run: str | None

    def attributes(self) -> dict[str, Any]:
        """Of the step that begins a run in it."""
        ...

    def above(self) -> Context:
        """Where a run begins in it."""
        ...

    def starts(self, run: str) -> None: ...

    @property
    def span(self) -> Any:
        """Its own step, where it has one by now."""
        ...

    def context(self) -> Context:
        """Beneath its own step, which begins with this if it had not."""
        ...


REQUEST: ContextVar[Request | None] = ContextVar("playhead_request", default=None)
