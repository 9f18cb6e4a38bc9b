"""Inside of the program whose run is forked: leaves the recording at the step that was asked, and says whose it is.

The fork is recorded from its beginning like any run. Its first step names the run that it is a fork of, and the step;
what ended it before its end stands there as well. A replay of the fork makes the same changes at the same steps.

Other runs of the process are executed on the way, under the ids that they have. Their steps are stored already, and are
not written once more; what they recorded is, since the fork cannot be replayed without it, and belongs to them: who
erases one of them erases it here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from playhead.journal.words import ADDED
from playhead.lanes.engine import Engine
from playhead.lanes.forking import Forking
from playhead.lanes.pieces import Pieces
from playhead.lanes.sink import Record
from playhead.providers.rewriting import CannotRewrite, answering
from playhead.recorder import limits
from playhead.recorder.changes import Change, Changes, changes_from
from playhead.recorder.processor import Moment
from playhead.recorder.recorder import Recorder
from playhead.recorder.recording import sink_of
from playhead.recorder.run import KIND, LANE, SEQUENCE
from playhead.replaying.asked import AT, ENDED, OF, ForkAsked
from playhead.replaying.asking import Asking
from playhead.replaying.spending import ForkLimit

Stop = Callable[[str], NoReturn]


class Fork:
    def __init__(self, recorder: Recorder, asked: ForkAsked, stop: Stop) -> None:
        self._recorder = recorder
        self._asked = asked
        self._stop = stop
        self._first: tuple[str, str] | None = None  # the fork's run, and its first step
        self._engine: Engine
        self.over: Callable[[], None] = lambda: None
        """What is done where another run would begin after the forked one."""

    def engine(
        self, records: Iterable[Record], moved: Sequence[Sequence[str]], fail: Callable[[BaseException], None]
    ) -> Engine:
        asked, recorder = self._asked, self._recorder
        told = {"changes": asked.changes, "run": asked.run, "at": asked.at, "limited": asked.max_cost_usd is not None}
        sink, run = sink_of(recorder)
        self._engine = engine = Engine.forking(
            records, sink, run, {"forked": told}, fail,
            forked=asked.of[asked.run], live=asked.live, wall_ns=asked.wall_ns,
        )  # fmt: skip
        self._direction.moved([(here, there) for here, there in moved])
        changes = recorder.changes = Changes(recorder, changes_from(asked.changes), self._stop)
        changes.may_call = Asking(self._is_live, asked.yes, self._stop, asked.asks).may_call
        recorder.processor.watchers += [changes.at, self.at]
        recorder.processor.only = lambda: self._direction.own_run
        return engine

    def tell_end(self, why: BaseException) -> None:
        """It ends here, before its end."""
        if self._first is not None:
            self._recorder.journal.append([ADDED, *self._first, {ENDED: self._recorder.redaction.text(str(why))}])

    def at(self, moment: Moment) -> None:
        if self._first is None and moment.run == self._direction.own_run:
            self._begins(moment)
        if self._first is None or moment.run != self._first[0]:
            return
        if not moment.begins and moment.is_first:
            self._direction.over = self.over
        elif moment.begins and moment.attributes.get(SEQUENCE) == self._asked.at:
            self._leave(moment)

    def _begins(self, moment: Moment) -> None:
        self._first = (moment.run, moment.step)
        told = {OF: self._asked.of[self._asked.run], AT: self._asked.at + 1}
        self._recorder.journal.append([ADDED, moment.run, moment.step, told])

    def _leave(self, moment: Moment) -> None:
        self._engine.fork()
        if self._asked.max_cost_usd is not None:
            limits.everywhere.append(ForkLimit(self._engine, self._asked.max_cost_usd))
        if self._asked.answer is not None:
            if moment.attributes.get(KIND) != "prompt":
                self._stop(f"{moment.name} is no prompt, so it has no answer to change")
            lane = str(moment.attributes.get(LANE, ""))
            self._direction.edit_next(lane, partial(self._answered, text=self._asked.answer))

    def _answered(self, head: Any, pieces: Pieces, text: str) -> Any:
        status, headers, version, reason, body = head
        encoding = next((value for name, value in headers if name.lower() == "content-encoding"), None)
        try:
            made = answering(pieces.whole(body[0]), encoding, text)
        except CannotRewrite as error:
            self._stop(f"the answer cannot be changed: {error}")
        kept = [[name, value] for name, value in headers if name.lower() not in ("content-encoding", "content-length")]
        return [status, [*kept, ["content-length", str(len(made))]], version, reason, [made.decode()]]

    @property
    def _direction(self) -> Forking:
        direction = self._engine.direction
        assert isinstance(direction, Forking)
        return direction

    def _is_live(self) -> bool:
        return self._direction.live and not self._direction.serving


def do_as_the_fork(recorder: Recorder, engine: Engine, told: Mapping[str, Any], stop: Stop) -> None:
    """In the replay of a fork. `told` is what its header says."""
    changes = changes_from(told["changes"])
    recorder.changes = Changes(recorder, changes, stop)
    recorder.processor.watchers.append(recorder.changes.at)
    if told.get("limited"):
        here = Changes(recorder, [Change(int(told["run"]), int(told["at"]))], stop)
        recorder.processor.watchers += [here.at, partial(_limited_from, here, engine)]


def _limited_from(here: Changes, engine: Engine, moment: Moment) -> None:
    if here.has(moment.step) and not limits.everywhere:
        limits.everywhere.append(ForkLimit(engine, None))
