"""Processes that are started within a run are lanes of it.

A subprocess that calls `init` joins; any other is not changed by three variables. A process of multiprocessing runs
code of the agent itself, so it records whatever its parent records, forked, spawned or from a fork server, and what it
recorded is sent, or left to be sent, before its parent hears of its end. Jobs of process pools belong to the run that
submitted them, not to the one in which the worker happened to be started.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from opentelemetry import context as context_api
from opentelemetry import trace

from playhead.lanes.lane import LANE_OF_CHILD
from playhead.lanes.patches import Patches
from playhead.recorder import recorder as of_process
from playhead.recorder.beneath import everything_beneath
from playhead.recorder.inherited import Inherited
from playhead.recorder.recorder import Record, Recorder, current

log = logging.getLogger("playhead")

_ENV = 9  # the place of `env` among the arguments of Popen, after `args`
# A worker's end is waited for by its parent; what is not sent by then is sent by somebody else.
_SEND_WITHIN_S = 1.0

_SUBMITS = ("apply_async", "_map_async", "imap", "imap_unordered")

_installed: list[Patches] = []


def install() -> None:
    """Once a process, and for good: where nobody records, each of these does what it did."""
    if _installed:
        return
    patches = Patches()
    _installed.append(patches)
    wrapped: tuple[tuple[str, str, Mapping[str, Callable[[Any], Any]]], ...] = (
        ("subprocess", "Popen", {"__init__": _popen}),
        ("multiprocessing.process", "BaseProcess", {"start": _start, "_bootstrap": _bootstrap}),
        ("concurrent.futures.process", "ProcessPoolExecutor", {"submit": _submitting}),
        ("multiprocessing.pool", "Pool", dict.fromkeys(_SUBMITS, _submitting)),
    )
    for module, name, wrappers in wrapped:
        # When the agent imports them: together they would take 15 ms of every start.
        patches.when_imported(module, partial(_wrap, name, wrappers))


def _wrap(name: str, wrappers: Mapping[str, Callable[[Any], Any]], module: ModuleType) -> None:
    owner = getattr(module, name)
    for method, wrapper in wrappers.items():
        setattr(owner, method, wrapper(getattr(owner, method)))


def _popen(real: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, args: Any, *more: Any, **how: Any) -> None:
        recorder = current()
        inherited = Inherited.here(recorder, LANE_OF_CHILD.get() or "0") if recorder is not None else None
        if inherited is not None:
            given = more[_ENV] if len(more) > _ENV else how.get("env")
            environment = {**(os.environ if given is None else given), **inherited.as_environment()}
            if len(more) > _ENV:
                more = (*more[:_ENV], environment, *more[_ENV + 1 :])
            else:
                how["env"] = environment
        real(self, args, *more, **how)

    return __init__


class Ticket:
    """Goes with a process of multiprocessing to where it runs."""

    def __init__(self, recorder: Recorder) -> None:
        lane = _lane_of_child(recorder)
        self.inherited = Inherited.here(recorder, lane)
        self.lane = lane
        self.level: Record = recorder.level
        try:
            # Prices are for limits, which the child does not share.
            self.how: bytes | None = pickle.dumps((replace(recorder.settings, price=None), recorder.resource))
        except Exception:  # noqa: BLE001 - a redaction that is a lambda
            self.how = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """In a process that was not forked. Nothing that goes wrong here may reach the agent."""
        self.__dict__.update(state)
        try:
            self._begin()
        except Exception:
            log.warning("playhead: this process of multiprocessing is not recorded", exc_info=True)

    def _begin(self) -> None:
        if current() is not None:
            return  # its main module has called `init`
        if self.how is None:
            log.warning("playhead: redact= is a function that has no name, so this process cannot record with it")
            return
        from opentelemetry.sdk.resources import Resource

        settings, resource = pickle.loads(self.how)  # noqa: S301 - made by our own parent, and come over its pipe
        resource = {**resource, "process.pid": os.getpid()}
        recorder = Recorder(settings, resource)
        recorder.stand_in(recorder.own_provider(Resource(resource)))
        of_process.begin(recorder, self.level, self.lane)


def _start(real: Callable[[Any], None]) -> Callable[[Any], None]:
    def start(process: Any) -> None:
        recorder = current()
        if recorder is None:
            real(process)
            return
        process._playhead = Ticket(recorder)
        try:
            real(process)
        finally:
            del process._playhead

    return start


def _bootstrap(real: Callable[..., int]) -> Callable[..., int]:
    def _bootstrap(process: Any, *args: Any, **how: Any) -> int:
        """In the child, all of it."""
        ticket: Ticket | None = getattr(process, "_playhead", None)
        recorder = current()
        if ticket is None or recorder is None:
            return real(process, *args, **how)
        try:
            if recorder.engine is None and ticket.level != "steps":
                recorder.begin_effects(ticket.level, ticket.lane)
                if recorder.fingerprint is not None:
                    recorder.fingerprint.tell()
            if ticket.inherited is not None:
                parent = ticket.inherited.join(recorder)
                everything_beneath(parent)
        except Exception:
            log.warning("playhead: this process of multiprocessing is recorded in part", exc_info=True)
        try:
            return real(process, *args, **how)
        finally:
            of_process.shutdown(_SEND_WITHIN_S)

    return _bootstrap


class Job:
    """A function submitted to a pool of processes, with the run that it is for."""

    def __init__(self, inherited: Inherited, function: Callable[..., Any]) -> None:
        self.inherited = inherited
        self.function = function

    def __call__(self, *args: Any, **named: Any) -> Any:
        recorder = current()
        if recorder is None:
            return self.function(*args, **named)
        token = context_api.attach(trace.set_span_in_context(self.inherited.join(recorder)))
        try:
            return self.function(*args, **named)
        finally:
            context_api.detach(token)


def _submitting(real: Callable[..., Any]) -> Callable[..., Any]:
    def submit(pool: Any, function: Any, /, *args: Any, **named: Any) -> Any:
        recorder = current()
        inherited = None if recorder is None else Inherited.here(recorder, "0")
        return real(pool, function if inherited is None else Job(inherited, function), *args, **named)

    return submit


def _lane_of_child(recorder: Recorder) -> str:
    """The lane of a process that the running code starts; `0` where no lanes are recorded."""
    engine = recorder.engine
    if engine is None:
        return "0"
    from playhead.lanes.actor import current_actor

    actor = current_actor()
    if actor is None:
        return "0"
    lane = engine.lane(actor)
    return f"{lane.id}+{lane.occurrence('child')}"
