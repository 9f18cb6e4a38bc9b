"""How much the collector takes at once, so that no emitter can make its memory grow without end.

`Limits` are the numbers; `Room` counts the bytes that were received and not yet answered, over both
protocols. Room must never be taken without a lease, which gives it back however the request ends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType

from playhead.errors import UsageError
from playhead_collector.errors import TryLater

MIB = 1024 * 1024
UNFOLDED = 256 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    compressed: int = 64 * MIB
    """The largest body as it travels; OTLP recommends 64 MiB."""
    decompressed: int = 64 * MIB
    """The largest body after decompression, and the largest gRPC message."""
    unfolded: int = UNFOLDED
    """The most memory that one parsed request may need: an empty span is two bytes sent, 170 in memory. Large ones are
    parsed one at a time."""
    in_flight: int = 160 * MIB
    """Bytes received and not yet answered, over all requests of both protocols."""
    concurrent: int = 256
    """Requests in work at once, for each protocol; one more is told to try later."""
    grpc_reading: int = 2
    """gRPC messages being read at once, for up to `grpc_slow_s` each: `in_flight` sees only complete ones."""
    grpc_slow: int = 2
    """gRPC messages that take longer, beside those; one more is told to try later."""
    grpc_slow_s: float = 1.0
    receive_s: float = 30.0
    """How long an emitter may take to send one body."""
    linger_s: float = 5.0
    """How long a refused body is still read and thrown away, so that its sender finds the refusal."""
    thread_above: int = 256 * 1024
    """Bodies above this are inflated and parsed in threads, so that small ones do not wait behind them."""
    inflating: int = 2
    """Bodies being inflated at once."""

    def __post_init__(self) -> None:
        need = self.compressed + self.decompressed
        if self.in_flight < need:
            raise UsageError(
                f"the limit of bytes in flight ({self.in_flight}) is below one body before and after "
                f"decompression ({need}), which could then never be taken; raise it to at least {need}, "
                "or lower the body limits"
            )


class Room:
    """Bytes that may be held at once. Leases are taken on the event loop and in the parsing threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._lock = threading.Lock()

    def lease(self) -> Lease:
        return Lease(self, self._lock)


class Lease:
    """What one request holds of the room."""

    __slots__ = ("_lock", "_over", "_room", "size")

    def __init__(self, room: Room, lock: threading.Lock) -> None:
        self._room = room
        self._lock = lock
        self.size = 0
        self._over = False

    def take(self, size: int) -> None:
        """Hold `size` bytes more, or raise TryLater."""
        room = self._room
        with self._lock:
            # A thread may still be inflating for a request that is gone; what it took then, nobody would
            # give back.
            if self._over or room.used + size > room.limit:
                raise TryLater(
                    f"the collector holds {room.used} bytes of unanswered requests of {room.limit} it may, "
                    f"and {size} more do not fit; keep the data and send it again"
                )
            room.used += size
            self.size += size

    def give(self, size: int) -> None:
        """Hold `size` bytes less."""
        with self._lock:
            self._room.used -= size
            self.size -= size

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._room.used -= self.size
            self.size = 0
            self._over = True
