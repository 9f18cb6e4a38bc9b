"""The engine: one object that records or serves, and everything a hook needs to know.

A hook asks it three things: a `value` that takes no waiting, an effect to `perform` in this thread, an effect to
`perform_async` in this task. With `record="exact"` and when serving, the discipline decides who runs; with
`record="wire"` nobody is ever delayed. Only one engine is active in a process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from playhead.lanes import active, watch
from playhead.lanes.actor import OUTSIDE, Actor, current_actor, forget_all_actors, thread_actor
from playhead.lanes.discipline import Discipline
from playhead.lanes.divergence import Divergence, ForkEnded, RecordingEnded
from playhead.lanes.forking import Forking
from playhead.lanes.header import Level, header
from playhead.lanes.lane import Lane
from playhead.lanes.opening import serving_of
from playhead.lanes.outcome import failed, given, packed, result
from playhead.lanes.patches import Patches
from playhead.lanes.pending import Pending
from playhead.lanes.pieces import Pieces
from playhead.lanes.recording import Recording
from playhead.lanes.serials import Serials
from playhead.lanes.serving import Serving
from playhead.lanes.sink import Record, Sink
from playhead.wire.exchange import Rewrite

T = TypeVar("T")
log = logging.getLogger("playhead")


class Engine:
    """Make one with `recording` or `serving`, then `install`; `uninstall` puts everything back."""

    def __init__(self, direction: Recording | Serving | Forking, level: Level, pieces: Pieces, lane: str = "0") -> None:
        self.direction = direction
        self.level = level
        self.pieces = pieces
        self.patches = Patches()
        self.serials = Serials(direction.version)
        self.main = Lane(lane)
        self.exact = level == "exact" or direction.serving
        self.discipline = Discipline(direction, preempts=not direction.serving)
        self._loops_noticed: set[str] = set()
        self.ahead_s = 0.0  # the agent's monotonic clock, of the real one
        self.run_once: Any = None  # a turn of a loop that can be ordered
        self.observers: list[Any] = []  # of exchanges; see playhead.wire
        self.carry: Callable[[], Callable[[], AbstractContextManager[None]]] = lambda: nullcontext
        """What threads and jobs take along from where they are made; entered where they run."""
        self.listeners: list[Any] = []  # to what comes to a server; see playhead.wire.uvicorn
        self.beside: Path | None = None  # where a replay keeps files beside the disk, if not in a folder of its own
        self.rewrite: Rewrite | None = None  # of requests, before they are sent, and before they are an effect

    @property
    def serving(self) -> bool:  # a recording decides what happens next
        return self.direction.serving

    @property
    def sealed(self) -> bool:  # nothing may reach the world
        return self.direction.sealed

    @classmethod
    def recording(
        cls, sink: Sink, level: Level = "exact", run: Callable[[], str | None] = lambda: None, lane: str = "0"
    ) -> Engine:
        """`lane` is this process's own; that of the first process of a run is `0`."""
        direction = Recording(sink, run)
        direction.note("h", header(level, lane))
        return cls(direction, level, Pieces(sink), lane)

    @classmethod
    def serving_from(
        cls, records: Iterable[Record], on_failure: Callable[[BaseException], None] | None = None
    ) -> Engine:
        direction = serving_of(records, on_failure)
        told = direction.header
        return cls(direction, told.get("level", "exact"), direction.pieces, told.get("lane", "0"))

    @classmethod
    def forking(
        cls,
        records: Iterable[Record],
        sink: Sink,
        run: Callable[[], str | None],
        said: dict[str, Any],
        on_failure: Callable[[BaseException], None] | None = None,
        *,
        forked: str,
        live: bool,
        wall_ns: int,
    ) -> Engine:
        """Serves until `fork`. `said` is what the header says of the fork."""
        served = serving_of(records, on_failure)
        lane = served.header.get("lane", "0")
        direction = Forking(served, sink, run, forked, live=live, wall_ns=wall_ns)
        as_recorded = {"engine": served.version, "monotonic_ns": served.header.get("monotonic_ns")}
        direction.note("h", {**header("exact", lane), **as_recorded, **said})
        return cls(direction, "exact", direction.pieces, lane)

    def fork(self) -> None:
        """In the agent's thread: what is asked from here on goes its own way."""
        assert isinstance(self.direction, Forking)
        self.discipline.go_on(self.direction.go_on)
        self.ahead_s = self.direction.ahead_s
        watch.start(self.discipline, self.give_up)

    # -- coming and going

    def install(self) -> None:
        from playhead.lanes.parts import PARTS

        active.activate(self)
        if self.exact and not self.serving:
            watch.start(self.discipline, self.give_up)
        actor = Actor(self, self.main)
        actor.bind()
        self.discipline.admit(actor, holding=True)
        with self.patches.many():
            for part in PARTS:
                part.install(self)

    def uninstall(self) -> None:
        self.patches.undo()
        forget_all_actors()
        self.discipline.dissolve()
        if not isinstance(self.direction, Serving):
            self.direction.end()
        active.deactivate(self)

    def give_up(self, why: str) -> None:
        """Recording: the agent has to go on, whatever becomes of the order. The rest is as `wire` has it."""
        self.exact = False
        self.direction.note("g", why)
        log.warning("playhead: %s; the agent runs on without the discipline, as record='wire' has it", why)
        self.discipline.dissolve()

    # -- lanes

    def lane(self, actor: Actor) -> Lane:
        """The lane of the task that runs, else of the thread (or of the executor job it runs)."""
        loop = asyncio._get_running_loop()
        if loop is not None:
            task = asyncio.current_task(loop)
            if task is not None:
                lane = getattr(task, "lane", None)
                if lane is not None:
                    return lane  # type: ignore[no-any-return]
        return actor.lane

    def lane_here(self) -> str | None:
        """The lane of the code that asks; None in threads that are not the agent's."""
        actor = thread_actor()
        return None if actor is None else self.lane(actor).id

    def new_lane(self, parent: Lane, how: str, name: str) -> Lane:
        lane = parent.worker() if how == "worker" else parent.child()
        # An id that grew too long is a hash: it does not say any more whose child it is.
        above = () if lane.id.startswith(parent.id) else (parent.id,)
        self.direction.note("l", lane.id, how, name, *above)
        return lane

    # -- effects

    def value(self, actor: Actor, kind: str, fingerprint: str, compute: Callable[[], Any]) -> Any:
        """An effect that takes no waiting: a clock, a draw, a file. `compute` gives JSON."""
        if self.exact:
            self.discipline.enter(actor)
        lane = self.lane(actor)
        occurrence = lane.occurrence(kind)
        try:
            outcome = self.direction.value(lane.id, kind, fingerprint, occurrence, compute)
        except (Divergence, RecordingEnded, ForkEnded) as failure:
            self.discipline.abort(failure)
            raise
        except Exception:
            if self.exact:
                self.discipline.settle(actor)
            raise
        if self.exact:
            self.discipline.settle(actor)
        return outcome[1] if outcome is not None and outcome[0] == "=" else result(outcome)

    def fact(self, kind: str, compute: Callable[[], Any]) -> Any:
        """What Playhead itself decides in the agent's thread; computed where the thread is none of the agent's."""
        actor = current_actor()
        return compute() if actor is None else self.value(actor, kind, "", compute)

    def perform(
        self,
        kind: str,
        live: Callable[[], T],
        pack: Callable[[T], Any],
        unpack: Callable[[Any, T | None], T],
        *,
        lane: str | None = None,
        occurrence: int | None = None,
        fingerprint: str | None = None,
        detail: Any = None,
        delay: float | None = None,
    ) -> T:
        """An effect this thread waits for. `pack` makes JSON of a live result, `unpack` the agent's of that."""
        actor = current_actor()
        if actor is None:
            return live()
        if self.exact:
            self.discipline.enter(actor)
        pending = self._begin(actor, kind, lane, occurrence, fingerprint=fingerprint, detail=detail)
        pending.delay = delay
        if self.exact:
            self.discipline.leave(actor, pending)
        if not pending.answered:
            token = OUTSIDE.set(True)
            try:
                pending.value = live()
                pending.outcome = packed(pack, pending.value)
            except BaseException as error:
                pending.outcome = failed(error)
                if not isinstance(error, Exception):
                    self._abandon(actor, pending)
                    raise
                pending.value = error
            finally:
                OUTSIDE.reset(token)
            if self.exact:
                self.discipline.arrive(pending)
        if not self.exact:
            self.direction.completed(pending)  # type: ignore[union-attr]
        if self.exact:
            self.discipline.await_turn(actor)
        return given(pending, unpack)

    def _abandon(self, actor: Actor, pending: Pending) -> None:
        """Ctrl-C in the middle of real I/O: the thread goes on, after having got the token back."""
        if self.exact:
            self.discipline.arrive(pending)
            self.discipline.await_turn(actor)

    async def perform_async(
        self,
        kind: str,
        live: Callable[[], Awaitable[T]],
        pack: Callable[[T], Any],
        unpack: Callable[[Any, T | None], T],
        *,
        lane: str | None = None,
        occurrence: int | None = None,
        fingerprint: str | None = None,
        detail: Any = None,
        delay: float | None = None,
    ) -> T:
        """The same for a task: suspends exactly once, on a plain future, whatever the real I/O does in its own task."""
        actor = current_actor()
        if actor is None:
            return await live()
        if self.exact:
            self.discipline.enter(actor)
        pending = self._begin(actor, kind, lane, occurrence, fingerprint=fingerprint, detail=detail)
        loop = asyncio.get_running_loop()
        ordered = self.orders(loop)
        if self.exact and not ordered:
            self._unorderable(loop)
        if not self.exact or not ordered:
            if not pending.answered:
                token = OUTSIDE.set(True)
                try:
                    pending.value = await live()
                    pending.outcome = packed(pack, pending.value)
                except Exception as error:  # noqa: BLE001 - recorded, and raised again
                    pending.outcome = failed(error)
                    pending.value = error
                finally:
                    OUTSIDE.reset(token)
            self.direction.completed(pending)  # type: ignore[union-attr]
            return given(pending, unpack)
        pending.delay = delay
        pending.loop = loop
        future: asyncio.Future[None] = loop.create_future()

        def deliver() -> None:
            if not future.done():
                future.set_result(None)

        pending.deliver = deliver
        self.discipline.expect(pending)
        detached = None if pending.answered else self._detach(loop, pending, live, pack)
        self.discipline.settle(actor)
        try:
            await future
        except BaseException:
            pending.withdrawn = True
            if detached is not None:
                detached.cancel()
            raise
        return given(pending, unpack)

    def arrives(self, pending: Pending) -> None:
        """Something comes to the agent that it did not ask for; in a replay, where it came then."""
        if self.serving:
            self.discipline.expect(pending)
        elif self.exact and self.orders(pending.loop):
            self.discipline.arrive(pending)
        else:
            self.direction.completed(pending)  # type: ignore[union-attr]
            if pending.deliver is not None:
                pending.deliver()

    def orders(self, loop: object) -> bool:
        return getattr(type(loop), "_run_once", None) is self.run_once

    def _unorderable(self, loop: object) -> None:
        """uvloop has no turns to order, `nest_asyncio` turns a loop in its own way. Recording goes on as `wire` does; a
        replay needs asyncio's own loop."""
        once = getattr(type(loop), "_run_once", None)
        name = getattr(once, "__module__", None) or type(loop).__module__
        if self.serving:
            self.diverge(Divergence(f"the loop of {name} cannot be replayed; run with asyncio's own loop"))
        if name not in self._loops_noticed:
            self._loops_noticed.add(name)
            self.notice(f"an event loop of {name}, which cannot be ordered", "")

    def _detach(
        self,
        loop: asyncio.AbstractEventLoop,
        pending: Pending,
        live: Callable[[], Awaitable[T]],
        pack: Callable[[T], Any],
    ) -> asyncio.Task[None]:
        """Real I/O in a task of its own, outside the discipline; what it gives arrives as a completion."""
        discipline = self.discipline

        async def run() -> None:
            try:
                pending.value = await live()
                pending.outcome = packed(pack, pending.value)
            except asyncio.CancelledError:
                if pending.withdrawn:
                    raise
                pending.outcome = failed(asyncio.CancelledError())
            except BaseException as error:  # noqa: BLE001 - raised again in the agent's own task
                pending.outcome = failed(error)
                pending.value = error
            discipline.arrive(pending)

        token = OUTSIDE.set(True)
        try:
            return loop.create_task(run(), name="playhead")
        finally:
            OUTSIDE.reset(token)

    def _begin(
        self, actor: Actor, kind: str, lane: str | None, occurrence: int | None, *, fingerprint: str | None, detail: Any
    ) -> Pending:
        if lane is None or occurrence is None:
            own = self.lane(actor)
            lane, occurrence = own.id, own.occurrence(kind)
        pending = Pending(actor, lane, kind, occurrence)
        try:
            if fingerprint is not None:
                self.direction.begin(pending, fingerprint, detail)
            pending.answered = self.direction.answers(pending)
        except (Divergence, RecordingEnded, ForkEnded) as failure:
            self.discipline.abort(failure)
            raise
        return pending

    def diverge(self, failure: Divergence) -> NoReturn:
        """A hook found that this is not the recorded run."""
        told = failure if isinstance(self.direction, Recording) else self.direction.told(failure)
        self.discipline.abort(told)
        raise told

    def used(self, thing: object, what: str) -> None:
        """The code that runs now uses something that runs can share (lanes/sharing.py)."""
        if not isinstance(self.direction, Serving):
            self.direction.sharing.used(thing, what)

    def notice(self, what: str, where: str) -> None:
        """Something that no wrapper reached; the certificate will name it."""
        with suppress(Exception):
            self.direction.note("u", what, where)
