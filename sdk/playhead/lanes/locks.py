"""Locks that give up the token while they wait, so that order through them is the recording's.

`threading.Lock` and `RLock` are replaced while the discipline holds; conditions, events, semaphores, barriers, queues,
executors and futures of the standard library are built on these two. A waiting actor is handed the lock in the order of
waiting. Threads that are no actors use the real lock inside. A timeout is a completion; so is a lock that comes from
a thread outside the discipline.

Where a replay has ended, each thread is told once, by the exception, and finds its locks as they really are while it
unwinds: one that raised in every `with`, `finally` and `Condition.wait` would leave them taken, or have what was never
taken released, and what was told at last was not why the replay ended.
"""

from __future__ import annotations

from collections import deque
from threading import TIMEOUT_MAX
from types import TracebackType

from playhead.lanes.actor import FINALISES, Actor, allocate_lock, current_actor, get_ident
from playhead.lanes.pending import Pending

# Whoever holds a lock that is wanted on the way out unwinds, too, if it ever lets go.
ON_THE_WAY_OUT_S = 1.0
# A finaliser that a collection runs in the middle of `queue.get`, and that wants the queue, waits for its own thread
# for ever: in any program, and oftener in one that is recorded, since there is more to be interrupted. urllib3's did.
IN_A_FINALISER_S = 5.0


class Lock:
    __slots__ = ("__weakref__", "_held_outside", "_real", "_waiting")

    def __init__(self) -> None:
        self._real = allocate_lock()
        self._held_outside = False
        self._waiting: deque[tuple[Actor, Pending]] | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        actor = current_actor()
        if actor is None:
            alone = blocking and timeout < 0 and FINALISES.get()
            got = self._real.acquire(blocking, IN_A_FINALISER_S if alone else timeout)
            if alone and not got:
                raise RuntimeError(
                    "a finaliser waited for a lock that its own thread holds; what it was to do is left out"
                )
            self._held_outside = self._held_outside or got
            return got
        discipline = actor.engine.discipline
        if discipline.dissolved:
            return self._real.acquire(blocking, timeout)
        if actor.stopped:
            return self._acquire_on_the_way_out(actor, blocking, timeout)
        if timeout > TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        discipline.enter(actor)
        if not blocking or timeout >= 0:
            # Also refuses what the real one refuses.
            got = self._real.acquire(blocking, 0 if timeout > 0 else timeout)
        else:
            got = self._real.acquire(False)
        if not got and blocking and timeout != 0:
            if not self._held_outside:
                return self._wait(actor, timeout)
            # Held by real I/O or by a thread of someone else: soon free, and nothing the recording could order.
            actor.inside = False
            got = self._real.acquire(True, timeout)
        discipline.settle(actor)
        return got

    def _wait(self, actor: Actor, timeout: float) -> bool:
        engine = actor.engine
        engine.used(self, "a lock of threads")
        pending = Pending(actor, actor.lane.id, "lock", actor.lane.occurrence("lock"))
        pending.delay = timeout if timeout > 0 else None
        pending.is_there = self._is_free
        if self._waiting is None:
            self._waiting = deque()
        mine = (actor, pending)
        self._waiting.append(mine)
        try:
            engine.discipline.leave(actor, pending)
            if self._real.acquire(False):
                # A thread outside let it go between our look and our waiting, and saw nobody wait.
                self._release(None)
            within = timeout if timeout > 0 and not engine.serving else None
            woken_by = engine.discipline.await_turn(actor, within, pending, ["=", False])
        except BaseException:
            pending.withdrawn = True
            if not self._leave_line(mine) and self._real.locked():
                self._release(actor)  # it was handed over in the same moment
            raise
        # Whoever is no longer in line has it; in a replay it can come from a thread that is not there.
        handed_over = not self._leave_line(mine) or (woken_by is not None and woken_by.outcome == ["=", True])
        pending.withdrawn = True
        if not handed_over and engine.discipline.dissolved:
            return self._real.acquire(True, timeout)
        return handed_over  # the real one stayed locked on its way

    def _acquire_on_the_way_out(self, actor: Actor, blocking: bool, timeout: float) -> bool:
        if not blocking or timeout == 0:
            return self._real.acquire(False)
        forever = timeout < 0 or timeout > ON_THE_WAY_OUT_S
        got = self._real.acquire(True, ON_THE_WAY_OUT_S if forever else timeout)
        if not got and forever:
            actor.engine.discipline.stop(actor)
        return got

    def _leave_line(self, mine: tuple[Actor, Pending]) -> bool:
        """Whether it was still in line."""
        try:
            self._waiting.remove(mine)  # type: ignore[union-attr]
        except (ValueError, AttributeError):
            return False
        return True

    def _is_free(self) -> bool:
        return not self._real.locked()

    def release(self) -> None:
        actor = current_actor()
        if actor is None or actor.engine.discipline.dissolved or actor.engine.discipline.failure is not None:
            self._release(None)
            return
        actor.engine.discipline.enter(actor)
        self._release(actor)
        actor.engine.discipline.settle(actor)

    def _release(self, actor: Actor | None) -> None:
        self._held_outside = False
        if not self._is_awaited() or not self._real.locked():
            self._real.release()
            if self._is_awaited() and actor is None and self._real.acquire(False):
                self._release(None)  # somebody came in line just now
            return
        assert self._waiting is not None
        heir, pending = self._waiting.popleft()
        if heir.engine.discipline.dissolved:
            self._real.release()  # whoever still lives, and waited, takes the real one
        elif actor is not None:
            pending.withdrawn = True
            heir.engine.discipline.wake(heir)
        else:
            pending.outcome = ["=", True]
            heir.engine.discipline.arrive(pending)

    def _is_awaited(self) -> bool:
        """Whether somebody is in line who can still be handed it: not where the replay has ended."""
        try:
            return bool(self._waiting) and self._waiting[0][0].engine.discipline.failure is None  # type: ignore[index]
        except IndexError:  # who was in line is on its way out
            return False

    def locked(self) -> bool:
        return self._real.locked()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked
    __enter__ = acquire

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._real = allocate_lock()
        self._held_outside = False
        self._waiting = None

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} {type(self).__name__} at {id(self):#x}>"


class RLock:
    __slots__ = ("__weakref__", "_block", "_count", "_owner")
    # trio asserts this of the locks that it is given.
    __module__ = "_thread"

    def __init__(self) -> None:
        self._block = Lock()
        self._owner = 0
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        me = get_ident()
        if self._owner == me:
            self._count += 1
            return True
        if not self._block.acquire(blocking, timeout):
            return False
        self._owner = me
        self._count = 1
        return True

    def release(self) -> None:
        if self._owner != get_ident():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = 0
            self._block.release()

    __enter__ = acquire

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    # What `threading.Condition` asks of its lock.

    def _release_save(self) -> tuple[int, int]:
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._count = 0
        self._owner = 0
        self._block.release()
        return state

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        self._block.acquire()
        self._count, self._owner = state

    def _is_owned(self) -> bool:
        return self._owner == get_ident()

    def _recursion_count(self) -> int:
        return self._count if self._owner == get_ident() else 0

    def _at_fork_reinit(self) -> None:
        self._block._at_fork_reinit()
        self._owner = 0
        self._count = 0

    def __repr__(self) -> str:
        return f"<RLock owner={self._owner} count={self._count} at {id(self):#x}>"
