"""Says scores, labels and notes of runs, for the command line and the terminal, which know the store.

They go the way of every step, through the collector that has the store open, one elsewhere that was named, or directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import time_ns

from playhead.errors import UsageError
from playhead.feedback import LABEL, NOTE, Feedback
from playhead_collector.config import Settings
from playhead_collector.keeping import keeping
from playhead_collector.receive.scores import LONGEST_COMMENT, LONGEST_NAME, request_of
from playhead_collector.receive.signal import Signal
from playhead_collector.send import post

_YES_OR_NO = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Sayer:
    """Of one store, or of one collector at `endpoint`, and one project."""

    settings: Settings
    project: str | None = None
    token: str | None = None
    endpoint: str | None = None

    def say(self, said: Sequence[Feedback], tell: Callable[[str], None]) -> None:
        """Returns when it is stored; with an endpoint, when it is on that collector's disk."""
        for one in said:
            if (
                max(len(one.name), len(one.by), len(one.key), len(one.value) if isinstance(one.value, str) else 0)
                > LONGEST_NAME
            ):
                raise UsageError(f"a name, a label, a key and who says it may have {LONGEST_NAME} characters each")
            if len(one.comment) > LONGEST_COMMENT:
                raise UsageError(
                    f"a note or comment may have {LONGEST_COMMENT} characters, and this has {len(one.comment)}"
                )
        now = time_ns()
        body = request_of((one, now) for one in said).SerializeToString()
        if self.endpoint:
            post(self.endpoint, Signal.TRACES, body, self.token)
            return
        with keeping(self.settings, self.project, self.token, tell) as keeper:
            keeper.keep(Signal.TRACES, keeper.check(Signal.TRACES, body))


def said_of(
    run: str,
    step: str = "",
    *,
    scores: Sequence[str] = (),
    labels: Sequence[str] = (),
    note: str = "",
    comment: str = "",
    by: str = "",
    via: str = "",
    key: str = "",
) -> list[Feedback]:
    """As people write it; raises UsageError where that says nothing."""
    named = [*(score_in(text) for text in scores), *((LABEL, label) for label in labels)]
    if not named and not note.strip():
        raise UsageError("nothing is said: write a score as helpful=0.8, or a label, or a note")
    if key and len(named) + bool(note) > 1:
        raise UsageError("a key is for one thing said: say the others apart")
    found = [Feedback(run, name, value, step, comment, by, via, key) for name, value in named]
    return found + ([Feedback(run, NOTE, None, step, note, by, via, key)] if note.strip() else [])


def score_in(text: str) -> tuple[str, float | str]:
    """`helpful=0.8`, `resolved=true`, `tone=bad`."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if not name or not sign or not value:
        raise UsageError(f"{text!r} is no score: write NAME=VALUE, such as helpful=0.8, resolved=true or tone=bad")
    if value.lower() in _YES_OR_NO:
        return name, _YES_OR_NO[value.lower()]
    try:
        number = float(value)
    except ValueError:
        return name, value
    if number - number != 0:
        raise UsageError(f"{text!r} is no score: {value} is not finite")
    return name, number
