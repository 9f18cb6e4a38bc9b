"""The discipline: one token for the agent's own code, completions delivered one at a time when nothing else can run.

Recording and serving share it, so they branch alike: who runs next is a function of what was delivered. The token
passes first in, first out among those who can run; when nobody can, the direction chooses exactly one completion.

A holder that is stuck (stuck.py) loses the token and runs beside the others until it enters the engine again; its
return is a completion too. The mutex is held for bookkeeping only, never while the agent's code runs. Where somebody
could run and nobody does, a recording gives the discipline up (`dissolve`), and everyone runs free from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic_ns

from playhead.lanes.actor import Actor, allocate_lock, get_ident, thread_actor
from playhead.lanes.chooser import Chooser
from playhead.lanes.pending import Outcome, Pending

# Where somebody can always run (a loop that spins), completions come after this many turns and this long.
SPIN_TURNS = 16
SPIN_NS = 1_000_000


class Discipline:
    def __init__(self, direction: Chooser, *, preempts: bool) -> None:
        self._direction = direction
        self._preempts = preempts
        self.mutex = allocate_lock()
        self.holder: Actor | None = None
        self._runnable: deque[Actor] = deque()
        self.actors: set[Actor] = set()
        self._delivered_ns = 0
        self.turns = 0
        self.moves = 0  # how often the token came to somebody: where it no longer does, nothing moves
        self.detached = 0
        self.failure: BaseException | None = None
        self.dissolved = False
        self.main_finished = False

    # -- actors come and go

    def admit(self, actor: Actor, *, holding: bool = False) -> None:
        """A new actor: the main thread holds the token at once, others queue for it."""
        with self.mutex:
            self.actors.add(actor)
            if holding:
                self.holder = actor
                actor.granted_ns = monotonic_ns()
            else:
                self._make_runnable(actor)
                self._next()

    def dismiss(self, actor: Actor) -> None:
        """Its thread could not be started."""
        with self.mutex:
            actor.finished = True
            self.actors.discard(actor)
            self._unqueue(actor)
            if self.holder is actor:
                self.holder = None
                self._next()

    def finish(self, actor: Actor) -> None:
        """The actor's thread has run its course; whoever joins it can run."""
        self.enter(actor)
        with self.mutex:
            self._stops_by_itself(actor)
            actor.finished = True
            self.actors.discard(actor)
            self._unqueue(actor)
            for joiner in actor.joiners:
                self._make_runnable(joiner.actor)
                joiner.withdrawn = True
            actor.joiners.clear()
            if self.holder is actor:
                self.holder = None
                self._next()

    def go_on(self, leave: Callable[[Discipline], None]) -> None:
        """Up to here the direction followed a recording; from here on things happen."""
        with self.mutex:
            self._preempts = True
            leave(self)
            self._next()

    # -- the holder's ways

    def enter(self, actor: Actor) -> None:
        """Every hook begins here: counts, so a preemption has a place; and brings a preempted thread back in line."""
        with self.mutex:
            if self.holder is not actor and not actor.detached and not self.dissolved:
                self._lose(actor)
            if not self._preempts:
                self._follow_preemption(actor)  # one since its last step that no `settle` came upon
            actor.ticks += 1
            detached = actor.detached
            actor.inside = not detached
        self.stop(actor)
        if detached and not self.dissolved:
            pending = Pending(actor, actor.home.id, "rejoin", actor.home.occurrence("rejoin"))
            pending.delay = 0
            with self.mutex:
                actor.waiting_for = pending
                actor.loop = None  # it waits at its gate, whatever it was about when it lost the token
                self._beside_no_more(actor)
                self._direction.expect(pending)
                self._direction.arrive(pending)
                self._next()
            self.await_turn(actor)
        actor.inside = True

    def settle(self, actor: Actor) -> None:
        """Every hook that keeps the token ends here: where the recording says so, the token is lost."""
        actor.inside = False
        if not self._preempts:
            with self.mutex:
                self._follow_preemption(actor)

    def leave(self, actor: Actor, pending: Pending) -> None:
        """Gives up the token: this thread waits for `pending`."""
        with self.mutex:
            self._stops_by_itself(actor)
            actor.inside = False
            actor.waiting_for = pending
            self._direction.expect(pending)
            if self.holder is actor:
                self.holder = None
                self._next()

    def await_turn(
        self, actor: Actor, timeout: float | None = None, pending: Pending | None = None, late: Outcome = None
    ) -> Pending | None:
        """Blocks until the token comes: what it came with. After a timeout `pending` arrives by itself, as `late`."""
        try:
            if not self.dissolved and (timeout is None or not actor.gate.acquire(True, max(timeout, 0))):
                if pending is not None and timeout is not None:
                    pending.outcome = pending.outcome or late
                    self.arrive(pending)
                actor.gate.acquire()
        except BaseException:  # Ctrl-C: it runs on without the token, and comes back in line at its next step
            self._break_off(actor)
            raise
        woken_by = self.take(actor)
        self.settle(actor)
        return woken_by

    def _break_off(self, actor: Actor) -> None:
        with self.mutex:
            self._lose(actor)

    def _lose(self, actor: Actor) -> None:
        """With the mutex held. A wait was broken off (by a signal: `enter` looks): in line again at its next step."""
        if self.holder is actor:
            actor.gate.acquire(False)  # it came just now
        elif not actor.detached:
            if self._unqueue(actor):
                actor.gate.acquire(False)
            if actor.waiting_for is not None:
                actor.waiting_for.withdrawn = True
            actor.waiting_for = actor.woken_by = None
            actor.parked = False
            actor.detached = True
            self.detached += 1

    def expect(self, pending: Pending) -> None:
        """A task, not the thread, will wait for `pending`."""
        with self.mutex:
            self._direction.expect(pending)

    def arrive(self, pending: Pending) -> None:
        """The world has answered; from any thread."""
        with self.mutex:
            if not self.dissolved:
                self._direction.arrive(pending)
                self._next()
                return
        if pending.deliver is not None and not pending.withdrawn:
            pending.deliver()

    def wake(self, actor: Actor) -> None:
        """What `actor` waited for was done by the agent's own code: it queues for the token."""
        with self.mutex:
            self._make_runnable(actor)
            self._next()

    @property
    def crowded(self) -> bool:
        return bool(self._runnable)

    # -- event loops

    def holds(self, actor: Actor) -> bool:
        return self.holder is actor

    def park(self, actor: Actor) -> None:
        """The loop has nothing of the agent's to run: it gives up the token, and may get it back with a completion."""
        with self.mutex:
            self._follow_preemption(actor)
            if actor.detached:
                return  # preempted on its way here: it comes back in line in this turn
            if actor.queued or actor.fresh:
                return  # it was given a reason to run, and gets the token for it: in line twice, it would get it twice
            actor.parked = True
            if self.holder is actor:
                self.holder = None
            self._next()

    def unpark(self, actor: Actor) -> None:
        """The loop has something to run and needs the token."""
        with self.mutex:
            if actor.parked:
                self._make_runnable(actor)
                self._next()

    def take(self, actor: Actor) -> Pending | None:
        """The token has come: what it came with."""
        woken_by, actor.woken_by = actor.woken_by, None
        actor.fresh = False
        self.stop(actor)
        return woken_by

    def turn(self, actor: Actor) -> Pending | None:
        """A loop that holds the token ends a turn: others who can run go first, and spinning has its limit."""
        with self.mutex:
            self._follow_preemption(actor)
            if self.holder is not actor:
                return None  # preempted in this turn
            self.turns += 1
            actor.ticks += 1
            spun = self.turns >= SPIN_TURNS and monotonic_ns() - self._delivered_ns > SPIN_NS
            pending = self._direction.choose(self, self.turns) if spun or not self._preempts else None
            if pending is not None:
                self._delivered()
                if pending.actor is not actor or pending.deliver is None:
                    self._make_runnable(pending.actor, pending)
                    pending = None
            if self._runnable and pending is None:
                self.holder = None
                self._queue(actor)
                self._next()
            return pending

    # -- with the mutex held

    def deliverable(self, pending: Pending, spinning: bool = False) -> bool:
        if pending.withdrawn or pending.actor.finished:
            return False
        if pending.deliver is None:
            return pending.actor.waiting_for is pending
        return pending.actor.parked or (spinning and self.holder is pending.actor)

    def all_blocked(self) -> bool:
        return self.holder is None and not self._runnable and not self.detached and not self.main_finished

    def _follow_preemption(self, actor: Actor) -> None:
        """Serving: where the recording says that it lost the token here, it does."""
        if not self._preempts and self.holder is actor and self._direction.preempts_here(actor):
            self._detach(actor)

    def _stops_by_itself(self, actor: Actor) -> None:
        """It was preempted on its way to a wait, or to its end: there is nothing to come back in line for."""
        if actor.detached:
            self._beside_no_more(actor)
        elif not self._preempts and self._direction.preempts_here(actor):
            self._direction.preempted(actor)

    def _beside_no_more(self, actor: Actor) -> None:
        actor.detached = False
        self.detached -= 1
        actor.takes_given()

    def _make_runnable(self, actor: Actor, pending: Pending | None = None) -> None:
        actor.waiting_for = None
        actor.parked = False
        actor.woken_by = pending
        self._queue(actor)

    def _queue(self, actor: Actor) -> None:
        if not actor.queued and not actor.finished:
            actor.queued = True
            self._runnable.append(actor)

    def _unqueue(self, actor: Actor) -> bool:
        was_queued, actor.queued = actor.queued, False
        if was_queued:
            self._runnable.remove(actor)
        return was_queued

    def _next(self) -> None:
        while self.holder is None and self.failure is None and not self.dissolved:
            if self._runnable:
                self.turns += 1
                spun = self.turns >= SPIN_TURNS and monotonic_ns() - self._delivered_ns > SPIN_NS
                pending = self._direction.choose(self, self.turns) if spun or not self._preempts else None
                if self.failure is not None:
                    return
            else:
                pending = self._direction.choose(self, None)
                if pending is None:
                    return
            if pending is None:
                actor = self._runnable.popleft()
                actor.queued = False
            else:
                self._delivered()
                actor = pending.actor
                actor.waiting_for = None
                actor.parked, actor.woken_by = False, pending
            # The loop is read first: its thread leaves it as soon as it sees that it holds the token, and a gate opened
            # for who does not wait at it would let him through a later wait.
            loop, self.holder, actor.fresh = actor.loop, actor, True
            self.moves += 1
            actor.ticks += 1  # being preempted before a wait and after it are two places
            actor.granted_ns = monotonic_ns()
            if loop is None:
                actor.gate.release()
            elif actor.ident != get_ident():
                loop._write_to_self()  # type: ignore[attr-defined]

    def _delivered(self) -> None:
        self.turns, self._delivered_ns = 0, monotonic_ns()

    def _detach(self, actor: Actor) -> None:
        self._direction.preempted(actor)
        actor.detached = True
        self.detached += 1
        self.holder = None
        self._next()

    # -- beside

    def fail(self, failure: BaseException) -> None:
        """With the mutex held: ends the course of every actor; each raises this at its next step."""
        if self.failure is None:
            self.failure = failure
            self._wake_all()

    def abort(self, failure: BaseException) -> None:
        """The caller raises it."""
        with self.mutex:
            self.fail(failure)
        if (actor := thread_actor()) is not None:
            actor.stopped = True

    def stop(self, actor: Actor) -> None:
        """Raises what ended the course of every actor, if that has happened."""
        if self.failure is not None:
            actor.stopped = True
            raise self.failure

    def dissolve(self) -> None:
        """Lets every thread run free again; what waits for locks or threads goes on waiting for the real ones."""
        with self.mutex:
            self.dissolved = True
            forsaken = [] if self.failure is not None else self._direction.forsaken()
            for actor in self.actors:
                actor.takes_given()
            self._wake_all()
        # What had arrived and was not told yet: threads see it when they wake, loops are told.
        for pending in forsaken:
            pending.tell_loop()

    def forget_threads(self) -> None:
        """In the child of a fork: the others are gone, and whoever held the mutex with them."""
        self.mutex = allocate_lock()
        self.actors.clear()
        self._runnable.clear()

    def _wake_all(self) -> None:
        holder, self.holder = self.holder, None
        for actor in list(self.actors):
            if actor is holder:
                continue
            if actor.loop is not None:
                actor.loop._write_to_self()  # type: ignore[attr-defined]
            elif actor.gate.locked():
                actor.gate.release()

    # -- what the watch does (watch.py)

    def preempt(self, grant: int, patience_ns: int, longest_ns: int) -> None:
        """Takes the token from who has got it so long ago while others could go on, if it has not come to another."""
        with self.mutex:
            if (holder := self.holder) is None or self.moves != grant:
                return
            longest_ns = longest_ns if holder.inside else patience_ns
            if monotonic_ns() - holder.granted_ns > longest_ns and self._others_could_run():
                self._detach(holder)

    def somebody_could_run(self) -> bool:
        """Also who waits for what is there already: a lock that is free, a thread that has ended."""
        with self.mutex:
            return self._others_could_run() or any(
                actor.waiting_for is not None and actor.waiting_for.waits_in_vain() for actor in self.actors
            )

    def _others_could_run(self) -> bool:
        return bool(self._runnable) or self._direction.waiting_to_arrive(self)
