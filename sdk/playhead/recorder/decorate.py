"""`@playhead.tool` and `@playhead.agent`: a function whose every call is a step, whatever kind of function it is.

The wrapped function behaves as before: same signature, same results, same errors. Where nothing records it is called
directly.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from opentelemetry.trace import Status, StatusCode

from playhead.errors import UsageError
from playhead.recorder.payload import payload
from playhead.recorder.recorder import Recorder, current
from playhead.recorder.step import Step, begin, in_run

if TYPE_CHECKING:
    from playhead.recorder.contracts import Contract

P = ParamSpec("P")
R = TypeVar("R")

_MOST_YIELDS = 1_000


class _Recorded:
    """How one function is recorded: its step's kind, name and attributes, and its contract."""

    def __init__(
        self, function: Callable[..., Any], kind: str, name: str, fixed: Mapping[str, Any], strict: bool
    ) -> None:
        self.kind = kind
        self.name = name
        self.fixed = fixed
        self.strict = strict
        self._function = function
        self._names = _parameter_names(function)
        self._around = _names_around(function)
        self._contract: Contract | None = None

    def begin(self, recorder: Recorder, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Step:
        given = self._said(arguments, named)
        text = payload(given)
        if self.kind == "tool":
            attributes = {**self.fixed, "gen_ai.tool.call.arguments": text}
            step = begin(self.kind, f"execute_tool {self.name}", attributes, like=text)
        else:
            attributes = {**self.fixed, "input.value": text}
            step = begin(self.kind, f"invoke_agent {self.name}", attributes, alone=not in_run(recorder), like=text)
        self._check(step, given, "argument")
        return step

    def called(self, recorder: Recorder | None, step: Step, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Calls the function, unless a fork has something else in mind for this step."""
        if recorder is None or recorder.changes is None or self.kind != "tool":
            return self._function(*arguments, **named)
        asks = "playhead.side_effect" in self.fixed
        return recorder.changes.call(step, self._function, asks, arguments, named)

    def succeed(self, step: Step, result: Any, yielded: Any = None) -> None:
        key = "gen_ai.tool.call.result" if self.kind == "tool" else "output.value"
        step.span.set_attribute(key, payload(result if yielded is None else yielded))
        self._check(step, {"return": result}, "result")
        if self.kind == "agent":
            # It came to its end, whatever failed on the way: a reader need not guess from its last sub-agent.
            step.span.set_status(Status(StatusCode.OK))

    @property
    def contract(self) -> Contract:
        # Made at the first call: annotations may name what is defined further down.
        if self._contract is None:
            from playhead.recorder.contracts import contract_of

            self._contract = contract_of(self._function, self._around)
            self._around = {}
        return self._contract

    def check_item(self, step: Step, place: int, item: Any) -> bool:
        """Whether what a generator yields is as promised."""
        words = self.contract.violation_of_item(item)
        if words is not None:
            self._tell(step, f"item {place}", f"item {place} {words}")
        return words is None

    def _said(self, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        names = self._names
        first = 1 if names and names[0] in ("self", "cls") else 0
        said = dict(zip(names[first:], arguments[first:], strict=False))
        if len(arguments) > len(names):
            said["*"] = list(arguments[len(names) :])
        return {**said, **named}

    def _check(self, step: Step, values: Mapping[str, Any], what: str) -> None:
        contract = self.contract
        if contract.promises_nothing:
            return
        for name, words in contract.violations(values):
            self._tell(step, f"{what} {name}" if what == "argument" else what, words)

    def _tell(self, step: Step, where: str, words: str) -> None:
        step.span.set_attribute("playhead.contract.violation", words)
        step.event("playhead.contract.violation", where=where, what=words)
        if self.strict:
            error = ContractViolation(f"{self.name}: {words}")
            step.leave()
            step.end(error)
            raise error


class ContractViolation(TypeError):
    """An argument or a result of a strict tool or agent is not what its annotation says."""


@overload
def tool(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def tool(
    *, name: str | None = None, side_effect: bool = False, strict: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def tool(function: Any = None, /, *, name: str | None = None, side_effect: bool = False, strict: bool = False) -> Any:
    """Records each call as a tool step with its arguments and its result.

    `side_effect=True` says that a call changes the world, so that a live replay asks before it makes one.
    `strict=True` raises where an argument or a result breaks its annotation; else that is recorded only.
    """

    def decorate(plain: Any) -> Any:
        called = name or _name(plain)
        fixed = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": called}
        if (parameters := _parameters(plain)) is not None:
            fixed["playhead.tool.parameters"] = parameters
        if side_effect:
            fixed["playhead.side_effect"] = "true"
        return _wrap(plain, "tool", called, fixed, strict)

    return decorate if function is None else decorate(function)


@overload
def agent(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def agent(
    *, name: str | None = None, version: str | None = None, strict: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def agent(function: Any = None, /, *, name: str | None = None, version: str | None = None, strict: bool = False) -> Any:
    """Records each call as a run; called within a run, as a sub-agent's step of that run."""

    def decorate(plain: Any) -> Any:
        called = name or _name(plain)
        fixed = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": called}
        if version is not None:
            fixed["gen_ai.agent.version"] = version
        return _wrap(plain, "agent", called, fixed, strict)

    return decorate if function is None else decorate(function)


def _wrap(function: Any, kind: str, name: str, fixed: Mapping[str, Any], strict: bool) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_wrap(function.__func__, kind, name, fixed, strict))
    if isinstance(function, str):
        raise UsageError(
            f"@playhead.{kind}({function!r}): a name is said by name; write @playhead.{kind}(name={function!r})"
        )
    if isinstance(function, type):
        raise UsageError(f"@playhead.{kind} decorates functions; {function.__name__} is a class: decorate its methods")
    if not callable(function):
        raise UsageError(f"@playhead.{kind} decorates functions, not {type(function).__name__}")
    recorded = _Recorded(function, kind, name, fixed, strict)
    if inspect.isasyncgenfunction(function):
        wrapper: Any = _async_generator(function, recorded)
    elif inspect.iscoroutinefunction(function):
        wrapper = _coroutine(function, recorded)
    elif inspect.isgeneratorfunction(function):
        wrapper = _generator(function, recorded)
    else:
        wrapper = _plain(function, recorded)
    return functools.wraps(function)(wrapper)


def _plain(function: Callable[..., Any], recorded: _Recorded) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        recorder = current()
        if recorder is None:
            return function(*arguments, **named)
        step = recorded.begin(recorder, arguments, named)
        with step:
            result = recorded.called(recorder, step, arguments, named)
            if not inspect.iscoroutine(result):
                recorded.succeed(step, result)
                return result
            step._stay_open()
        # A coroutine function in disguise: a partial of one, or what a decorator that is none made of it.
        return _awaited(result, recorded, step)

    return call


async def _awaited(coroutine: Coroutine[Any, Any, Any], recorded: _Recorded, step: Step) -> Any:
    with step:
        result = await coroutine
        recorded.succeed(step, result)
        return result


def _coroutine(function: Callable[..., Any], recorded: _Recorded) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> Any:
        recorder = current()
        if recorder is None:
            return await function(*arguments, **named)
        with recorded.begin(recorder, arguments, named) as step:
            result = await recorded.called(recorder, step, arguments, named)
            recorded.succeed(step, result)
            return result

    return call


def _generator(function: Callable[..., Any], recorded: _Recorded) -> Callable[..., Any]:
    """The step is current only while the generator's own code runs: what its caller does between is not part of it."""

    def call(*arguments: Any, **named: Any) -> Generator[Any, Any, Any]:
        recorder = current()
        if recorder is None:
            return (yield from function(*arguments, **named))
        step = recorded.begin(recorder, arguments, named)
        inner = recorded.called(recorder, step, arguments, named)
        yielded = _Yielded(recorded, step)
        resume: Callable[[], Any] = functools.partial(next, inner)
        try:
            while True:
                step.enter()
                try:
                    item = resume()
                finally:
                    step.leave()
                yielded.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown into us, so thrown into it
                    resume = functools.partial(inner.throw, error)
                else:
                    resume = functools.partial(inner.send, sent)
        except StopIteration as stop:
            recorded.succeed(step, stop.value, yielded.result(stop.value))
            step.end()
            return stop.value
        except BaseException as error:
            step.set("playhead.yielded", yielded.count)
            step.end(error)
            raise

    return call


def _async_generator(function: Callable[..., Any], recorded: _Recorded) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> AsyncGenerator[Any, Any]:
        recorder = current()
        step = None if recorder is None else recorded.begin(recorder, arguments, named)
        begun = function(*arguments, **named) if step is None else recorded.called(recorder, step, arguments, named)
        inner = cast("AsyncGenerator[Any, Any]", begun)
        yielded = _Yielded(recorded, step)
        resume: Callable[[], Any] = functools.partial(anext, inner)
        try:
            while True:
                if step is not None:
                    step.enter()
                try:
                    item = await resume()
                finally:
                    if step is not None:
                        step.leave()
                yielded.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown into us, so thrown into it
                    resume = functools.partial(inner.athrow, error)
                else:
                    resume = functools.partial(inner.asend, sent)
        except StopAsyncIteration:
            if step is not None:
                recorded.succeed(step, None, yielded.result(None))
                step.end()
        except BaseException as error:
            if step is not None:
                step.set("playhead.yielded", yielded.count)
                step.end(error)
            raise

    return call


class _Yielded:
    """What a generator gave, as far as it is kept."""

    def __init__(self, recorded: _Recorded, step: Step | None) -> None:
        self.count = 0
        self._items: list[Any] = []
        self._recorded = recorded
        self._step = step
        self._as_promised = True

    def add(self, item: Any) -> None:
        if self._step is None:
            return
        if self._as_promised:
            # The first that is not is told; where one item is malformed, most are.
            self._as_promised = self._recorded.check_item(self._step, self.count, item)
        self.count += 1
        if self.count <= _MOST_YIELDS:
            self._items.append(item)

    def result(self, returned: Any) -> Any:
        if returned is None and self.count <= _MOST_YIELDS:
            return self._items
        whole = {"yielded": self._items, "returned": returned}
        return whole if self.count <= _MOST_YIELDS else {**whole, "cut": self.count - _MOST_YIELDS}


def _names_around(function: Any) -> dict[str, Any]:
    # Contracts are imported for who has one to keep: they were a fifth of what importing this package took.
    if "<locals>" not in getattr(function, "__qualname__", ""):
        return {}
    from playhead.recorder.contracts import names_around

    return names_around(function)


def _name(function: Any) -> str:
    inner = getattr(function, "__func__", function)
    return str(getattr(inner, "__name__", type(inner).__name__))


class _LeftOut:
    """Stands for a default, which may be a secret, or print its address."""

    def __repr__(self) -> str:
        return ""


def _parameters(function: Callable[..., Any]) -> str | None:
    """Names and kinds of its parameters, and which may be left out: `(city, days=, *, unit=)`."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    bare = (
        one.replace(annotation=one.empty, default=one.empty if one.default is one.empty else _LeftOut())
        for one in parameters
    )
    return str(inspect.Signature(list(bare)))


def _parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(parameter.name for parameter in parameters if parameter.kind in positional)
