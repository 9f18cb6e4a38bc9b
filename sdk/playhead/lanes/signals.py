"""Signals: their handlers run outside, since no recording can say between which two instructions one came.

A handler never runs in the middle of the discipline's own bookkeeping: it might wait there for a lock that its own
thread holds, or leave with an exception what is half done. There it is put off by a millisecond. Ctrl-C is one of them.
"""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable
from time import sleep
from types import CodeType, FrameType, FunctionType
from typing import Any

from playhead.lanes.actor import OUTSIDE
from playhead.lanes.discipline import Discipline
from playhead.lanes.engine import Engine
from playhead.lanes.locks import Lock

Handler = Callable[[int, FrameType | None], Any]
_AGAIN_S = 0.001


class Outside:
    """A handler of the agent's, as Python has it installed."""

    def __init__(self, handler: Handler, engine: Engine) -> None:
        self.handler = handler
        self._engine = engine

    def __call__(self, number: int, frame: FrameType | None) -> Any:
        if self._engine.discipline.dissolved:
            return self.handler(number, frame)
        if _in_bookkeeping(frame):
            _thread.start_new_thread(_send_again, (_thread.get_ident(), number))
            return None
        # A server's own only says that it is to stop, and its stop is a completion.
        if not str(getattr(self.handler, "__module__", "")).startswith("uvicorn."):
            self._engine.notice(f"a signal's handler ran: {signal.Signals(number).name}", "")
        token = OUTSIDE.set(True)
        try:
            return self.handler(number, frame)
        finally:
            OUTSIDE.reset(token)


def install(engine: Engine) -> None:
    if not engine.exact or not engine.direction.keeps:
        return
    real_signal, real_getsignal = signal.signal, signal.getsignal

    def set_handler(number: int, handler: Any) -> Any:
        ours = Outside(handler, engine) if callable(handler) and not isinstance(handler, Outside) else handler
        return _theirs(real_signal(number, ours))

    def getsignal(number: int) -> Any:
        return _theirs(real_getsignal(number))

    engine.patches.function(signal, "signal", set_handler)
    engine.patches.function(signal, "getsignal", getsignal)
    if threading.current_thread() is threading.main_thread():
        wrapped = [number for number in signal.valid_signals() if isinstance(real_getsignal(number), _PLAIN)]
        for number in wrapped:
            real_signal(number, Outside(real_getsignal(number), engine))  # type: ignore[arg-type]
        engine.patches.on_undo(lambda: _put_back(wrapped, real_signal, real_getsignal))


_PLAIN = (FunctionType, type(signal.default_int_handler))


def _theirs(handler: Any) -> Any:
    return handler.handler if isinstance(handler, Outside) else handler


def _put_back(numbers: list[Any], real_signal: Any, real_getsignal: Any) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # Python lets no other thread; they pass everything through
    for number in numbers:
        held = real_getsignal(number)
        if isinstance(held, Outside):
            real_signal(number, held.handler)


def undisturbed(*functions: Callable[..., Any]) -> None:
    """No handler runs in the middle of these, either: they would take what it raises for an error of their own."""
    _bookkeeping.update(one.__code__ for one in functions if isinstance(one, FunctionType))


def _codes() -> set[CodeType]:
    methods = {name: one for name, one in vars(Discipline).items() if isinstance(one, FunctionType)}
    return {one.__code__ for name, one in methods.items() if name != "await_turn"}


# A handler that sets an event while its thread makes the lock of a wait on it waits for itself for ever: in any
# program, and oftener where making a lock takes longer.
_bookkeeping = _codes() | {Lock.__init__.__code__}
_WAITING = Discipline.await_turn.__code__


def _in_bookkeeping(frame: FrameType | None) -> bool:
    """Whether the thread was interrupted with the discipline's mutex in its hand, or close to it."""
    while frame is not None:
        if frame.f_code is _WAITING:
            return False
        if frame.f_code in _bookkeeping:
            return True
        frame = frame.f_back
    return False


def _send_again(thread: int, number: int) -> None:
    sleep(_AGAIN_S)
    signal.pthread_kill(thread, number)
