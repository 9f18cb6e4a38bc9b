"""A provider of ours where the program has none, and for as long as it sets none: its own is told of at once.

OpenTelemetry's setter works once and would keep the program's own provider out for good, exporter and all; so it is
left unused, and what it is used for later goes through it as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

# What every other way of setting a provider comes down to, also one that was imported by name before us.
_SETTER = "_set_tracer_provider" if hasattr(trace, "_set_tracer_provider") else "set_tracer_provider"


def stand_in(ours: TracerProvider, join: Callable[[Any], None]) -> None:
    """`join` gets the provider that the program sets."""
    setattr(trace, "_TRACER_PROVIDER", ours)  # noqa: B010 - theirs, and private
    if trace.get_tracer_provider() is not ours:
        trace.set_tracer_provider(ours)
        return
    real: Callable[..., None] = getattr(trace, _SETTER)

    def set_provider(tracer_provider: Any, *args: Any, **how: Any) -> None:
        before = trace.get_tracer_provider()
        real(tracer_provider, *args, **how)
        there = trace.get_tracer_provider()
        if there is not before:
            join(there)

    setattr(trace, _SETTER, set_provider)
