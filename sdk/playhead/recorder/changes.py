"""What `playhead fork --set` changes, at its step: another result of a tool, other arguments, another prompt.

A fork's header keeps it, so a replay of the fork does the same at the same steps. A step is known by its number in its
run, and the run by its place among those of the process: both are the same until the fork point.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from opentelemetry import trace

from playhead.recorder.payload import payload
from playhead.recorder.processor import Moment
from playhead.recorder.recorder import Recorder
from playhead.recorder.run import KIND, SEQUENCE
from playhead.recorder.step import Step
from playhead.wire.exchange import Headers

RESULT, ARGUMENTS = "tool.result", "tool.arguments"
SYSTEM, MESSAGES, MODEL = "prompt.system", "prompt.messages", "model"
# These hold for the later prompts of the run, too.
LASTING = frozenset({SYSTEM, MODEL})
_PROMPTS = {SYSTEM: "system", MESSAGES: "messages", MODEL: "model"}


@dataclass(frozen=True, slots=True)
class Change:
    run: int
    """Its place among the runs of the process, from 0."""
    at: int
    """The step, by its number in the run, from 0."""
    set: Mapping[str, Any] = field(default_factory=dict)

    @property
    def for_prompts(self) -> dict[str, Any]:
        return {_PROMPTS[name]: value for name, value in self.set.items() if name in _PROMPTS}

    @property
    def lasting(self) -> dict[str, Any]:
        return {_PROMPTS[name]: value for name, value in self.set.items() if name in LASTING}


class Changes:
    """`stop` ends the process where a change cannot be made: it does not return."""

    def __init__(self, recorder: Recorder, changes: Sequence[Change], stop: Callable[[str], NoReturn]) -> None:
        self._recorder = recorder
        self._changes = changes
        self._stop = stop
        self._runs: dict[str, int] = {}
        self._of_step: dict[str, Change] = {}
        self.may_call: Callable[[Step, str], None] = lambda _, __: None
        """Asked before a tool with side effects is called."""

    def at(self, moment: Moment) -> None:
        """Watches the steps: which of them is to be another."""
        if moment.begins:
            run = self._runs.setdefault(moment.run, len(self._runs))
            for change in self._changes:
                if (change.run, change.at) == (run, moment.attributes.get(SEQUENCE)):
                    self._of_step[moment.step] = change
        elif (left := self._of_step.pop(moment.step, None)) is not None and RESULT in left.set:
            kind = moment.attributes.get(KIND)
            self._stop(f"the result of {moment.name} ({kind}) cannot be set: it is no function with @playhead.tool")

    def has(self, step: str) -> bool:
        """Whether this step, which is under way, is to be another."""
        return step in self._of_step

    def call(
        self,
        step: Step,
        function: Callable[..., Any],
        side_effect: bool,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        change = self._of_step.pop(step.id, None)
        if change is not None and RESULT in change.set:
            if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
                self._stop(f"the result of {function.__qualname__} cannot be set: it is a generator")
            result = change.set[RESULT]
            return _awaitable(result) if inspect.iscoroutinefunction(function) else result
        if change is not None and ARGUMENTS in change.set:
            arguments, named = self._with(step, function, change.set[ARGUMENTS], arguments, named)
        if side_effect:
            self.may_call(step, payload({"*": list(arguments), **named}) if arguments else payload(named))
        return function(*arguments, **named)

    def _with(
        self,
        step: Step,
        function: Callable[..., Any],
        given: Mapping[str, Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        bound = inspect.signature(function).bind(*arguments, **named)
        unknown = [name for name in given if name not in bound.signature.parameters]
        if unknown:
            self._stop(f"{function.__qualname__} has no argument {unknown[0]!r}")
        bound.arguments.update(given)
        said = {name: value for name, value in bound.arguments.items() if name not in ("self", "cls")}
        step.set("gen_ai.tool.call.arguments", payload(said))
        return bound.args, bound.kwargs

    def rewrite(self, method: str, url: str, headers: Headers, body: bytes) -> tuple[str, bytes] | None:
        """A request as it is to be sent; None: as it is."""
        run, number = self._next()
        change: dict[str, Any] = {}
        for one in self._changes:
            if one.run == run and one.at <= number:
                change |= one.for_prompts if one.at == number else one.lasting
        if not change:
            return None
        from playhead.providers.rewriting import CannotRewrite, rewritten

        try:
            return rewritten(method, url, headers, body, change)
        except CannotRewrite as error:
            self._stop(f"the prompt of step {number + 1} cannot be changed: {error}")

    def _next(self) -> tuple[int, int]:
        """Where a step that began now would stand: its run, and its number there."""
        here = self._recorder.runs.get(trace.get_current_span().get_span_context().trace_id)
        if here is None:
            return len(self._runs), 0
        return self._runs.get(here.hex, len(self._runs)), here.begun


def changes_from(told: Sequence[Mapping[str, Any]]) -> list[Change]:
    """As a header has them."""
    return [Change(int(one["run"]), int(one["at"]), dict(one["set"])) for one in told]


async def _awaitable(result: Any) -> Any:
    return result


def as_json(text: str) -> Any:
    """What a user gave for a value: JSON where it is, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
