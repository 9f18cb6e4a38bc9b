"""A declared state machine: which states there are, which transitions are legal, which states end it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from enum import Enum
from typing import Any

from playhead.errors import PlayheadError, UsageError
from playhead.recorder.payload import word
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
        transitions: Mapping[str, frozenset[str]],
        terminal: frozenset[str],
        strict: bool,
    ) -> None:
        self.name = name
        self.initial = initial
        self.transitions = transitions
        self.terminal = terminal
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

    def to(self, state: str | Enum, **details: Any) -> None:
        """Goes to a state. What the declaration does not allow is recorded as illegal, and raised if it is strict."""
        state = word(state)
        before = self.state
        illegal = self._illegal(before, state)
        if illegal is not None and self.strict:
            transition(self.name, before, before, _run(), {**details, "asked": state}, illegal=illegal)
            raise IllegalTransition(f"{self.name}: {illegal}")
        if illegal is not None:
            log.warning("playhead: machine %s: %s", self.name, illegal)
        # What reads the steps later does not know the declaration: an end is told, and so is that there should be one.
        terminal = state in self.terminal if self.terminal else None
        transition(self.name, before, state, _run(), details, illegal=illegal, terminal=terminal)
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
    initial: str | Enum,
    transitions: Mapping[str, Collection[str]] | Mapping[Any, Collection[Any]],
    terminal: Collection[str | Enum] = (),
    strict: bool = False,
) -> Machine:
    """Declares a machine: `transitions` maps each state to those that may follow it. States are texts or enums.

    What it does not allow is recorded as such and told in the log; a `strict` machine raises IllegalTransition.
    """
    if not isinstance(transitions, Mapping):
        raise UsageError(f"machine({name!r}): transitions is no mapping; write {{'new': ['open'], 'open': ['done']}}")
    for state, after in [*transitions.items(), ("terminal", terminal)]:
        if isinstance(after, str) or not isinstance(after, Collection):
            where = "terminal" if state == "terminal" and after is terminal else f"transitions[{state!r}]"
            raise UsageError(f"machine({name!r}): {where} is {after!r}; write a list: [{after!r}]")
    follow = {word(state): frozenset(map(word, after)) for state, after in transitions.items()}
    first, last = word(initial), frozenset(map(word, terminal))
    if follow and first not in follow and first not in last:
        raise UsageError(f"machine({name!r}): from its initial state {first!r} it goes nowhere; give it a transition")
    return Machine(name, first, follow, last, strict)
