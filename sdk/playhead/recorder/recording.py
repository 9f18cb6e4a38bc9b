"""Starts and ends the engine that records what a replay needs, beside the steps.

It is imported by `init` only where effects are to be recorded: lanes bring asyncio with them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from opentelemetry import trace
from opentelemetry.context import Context, get_current

from playhead.lanes.engine import Engine
from playhead.lanes.header import Level
from playhead.lanes.recording import Recording
from playhead.lanes.signals import undisturbed
from playhead.recorder.carrying import carry
from playhead.recorder.effects import JournalSink
from playhead.recorder.exchanges import ExchangeSteps
from playhead.recorder.inbound import Listener
from playhead.recorder.processor import JournalProcessor
from playhead.recorder.recorder import Recorder
from playhead.recorder.requests import REQUEST

engine_of: Callable[[Recorder], Engine] | None = None
"""What makes the engine in place of recording: a replay sets it (replaying/begin.py)."""


def record_effects(recorder: Recorder, level: Level, lane: str = "0") -> Engine:
    """Installed when this returns. Model calls are steps from here on, and every effect is in the journal."""
    engine = _recording(recorder, level, lane) if engine_of is None else engine_of(recorder)
    engine.observers.append(ExchangeSteps())
    if recorder.changes is not None:
        engine.rewrite = recorder.changes.rewrite
    engine.carry = carry
    engine.listeners.append(partial(Listener, engine))
    undisturbed(JournalProcessor.on_start, JournalProcessor.on_end, Recording._append)
    engine.install()
    return engine


def _recording(recorder: Recorder, level: Level, lane: str) -> Engine:
    sink, run = sink_of(recorder)
    return Engine.recording(sink, level, run, lane)


def sink_of(recorder: Recorder) -> tuple[JournalSink, Callable[[], str | None]]:
    """Where an engine's records go, and what says the run to which an effect belongs."""

    # A context never changes, and an agent asks many times in one: the last one's run, set in one assignment.
    known: tuple[Context | None, str] = (None, "")

    def run() -> str | None:
        nonlocal known
        context = get_current()
        seen, run_hex = known
        if context is seen:
            return run_hex
        here = recorder.runs.get(trace.get_current_span(context).get_span_context().trace_id)
        if here is not None:
            known = context, here.hex
            return here.hex
        request = REQUEST.get()
        return None if request is None else request.run

    return JournalSink(lambda: recorder.journal, recorder.redaction, run), run
