"""A recorder in memory, made as `init` makes the real one: what a test sees of a step is what a journal would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.sdk import trace as sdk_trace
from opentelemetry.sdk.resources import Resource

from playhead.journal.folder import Folder
from playhead.journal.journal import Journal, Record
from playhead.lanes.active import active_engine
from playhead.recorder import recorder as recorder_module
from playhead.recorder.prices import Price
from playhead.recorder.recorder import Recorder, Settings
from playhead.recorder.recording import record_effects
from playhead.recorder.run import KIND
from playhead.testing.deterministic import Clock, Ids, deterministic
from playhead.values.redact import Redactor

_PREFIXES = ("execute_tool ", "invoke_agent ")
_STATUS = {0: "unset", 1: "ok", 2: "error"}


@dataclass(slots=True)
class RecordedStep:
    """One step, as it was journaled: secrets are out of it."""

    run_id: str
    id: str
    parent_id: str | None
    kind: str
    name: str
    """The tool's or agent's own name, where it is one; else the step's."""
    attributes: dict[str, Any]
    started_ns: int
    ended_ns: int | None = None
    """None while it is open."""
    status: str = "unset"
    """`unset`, `ok` or `error`."""
    error: str | None = None
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


class Recorded:
    """What was recorded so far, in the order in which it began."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        """The time of the steps; `advance` it to make one take longer."""
        self._steps: dict[tuple[str, str], RecordedStep] = {}

    @property
    def steps(self) -> list[RecordedStep]:
        """All of them."""
        return list(self._steps.values())

    @property
    def runs(self) -> list[str]:
        """The ids of the runs."""
        return list(dict.fromkeys(step.run_id for step in self.steps))

    def of_kind(self, kind: str) -> list[RecordedStep]:
        """Those of one kind: `agent`, `prompt`, `tool`, `state`, `decision`, `approval` and so on."""
        return [step for step in self.steps if step.kind == kind]

    def named(self, name: str) -> list[RecordedStep]:
        """Those of one name; of a tool or an agent it is its own."""
        return [step for step in self.steps if step.name == name]

    def one(self, name: str) -> RecordedStep:
        """The only step of this name."""
        found = self.named(name)
        if len(found) != 1:
            names = ", ".join(step.name for step in self.steps) or "none"
            raise AssertionError(f"{len(found)} steps are named {name!r}; there are: {names}")
        return found[0]

    def children(self, of: RecordedStep) -> list[RecordedStep]:
        """The steps directly within one."""
        return [step for step in self.steps if (step.run_id, step.parent_id) == (of.run_id, of.id)]

    def take(self, record: Record) -> None:
        """A record of the journal (journal/records.py says what is in it)."""
        match record:
            case ["s", run, ident, parent, name, started, _, attributes, *_]:
                own = next((name[len(prefix) :] for prefix in _PREFIXES if name.startswith(prefix)), name)
                kind = str(attributes.get(KIND, "other"))
                self._steps[run, ident] = RecordedStep(run, ident, parent, kind, own, dict(attributes), started)
            case ["e", run, ident, _, ended, status, error, attributes, events, *_]:
                step = self._steps[run, ident]
                step.ended_ns, step.status, step.error = ended, _STATUS[status], error
                step.attributes.update(attributes)
                step.events = [(name, details) for name, _, details in events or ()]


class _InMemory(Journal):
    """Keeps nothing but steps, and those read."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(Path(), "in-memory", {})
        self._recorded = recorded

    def append_text(self, text: str, *, disk_only: bool = False) -> None:
        self._recorded.take(json.loads(text))


@contextmanager
def recording(*, seed: int = 0, transports: bool = True, price: Price | None = None) -> Iterator[Recorded]:
    """Records what runs in this block, in memory, in place of what `init` may have set up.

    Ids are counted, the steps' clock ticks a millisecond at a look, and random numbers begin with `seed`, so two runs
    of a test give the same steps. With `transports` model calls over HTTP are steps, too, as after `init`; `price` is
    the one that `init` takes.
    """
    clock = Clock()
    recorded = Recorded(clock)
    recorder = _TestRecorder(recorded, price)
    provider: Any = recorder.own_provider(Resource({"service.name": "test"}))
    provider.id_generator = Ids()
    recorder.use(provider)
    with (
        mock.patch.object(recorder_module, "_current", recorder),
        mock.patch.object(sdk_trace, "time_ns", clock.ns),
        deterministic(seed),
    ):
        if transports and active_engine() is None:
            # Where `init` was called, its engine is in place already and tells whichever recorder is current.
            recorder.engine = record_effects(recorder, "wire")
        try:
            yield recorded
        finally:
            recorder.stop_effects()


class _TestRecorder(Recorder):
    def __init__(self, recorded: Recorded, price: Price | None) -> None:
        self._recorded = recorded
        # No endpoint: nothing is sent. No folder: the journal is in memory.
        super().__init__(Settings(None, Path(), redactor=Redactor(b"tests"), price=price), {"service.name": "test"})

    def _new_journal(self, folder: Folder | None = None) -> Journal:
        return _InMemory(self._recorded)
