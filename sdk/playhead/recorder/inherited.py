"""What a process hands to those that it starts within a run, and what it was handed itself.

In a subprocess it comes by the environment: `TRACEPARENT` names the step beneath which it was started, `PLAYHEAD_LANE`
its lane, `PLAYHEAD_TALLY` where its steps are counted. A `TRACEPARENT` alone, as other tools set it for whatever they
start, is not taken for the beginning of a run: a server under such a tool would be one endless run.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from playhead.recorder.tally import made

if TYPE_CHECKING:
    from playhead.recorder.recorder import Recorder

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Inherited:
    """The place of a process in a run that another began."""

    traceparent: str
    lane: str
    tally: str

    @classmethod
    def here(cls, recorder: Recorder, lane: str) -> Inherited | None:
        """For a process that is started now; None outside of runs."""
        span = trace.get_current_span().get_span_context()
        run = recorder.runs.get(span.trace_id) if span.is_valid else None
        if run is None:
            return None
        recorder.worker.children = True
        folder = recorder.journal.folder
        tally = run.tally.folder if run.tally is not None else made(folder.path) if folder is not None else None
        parent = f"00-{span.trace_id:032x}-{span.span_id:016x}-{int(span.trace_flags):02x}"
        return cls(parent, lane, "" if tally is None else str(tally))

    @classmethod
    def from_environment(cls) -> Inherited | None:
        lane = os.environ.get("PLAYHEAD_LANE")
        parent = os.environ.get("TRACEPARENT")
        if not lane or not parent or remote_parent(parent) is None:
            return None
        return cls(parent, lane, os.environ.get("PLAYHEAD_TALLY", ""))

    def as_environment(self) -> dict[str, str]:
        return {"TRACEPARENT": self.traceparent, "PLAYHEAD_LANE": self.lane, "PLAYHEAD_TALLY": self.tally}

    def join(self, recorder: Recorder) -> NonRecordingSpan:
        """The run is known to this recorder from here on, as one that another process began."""
        parent = remote_parent(self.traceparent)
        assert parent is not None
        folder = Path(self.tally) if self.tally else None
        recorder.runs.join(parent.get_span_context().trace_id, folder, recorder.journal.process_id)
        return parent


def remote_parent(traceparent: str) -> NonRecordingSpan | None:
    """A step of another process, as a parent for steps of this one; None for what is no `traceparent`."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    run, step, flags = (int(word, 16) for word in found.groups())
    there = SpanContext(run, step, is_remote=True, trace_flags=TraceFlags(flags))
    return NonRecordingSpan(there) if there.is_valid else None
