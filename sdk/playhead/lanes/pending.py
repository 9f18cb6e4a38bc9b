"""A pending effect: begun by the agent's code, its completion not delivered yet.

One that a thread waits for has no `deliver`; one that a task waits for has, and it runs in the loop's own thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from playhead.lanes.actor import Actor

Outcome = list[Any] | None  # ["=", value] or ["!", exception]; None where there is nothing to tell


class Pending:
    __slots__ = (
        "actor",
        "answered",
        "delay",
        "deliver",
        "due_ns",
        "is_there",
        "kind",
        "lane",
        "loop",
        "occurrence",
        "outcome",
        "place",
        "value",
        "withdrawn",
    )

    def __init__(
        self, actor: Actor, lane: str, kind: str, occurrence: int, deliver: Callable[[], None] | None = None
    ) -> None:
        self.actor = actor
        self.lane = lane
        self.kind = kind
        self.occurrence = occurrence
        self.deliver = deliver
        self.loop: AbstractEventLoop | None = None  # in which it is delivered
        self.is_there: Callable[[], bool] | None = None  # whether what a thread waits for has come without a word
        self.outcome: Outcome = None
        self.value: Any = None  # the live result behind a recorded outcome
        self.delay: float | None = None  # of a wait that ends by itself: seconds from its beginning
        self.due_ns: int | None = None  # or when it ends, by the monotonic clock
        self.answered = False  # by a recording: the world is not asked
        self.place = 0  # in the order of that recording
        self.withdrawn = False  # nobody waits any more: cancelled, or the lock came first

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.lane, self.kind, self.occurrence)

    def waits_in_vain(self) -> bool:
        """What it waits for is there, and nobody said so."""
        return self.is_there is not None and self.is_there()

    def tell_loop(self) -> None:
        """Delivers it without the discipline."""
        if self.deliver is not None and self.loop is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self.loop.call_soon_threadsafe(self.deliver)

    def __repr__(self) -> str:
        return f"{self.kind} #{self.occurrence} of lane {self.lane}"
