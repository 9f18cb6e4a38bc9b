"""One HTTP exchange as plain data: the seam between the transports, which see it, and the readers, which understand it.

A transport makes an `Exchange` when the answer has ended, whatever the end was, and tells an observer. The types here
are pure: nothing in this module knows a client library, and nothing changes what the agent gets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order of the wire; a name can come more than once, in any case."""

Rewrite = Callable[[str, str, Headers, bytes], tuple[str, bytes] | None]
"""Of method, URL, headers and body: the URL and the body that are to be sent, or None: as they are."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what came back for it."""

    method: str
    url: str
    """Absolute, with its query, as the client had it."""
    request_headers: Headers
    request_body: bytes
    status: int | None
    """None where no answer came."""
    response_headers: Headers
    response_body: bytes
    """What had come when the exchange ended: of a stream that was cut, the chunks until then."""
    error: str | None
    """The exception that the client got, as `module.Name`; None where the answer came to its end or the reader left."""
    began_ns: int
    first_byte_ns: int | None
    """When the first byte of the answer's body came; None where none did."""
    ended_ns: int
    streamed: bool
    """The client read the answer in pieces."""
    live: bool = True
    """The world answered, and not a recording."""

    def request_header(self, name: str) -> str | None:
        return header(self.request_headers, name)

    def response_header(self, name: str) -> str | None:
        return header(self.response_headers, name)


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header, whatever the case of its name."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


class ExchangeObserver(Protocol):
    """Who is told of exchanges. Neither call may raise, but for `Stop`, and neither may take long: the agent waits."""

    def began(self, method: str, url: str, headers: Headers, body: bytes) -> Any:
        """The request is about to be sent. What is returned comes back with its end."""
        ...

    def ended(self, token: Any, exchange: Exchange) -> None:
        """The answer ended, failed, or was left."""
        ...
