"""A declared state machine: which states there are, which transitions are legal, which states end it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from typing import Any

from playhead.errors import PlayheadError, UsageError
from playhead.recorder.tell import _run, transition

log = logging.getLogger("playhead")


class IllegalTransition(PlayheadError):
    """A strict machine was told to go where its declaration does not lead."""


class Machine:
    """Stands where it stood last in the current run; in another run it begins anew."""

    def __init__(
        self,
        name: str,
        initial: str,
        transitions: Mapping[str, Collection[str]],
        terminal: Collection[str],
        strict: bool,
    ) -> None:
        self.name = name
        self.initial = initial
        self.transitions = {state: frozenset(after) for state, after in transitions.items()}
        self.terminal = frozenset(terminal)
        self.strict = strict
        self.states = frozenset({initial, *self.transitions, *self.terminal}.union(*self.transitions.values()))
        # Outside of any run a machine still has a state: one for each context.
        self._alone: ContextVar[str] = ContextVar(f"playhead_machine_{name}", default=initial)

    @property
    def state(self) -> str:
        """Where it stands in the current run."""
        run = _run()
        return self._alone.get() if run is None else run.states.get(self.name, self.initial)

    @property
    def ended(self) -> bool:
        """Whether it stands in one of its terminal states."""
        return self.state in self.terminal

    def to(self, state: str, **details: Any) -> None:
        """Goes to a state. What the declaration does not allow is recorded as illegal, and raised if it is strict."""
        before = self.state
        illegal = self._illegal(before, state)
        if illegal is not None and self.strict:
            transition(self.name, before, before, _run(), {**details, "asked": state}, illegal=illegal)
            raise IllegalTransition(f"{self.name}: {illegal}")
        if illegal is not None:
            log.warning("playhead: machine %s: %s", self.name, illegal)
        transition(self.name, before, state, _run(), details, illegal=illegal)
        self._alone.set(state)

    def _illegal(self, before: str, state: str) -> str | None:
        if state not in self.states:
            return f"{state!r} is no state of it; there are {', '.join(sorted(self.states))}"
        if before in self.terminal:
            return f"{before!r} ends it, and {state!r} came after"
        allowed = self.transitions.get(before, frozenset())
        if state not in allowed:
            return f"from {before!r} it goes to {', '.join(sorted(allowed)) or 'nowhere'}, not to {state!r}"
        return None


def machine(
    name: str,
    *,
    initial: str,
    transitions: Mapping[str, Collection[str]],
    terminal: Collection[str] = (),
    strict: bool = False,
) -> Machine:
    """Declares a machine: `transitions` maps each state to those that may follow it."""
    for state, after in transitions.items():
        if isinstance(after, str):
            raise UsageError(f"machine({name!r}): transitions[{state!r}] is a text; write a list: [{after!r}]")
    return Machine(name, initial, transitions, terminal, strict)
