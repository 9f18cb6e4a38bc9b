"""What a thread or an executor's job takes along from where it was made: its run, whom it is for, its limits.

Context variables stop at a thread's edge, so without this every tool that an agent calls in a pool would be a run of
its own. Only OpenTelemetry's variable and Playhead's go along: those of the agent and of its libraries stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import context as context_api
from opentelemetry import trace

from playhead.recorder.limits import under_limits
from playhead.recorder.requests import REQUEST
from playhead.recorder.run import about


def carry() -> Callable[[], AbstractContextManager[None]]:
    """Called where the thread or job is made; what it gives is entered where that runs."""
    here, said, limited = context_api.get_current(), about.get(), under_limits.get()
    request = REQUEST.get()
    if not (request or trace.get_current_span(here).get_span_context().is_valid or said or limited):
        return nullcontext

    @contextmanager
    def carried() -> Iterator[None]:
        around = context_api.attach(here)
        told, limits = about.set(said), under_limits.set(limited)
        served = REQUEST.set(request)
        try:
            yield
        finally:
            REQUEST.reset(served)
            under_limits.reset(limits)
            about.reset(told)
            context_api.detach(around)

    return carried
