"""What code alone knows, said in one line each: where it stands, what it chose, who approved, how well it went."""

from __future__ import annotations

import inspect
import numbers
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

from opentelemetry import trace

from playhead.recorder.payload import payload, word
from playhead.recorder.recorder import current
from playhead.recorder.run import Run, about
from playhead.recorder.step import Step, begin

T = TypeVar("T")


def step(name: str, kind: str = "other", **attributes: Any) -> Step:
    """`with playhead.step("plan") as step:` for anything that no other call fits."""
    return begin(word(kind), word(name), {key: _plain(value) for key, value in attributes.items()})


def state(to: str, *, machine: str = "run", **details: Any) -> None:
    """The run is now in this state; where it was before is known."""
    run = _run()
    name = word(machine)
    before = run.states.get(name) if run is not None else None
    transition(name, before, word(to), run, details)


def transition(
    machine: str,
    before: str | None,
    to: str,
    run: Run | None,
    details: Mapping[str, Any],
    *,
    illegal: str | None = None,
    terminal: bool | None = None,
) -> None:
    attributes: dict[str, Any] = {
        "playhead.transition.machine": machine,
        "playhead.transition.to": to,
        **{f"playhead.transition.{key}": _plain(value) for key, value in details.items()},
    }
    if before is not None:
        attributes["playhead.transition.from"] = before
    if illegal is not None:
        attributes["playhead.transition.illegal"] = illegal
    if terminal is not None:
        attributes["playhead.transition.terminal"] = terminal
    if run is not None:
        run.states[machine] = to
    begin("state", f"{machine}: {to}", attributes).end()


def decision(
    question: str, *, chosen: Any, options: Sequence[Any] = (), reason: str | None = None, **details: Any
) -> None:
    """Between which options the code chose, and why."""
    question = word(question)
    offered = [options] if isinstance(options, str) else options
    attributes: dict[str, Any] = {
        "playhead.decision.question": question,
        "playhead.decision.chosen": payload(chosen),
        **{f"playhead.decision.{key}": _plain(value) for key, value in details.items()},
    }
    if offered:
        attributes["playhead.decision.options"] = [payload(option) for option in offered]
    if reason is not None:
        attributes["playhead.decision.reason"] = payload(reason)
    begin("decision", question, attributes).end()


class Approval:
    """What a person, or a policy, is asked. One of `approve` and `reject` says what came of it."""

    def __init__(self, under: Step, clock: Callable[[], float]) -> None:
        self._step = under
        self._clock = clock
        self._began = clock()
        self.verdict: str | None = None

    def shown(self, what: Any, to: str | None = None) -> None:
        """What was put before whom: it need not be all of what was proposed."""
        self._step.set("playhead.approval.shown", payload(what))
        if to is not None:
            self._step.set("playhead.approval.shown_to", to)

    def approve(self, by: str | None = None, comment: str | None = None) -> None:
        """It may be done; the last word counts."""
        self._decide("approved", by, comment)

    def reject(self, by: str | None = None, comment: str | None = None) -> None:
        """It may not."""
        self._decide("rejected", by, comment)

    def _decide(self, verdict: str, by: str | None, comment: str | None) -> None:
        self.verdict = verdict
        self._step.set("playhead.approval.verdict", verdict)
        self._step.set("playhead.approval.waited_s", self._clock() - self._began)
        if by is not None:
            self._step.set("playhead.approval.by", by)
        if comment is not None:
            self._step.set("playhead.approval.comment", comment)


@contextmanager
def approval(action: str, *, proposed: Any = None, clock: Callable[[], float] | None = None) -> Iterator[Approval]:
    """`with playhead.approval("refund", proposed=order) as ask:` around the waiting; no verdict is recorded as none."""
    attributes: dict[str, Any] = {"playhead.approval.action": action}
    if proposed is not None:
        attributes["playhead.approval.proposed"] = payload(proposed)
    with begin("approval", f"approval {action}", attributes) as under:
        ask = Approval(under, clock or time.monotonic)
        yield ask
        if ask.verdict is None:
            under.set("playhead.approval.verdict", "none")


def score(
    name: str,
    value: float | str | bool | None,
    *,
    comment: str | None = None,
    of: Step | None = None,
    run: str | None = None,
    step: str | None = None,
    by: str | None = None,
    key: str | None = None,
) -> None:
    """How well something went: a check, a judge, a user's thumb. `of` is the step that it is about.

    With the id of a `run` it is said of that run from outside, from any process and at any later time, `by` whom and
    of which `step`; what is said again under a `key` replaces what was said. The name `label` puts a word on a run,
    and `note`, without a value, a comment.
    """
    if run is not None:
        from playhead.recorder.outside import say

        about = step or (of.id if of is not None else "")
        say(name, value, comment=comment, run=run, step=about, by=by, key=key)
        return
    attributes: dict[str, Any] = {"gen_ai.evaluation.name": name}
    if isinstance(value, numbers.Real):
        attributes["gen_ai.evaluation.score.value"] = float(value)
    elif value is not None:
        attributes["gen_ai.evaluation.score.label"] = word(value)
    if comment is not None:
        attributes["gen_ai.evaluation.explanation"] = payload(comment)
    if of is not None and of.id:
        attributes["playhead.score.of"] = of.id
    begin("score", f"score {name}", attributes).end()


def effect(name: str, compute: Callable[[], T], **attributes: Any) -> T:
    """A result that code cannot compute by itself, recorded as a step. (Replay does not serve it yet.)"""
    under = begin("effect", word(name), {key: _plain(value) for key, value in attributes.items()})
    with under:
        result = compute()
        if not inspect.iscoroutine(result):
            under.set("playhead.effect.result", payload(result))
            return result
        under._stay_open()
    return cast(T, _awaited(result, under))


async def _awaited(coroutine: Coroutine[Any, Any, Any], under: Step) -> Any:
    with under:
        result = await coroutine
        under.set("playhead.effect.result", payload(result))
        return result


@contextmanager
def context(
    *,
    session: str | None = None,
    user: str | None = None,
    on_behalf_of: str | None = None,
    permissions: Sequence[str] | None = None,
    tags: Mapping[str, str] | Sequence[str] | None = None,
) -> Iterator[None]:
    """Who this is for, and what it may do. The current step and every step begun in this block carry it."""
    said: dict[str, Any] = {}
    if session is not None:
        said["session.id"] = word(session)
    if user is not None:
        said["user.id"] = word(user)
    if on_behalf_of is not None:
        said["playhead.on_behalf_of"] = word(on_behalf_of)
    if permissions is not None:
        listed = [permissions] if isinstance(permissions, str) else [word(permission) for permission in permissions]
        said["playhead.permissions"] = ",".join(listed)
    if isinstance(tags, Mapping):
        said.update({f"playhead.tag.{key}": word(value) for key, value in tags.items()})
    elif tags is not None:
        said["playhead.tags"] = [tags] if isinstance(tags, str) else [word(tag) for tag in tags]
    if current() is not None:
        trace.get_current_span().set_attributes(said)
    token = about.set({**about.get(), **said})
    try:
        yield
    finally:
        # A generator may be closed in another context than it was begun in; then there is nothing to put back.
        with suppress(ValueError):
            about.reset(token)


def _run() -> Run | None:
    recorder = current()
    return recorder.runs.get(trace.get_current_span().get_span_context().trace_id) if recorder is not None else None


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, bool, int, float)) else payload(value)
