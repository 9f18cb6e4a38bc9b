"""Playhead: a flight recorder for AI agents.

The names below are the whole of what an agent's code calls. They are loaded when first used, so that a program which
imports Playhead and does not record pays next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.errors import PlayheadError as PlayheadError
    from playhead.errors import UsageError as UsageError
    from playhead.recorder.decorate import ContractViolation as ContractViolation
    from playhead.recorder.decorate import agent as agent
    from playhead.recorder.decorate import tool as tool
    from playhead.recorder.joining import SpanProcessor as SpanProcessor
    from playhead.recorder.limits import LimitExceeded as LimitExceeded
    from playhead.recorder.limits import limits as limits
    from playhead.recorder.machine import IllegalTransition as IllegalTransition
    from playhead.recorder.machine import Machine as Machine
    from playhead.recorder.machine import machine as machine
    from playhead.recorder.prices import Usage as Usage
    from playhead.recorder.recorder import flush as flush
    from playhead.recorder.recorder import init as init
    from playhead.recorder.recorder import shutdown as shutdown
    from playhead.recorder.step import Step as Step
    from playhead.recorder.tell import Approval as Approval
    from playhead.recorder.tell import approval as approval
    from playhead.recorder.tell import context as context
    from playhead.recorder.tell import decision as decision
    from playhead.recorder.tell import effect as effect
    from playhead.recorder.tell import score as score
    from playhead.recorder.tell import state as state
    from playhead.recorder.tell import step as step

__version__ = "0.1.0"

_WHERE = {
    "Approval": "recorder.tell",
    "ContractViolation": "recorder.decorate",
    "IllegalTransition": "recorder.machine",
    "LimitExceeded": "recorder.limits",
    "Machine": "recorder.machine",
    "PlayheadError": "errors",
    "SpanProcessor": "recorder.joining",
    "Step": "recorder.step",
    "Usage": "recorder.prices",
    "UsageError": "errors",
    "agent": "recorder.decorate",
    "approval": "recorder.tell",
    "context": "recorder.tell",
    "decision": "recorder.tell",
    "effect": "recorder.tell",
    "flush": "recorder.recorder",
    "init": "recorder.recorder",
    "limits": "recorder.limits",
    "machine": "recorder.machine",
    "score": "recorder.tell",
    "shutdown": "recorder.recorder",
    "state": "recorder.tell",
    "step": "recorder.tell",
    "tool": "recorder.decorate",
}

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604 # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"playhead has no {name!r}; there are {', '.join(sorted(_WHERE))}")
    value = getattr(import_module(f"playhead.{where}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
