"""The direction `fork`: served from a recording up to a point, and from there on its own; recorded all the way.

Before the fork point it is Serving, after it Recording, whose effects are answered by what is left of the old recording
wherever that matches. Whatever is told, from wherever it came, is written as if it had just happened: a fork has a
recording of its own, whole, and can be replayed and forked like any run.

Past the fork point nothing is answered from another lane, and the world is asked only where that was allowed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any, NoReturn

from playhead.lanes.actor import Actor
from playhead.lanes.alarms import set_alarms
from playhead.lanes.answers import Answer, Answers
from playhead.lanes.discipline import Discipline
from playhead.lanes.divergence import Divergence, ForkEnded
from playhead.lanes.onward import KINDS as CLOCKS
from playhead.lanes.onward import Clocks
from playhead.lanes.pending import Outcome, Pending
from playhead.lanes.pieces import Pieces
from playhead.lanes.recording import Recording
from playhead.lanes.serving import Serving
from playhead.lanes.sink import RUN_ENDS, Sink

# What this process is and draws: asking for it touches nothing outside, so it needs no permission.
OWN = frozenset(
    {
        "os.urandom", "os.getrandom", "ssl.RAND_bytes", "random", "uuid.getnode", "os.getpid", "os.getppid",
        "os.cpu_count", "os.sched_getaffinity", "socket.gethostname", "os.getcwd", "os.times", "os.getloadavg",
        "os.get_terminal_size", "os.isatty", "stdout.isatty", "stdin.isatty", "resource.getrusage",
    }
)  # fmt: skip
# What is this run's alone: that it is over, and whether it has spent too much.
FRESH = frozenset({RUN_ENDS, "limit"})
REDACTED = "[redacted:"
# Waits that the agent's own process ends; the others are ended by the world.
WAITS = frozenset({"timer", "sleep", "lock", "join"})
_LAST = 1 << 60

Edit = Callable[[Any, Pieces], Any]


class Forking:
    serving = True  # until the fork point
    sealed = True
    keeps = True

    def __init__(
        self, served: Serving, sink: Sink, run: Callable[[], str | None], forked: str, *, live: bool, wall_ns: int
    ) -> None:
        """`forked`: the recorded id of the run that goes its own way; the others of its process keep theirs."""
        self.header = served.header
        self.version = served.version
        self.live = live
        self._served = served
        self._forked = forked
        self.own_run = ""
        """The id that the fork has, once its run has begun."""
        self._kept = Recording(sink, run)
        self._clocks = Clocks(wall_ns, int(served.header.get("monotonic_ns", 0)))
        self._kept.now = self._clocks.now
        self.sharing = self._kept.sharing
        self.pieces = Pieces(sink, served.pieces)
        self._left: Answers
        self._live: set[str] = set()  # calls that the world answers, by the lanes of what comes of them
        self._then: dict[str, str] = {}  # what comes of a call: its lane here, and in the old recording
        self._answered: list[tuple[int, int, Pending]] = []
        self._edits: dict[str, Edit] = {}
        self.before_failure = served.before_failure
        self.over: Callable[[], None] | None = None
        """Set once the run is over: another does not begin."""

    @property
    def asked_world(self) -> int:
        """How many calls the world was asked for."""
        return len(self._live)

    @property
    def ahead_s(self) -> float:
        """How far the agent's monotonic clock is ahead of the real one."""
        return self._clocks.ahead_s

    def moved(self, folders: list[tuple[str, str]]) -> None:
        """Folders of this machine, each with where it was when this was recorded."""
        self._served.moved = folders

    # -- the fork point

    def go_on(self, discipline: Discipline) -> None:
        """With the discipline's mutex held: the recording is left here."""
        self.serving = False
        self.sealed = not self.live
        self._clocks.go_on()
        self._left = Answers(self._served)
        due: list[tuple[float, Pending]] = []
        for pending in self._served.waiting():
            answer = self._left.of(pending.key)
            if answer is not None and (pending.kind not in WAITS or answer.outcome == ["=", True]):
                self._answer(pending, answer)
            elif pending.kind in WAITS:
                if pending.due_ns is not None:
                    pending.outcome = ["=", False] if pending.kind == "lock" else None
                    due.append(((pending.due_ns - self._clocks.now()) / 1e9, pending))
            elif pending.kind in ("rejoin", "client close", "close"):
                self._answer(pending, Answer(_LAST, ["=", None]))
        set_alarms(discipline, due)

    def edit_next(self, lane: str, edit: Edit) -> None:
        """The next exchange of this lane is answered by the recording, with this change."""
        self._edits[lane] = edit

    # -- what a hook asks

    def note(self, word: str, *fields: Any) -> None:
        self._kept.note(word, *fields)

    def end(self) -> None:
        self._kept.end()

    def leave(self) -> None:
        self._kept.leave()

    def value(self, lane: str, kind: str, fingerprint: str, occurrence: int, compute: Callable[[], Any]) -> Outcome:
        if kind == "run" and self.over is not None:
            self.over()
        if not self.serving:
            outcome = self._later(lane, kind, fingerprint, compute)
        else:
            outcome = self._served.value(lane, kind, fingerprint, occurrence, compute)
            if kind == RUN_ENDS:
                outcome = ["=", compute()]
            elif kind == "run" and outcome == ["=", self._forked]:
                self.own_run = compute()
                outcome = ["=", self.own_run]
            elif kind == "environment" and self.live and REDACTED in str(outcome):
                outcome = _known(compute(), outcome)
            if outcome is not None and outcome[0] == "=":
                self._clocks.saw(kind, outcome[1])
        self.pieces.pass_on(outcome)
        self._kept.keep(lane, kind, fingerprint, occurrence, outcome)
        return outcome

    def _later(self, lane: str, kind: str, fingerprint: str, compute: Callable[[], Any]) -> Outcome:
        if kind in CLOCKS:
            return ["=", self._clocks.reading(kind, fingerprint)]
        if kind == "run":
            return self._left.value(lane, kind, fingerprint) or Recording.computed(compute)
        if kind in FRESH or (kind == "environment" and self.live):
            return Recording.computed(compute)
        asked = fingerprint
        if kind.startswith("process "):  # something done to one, which its fingerprint names
            process, _, what = fingerprint.partition(" ")
            if process in self._live:
                return Recording.computed(compute)
            asked = f"{self._then.get(process, process)} {what}"
        names = (asked, *self._served.there(asked))
        outcome = next((one for name in names if (one := self._left.value(lane, kind, name)) is not None), None)
        if outcome is not None and outcome[0] != "?":
            return outcome
        if kind.startswith("process "):
            self._cannot_go_on(lane, kind)
        if not self.live and kind != "environment" and kind not in OWN and not kind.startswith("uuid_utils."):
            self._needs_world(f"{kind} {fingerprint}", lane)
        return Recording.computed(compute)

    def begin(self, pending: Pending, fingerprint: str, detail: Any) -> None:
        self._kept.begin(pending, fingerprint, detail)
        if self.serving:
            self._served.begin(pending, fingerprint, detail)
            return
        if pending.lane in self._live:
            return
        lane = self._then.get(pending.lane, pending.lane)
        then = self._left.call(lane, pending.kind, fingerprint)
        mark = {"http": "#", "process": "!"}.get(pending.kind)
        own = f"{pending.lane}{mark}{pending.occurrence}" if mark else ""
        if then is not None:
            if own:
                self._then[own] = f"{lane}{mark}{then}"
            answer = self._left.of((lane, pending.kind, then))
            assert answer is not None
            self._decide(pending, answer)
            self._edit(pending)
        elif "!" in pending.lane:
            self._cannot_go_on(pending.lane, pending.kind)
        elif pending.lane in self._edits:
            self._stop(ForkEnded("its answer cannot be changed: the recording has none for it"))
        elif not self.live:
            self._needs_world(_told(pending.kind, detail), pending.lane)
        elif own:
            self._live.add(own)

    def answers(self, pending: Pending) -> bool:
        """Whether the recording answers this, and the world is not asked."""
        if self.serving or pending.answered:
            return True
        if "#" not in pending.lane or pending.lane in self._live:
            return False
        answer = self._left.of((self._then.get(pending.lane, pending.lane), pending.kind, pending.occurrence))
        if answer is None and pending.kind != "close":
            self._stop(
                ForkEnded("a stream that the recorded run had left is read on here, and cannot be asked for again")
            )
        self._decide(pending, answer or Answer(_LAST, ["=", None]))
        return True

    def _edit(self, pending: Pending) -> None:
        edit = self._edits.pop(pending.lane, None) if pending.kind == "http" else None
        if edit is None:
            return
        if pending.outcome is None or pending.outcome[0] != "=" or pending.outcome[1][4] is None:
            self._stop(ForkEnded("its answer cannot be changed: it was streamed, or it was an error"))
        pending.outcome = ["=", edit(pending.outcome[1], self.pieces)]

    def _decide(self, pending: Pending, answer: Answer) -> None:
        pending.answered = True
        pending.place, pending.outcome = answer

    def completed(self, pending: Pending, turns: int | None = None) -> None:
        self.pieces.pass_on(pending.outcome)
        self._kept.completed(pending, turns)

    # -- where it ends

    def _needs_world(self, what: str, lane: str) -> NoReturn:
        self._stop(ForkEnded(f"needs --live: {what[:300]} (lane {lane}) has no answer in the recording"))

    def _cannot_go_on(self, lane: str, kind: str) -> NoReturn:
        self._stop(
            ForkEnded(
                f"{kind} of process {lane}: the recording answers for it, has no answer to this, and a process that is "
                "not there cannot be asked; fork before it was started"
            )
        )

    def told(self, failure: BaseException) -> BaseException:
        """Past the fork point nothing diverges: what a replay may not do, a fork without --live may not do either."""
        if not self.serving and isinstance(failure, Divergence):
            failure = ForkEnded(f"{'' if self.live else 'needs --live: '}{failure.what}")
        return self._served.told(failure)

    def _stop(self, failure: BaseException) -> NoReturn:
        self.told(failure)
        raise failure

    # -- what the discipline asks

    def expect(self, pending: Pending) -> None:
        if self.serving:
            if pending.due_ns is None and pending.delay is not None and pending.kind in WAITS:
                pending.due_ns = self._clocks.now() + int(pending.delay * 1e9)
            self._served.expect(pending)
            return
        if pending.kind == "event" and pending.lane not in self._live and not pending.answered:
            answer = self._left.of((self._then.get(pending.lane, pending.lane), "event", pending.occurrence))
            if answer is not None:
                self._decide(pending, answer)
        if pending.answered:
            self._wait(pending)

    def _answer(self, pending: Pending, answer: Answer) -> None:
        self._decide(pending, answer)
        self._wait(pending)

    def _wait(self, pending: Pending) -> None:
        insort(self._answered, (pending.place, id(pending), pending))

    def arrive(self, pending: Pending) -> None:
        (self._served if self.serving else self._kept).arrive(pending)

    def choose(self, discipline: Discipline, turns: int | None) -> Pending | None:
        if self.serving:
            chosen = self._served.choose(discipline, turns)
            if chosen is not None:
                self._clocks.saw_delivery(self._served.told_ns)
                self.completed(chosen, turns)
            return chosen
        for number, (_, _, pending) in enumerate(self._answered):
            if discipline.deliverable(pending, turns is not None):
                del self._answered[number]
                self.completed(pending, turns)
                return pending
        return self._kept.choose(discipline, turns)

    def waiting_to_arrive(self, discipline: Discipline) -> bool:
        if self.serving:
            return False
        answered = any(discipline.deliverable(pending) for _, _, pending in self._answered)
        return answered or self._kept.waiting_to_arrive(discipline)

    def forsaken(self) -> list[Pending]:
        left = [pending for _, _, pending in self._answered if not pending.withdrawn and not pending.actor.finished]
        self._answered.clear()
        return [*left, *self._kept.forsaken()]

    def preempted(self, actor: Actor) -> None:
        if self.serving:
            self._served.preempted(actor)
        self._kept.preempted(actor)

    def preempts_here(self, actor: Actor) -> bool:
        return self.serving and self._served.preempts_here(actor)


def _known(live: Any, recorded: Outcome) -> Outcome:
    return recorded if live is None else ["=", live]


def _told(kind: str, detail: Any) -> str:
    if kind == "http" and isinstance(detail, dict):
        return f"{detail.get('method')} {detail.get('url')}"
    return f"{kind} {detail}"
