"""What this process says of a run that is not its own: a score, a label, a note, days later perhaps.

It goes the road of every step, journal first, so it survives a collector that is away; but it is no step of a run that
this process records: it is never numbered, never current, and counts towards no limit.
"""

from __future__ import annotations

import logging
import numbers
from time import time_ns

from opentelemetry.trace import SpanKind

from playhead import __version__
from playhead.feedback import Feedback, is_run_id, is_step_id
from playhead.recorder.payload import payload, word
from playhead.recorder.recorder import current

log = logging.getLogger("playhead")

# Of a process alone; its parent, where it names one, was in another.
_FLAGS = 0x101


def say(
    name: str,
    value: float | str | bool | None,
    *,
    comment: str | None,
    run: str,
    step: str,
    by: str | None,
    key: str | None,
) -> None:
    recorder = current()
    if recorder is None:
        return
    run, step = str(run).lower(), str(step).lower()
    if not is_run_id(run) or (step and not is_step_id(step)):
        log.warning(
            "playhead: nothing was scored: run=%r, step=%r is no run's id of 32 hex digits, with a step's of 16",
            run,
            step,
        )
        return
    said = Feedback(
        run=run,
        name=word(name),
        value=float(value) if isinstance(value, numbers.Real) else None if value is None else word(value),
        step=step,
        comment="" if comment is None else payload(comment),
        by="" if by is None else word(by),
        via="sdk",
        key="" if key is None else word(key),
    )
    at = time_ns()
    ident, title = said.step_id, recorder.redaction.text(said.title)
    attributes = recorder.redaction.attributes(said.attributes())
    scope = ["playhead", __version__, ""]
    kind = SpanKind.INTERNAL.value
    recorder.journal.append(["s", run, ident, step or None, title, at, kind, attributes, None, None, _FLAGS, scope])
    recorder.journal.append(["e", run, ident, title, at, 0, None, {}, None, None, None])
