"""Ids of runs and steps, from a generator of Playhead's own.

OpenTelemetry draws them from `random`, which is the agent's: recording would move the numbers that an agent draws
after it has set a seed. The ids of runs are in the recording, so that a replayed run is found by the id that it had.
"""

from __future__ import annotations

import os
from random import Random

from opentelemetry.sdk.trace.id_generator import IdGenerator

from playhead.aside import is_aside

_source = Random(os.urandom(32))  # noqa: S311 - ids need to differ, not to be secret
_bits = _source.getrandbits


def _forked() -> None:
    # A child would go on with its parent's ids; a moment that a replay keeps has to.
    if not is_aside():
        _source.seed(os.urandom(32))


os.register_at_fork(after_in_child=_forked)


class OwnIds(IdGenerator):
    def generate_trace_id(self) -> int:
        # Here, and not above: without `init` nothing of the engine is loaded.
        from playhead.lanes.active import active_engine

        engine = active_engine()
        return _trace_id() if engine is None else int(engine.fact("run", lambda: f"{_trace_id():032x}"), 16)

    def generate_span_id(self) -> int:
        return new_span_id()


def new_span_id() -> int:
    return _bits(64) or new_span_id()


def _trace_id() -> int:
    return _bits(128) or _trace_id()
