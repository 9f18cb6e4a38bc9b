"""The prompt of `playhead replay --step`: one line a command, as debuggers have it. Words go to stderr, or as JSON to
stdout; commands come from the terminal, or from a script's standard input."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType

from playhead.errors import UsageError
from playhead_collector.commands.common import console, say, write_json
from playhead_replay.stepping.session import Session, Standing
from playhead_replay.stepping.stop import Ended, Stop
from playhead_replay.stepping.told import frame_in_words, locals_in_words, messages_in_words, stop_in_words

PROMPT = "playhead> "
HELP = """\
  s, step      to the next place: the beginning of a step, or its end      b, back     to the place before
  o, over      to the end of this step; from its end to what comes next    B, prompt   back to the prompt before
  u, out       to the end of the step that this one is within              g, goto N   to step N, forward or back
  c, continue  to the next breakpoint, or to the end                       until N     as g, with breakpoints
  w, where     frames of the agent's code          up, down                another frame
  l, locals    of this frame                       p EXPR                  the value of an expression in it
  m, messages  of the prompt, or of the last one   show                    where it stands, once more
  break EXPR   kind=tool and tool=refund, step>40, cost>0.5, context>100k, name~regex, status=error
  breaks       those there are                     clear N                 takes one away
  q, quit      an empty line does the last s, o or b again; Ctrl-C stops what goes on at the next place"""


class Prompt:
    def __init__(self, session: Session, as_json: bool) -> None:
        self._session = session
        self._as_json = as_json
        self._frame = 0
        self._last = "step"
        self._moves: dict[str, Callable[[], Standing]] = {
            "step": session.step, "over": session.over, "out": session.out, "continue": session.go_on,
            "back": session.back, "prompt": session.back_to_prompt,
        }  # fmt: skip
        self._looks: dict[str, Callable[[], Iterable[str]]] = {
            "where": self._where, "locals": self._locals, "messages": self._messages, "show": self._show,
            "up": lambda: self._other_frame(1), "down": lambda: self._other_frame(-1), "breaks": self._breaks,
            "help": lambda: [HELP],
        }  # fmt: skip
        self._with_word: dict[str, Callable[[str], Iterable[str]]] = {
            "p": self._value, "break": self._break, "clear": self._clear,
        }  # fmt: skip

    def run(self, begin: Callable[[], Standing]) -> Standing:
        """Until somebody quits, or there are no more commands; where it stood then."""
        self._moved(begin)
        while (line := _next_line()) is not None:
            word, _, rest = (line.strip() or self._last).partition(" ")
            word = _SHORT.get(word, word)
            if word == "quit":
                break
            try:
                self._do(word, rest.strip())
            except UsageError as error:
                say(f"  {error}")
        return self._session.standing

    def _do(self, word: str, rest: str) -> None:
        if word in self._moves:
            if word in _AGAIN:
                self._last = word
            self._moved(self._moves[word])
        elif word in ("goto", "until"):
            if not rest.isdigit():
                raise UsageError(f"{word} wants the number of a step")
            self._moved(lambda: (self._session.go_to if word == "goto" else self._session.until)(int(rest)))
        elif word in self._looks:
            self._tell(self._looks[word]())
        elif word in self._with_word:
            self._tell(self._with_word[word](rest))
        else:
            raise UsageError(f"{word!r} is no command; h lists them")

    def _moved(self, move: Callable[[], Standing]) -> None:
        before = self._session.standing_or_none
        with _interruptible(self._session):
            standing = move()
        if isinstance(standing, Stop):
            self._frame = standing.shown
        if self._as_json:
            write_json([{"stop" if isinstance(standing, Stop) else "ended": asdict(standing)}])
            sys.stdout.flush()
        elif standing is before and isinstance(standing, Stop):
            say("  it stays here")
        else:
            self._tell(self._show())

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            say(line)

    # -- what is there

    def _show(self) -> Iterable[str]:
        standing = self._session.standing
        if isinstance(standing, Ended):
            return [f"○ the program has ended: {standing.verdict.what}", "  b goes back, q leaves"]
        content = None if standing.step is None else self._session.content(standing.step)
        return stop_in_words(standing, content, console(stderr=True).width)

    def _stop(self) -> Stop:
        standing = self._session.standing
        if isinstance(standing, Ended):
            raise UsageError("the program has ended; b goes back")
        return standing

    def _where(self) -> Iterable[str]:
        for number, frame in enumerate(self._stop().frames):
            sign = "▶" if number == self._frame else " "
            yield f"  {sign} {frame.file}:{frame.line} in {frame.function}{'' if frame.is_own else '  (a package)'}"

    def _other_frame(self, by: int) -> Iterable[str]:
        frames = self._stop().frames
        if not 0 <= self._frame + by < len(frames):
            raise UsageError("there is no frame beyond this one")
        self._frame += by
        return [*frame_in_words(frames[self._frame]), *self._locals()]

    def _locals(self) -> Iterable[str]:
        stop = self._stop()
        rows = stop.locals if self._frame == stop.shown else self._session.locals(self._frame)
        return locals_in_words(rows, console(stderr=True).width)

    def _value(self, expression: str) -> Iterable[str]:
        if not expression:
            raise UsageError("p wants an expression")
        value = self._session.value(expression, self._frame)
        return [f"  {value.text}"]

    def _messages(self) -> Iterable[str]:
        return messages_in_words(self._session.conversation(), console(stderr=True).width)

    # -- breakpoints

    def _break(self, expression: str) -> Iterable[str]:
        number = self._session.stop_at(expression)
        return [f"  breakpoint {number}: {self._session.breakpoints[number].text}"]

    def _clear(self, number: str) -> Iterable[str]:
        self._session.forget(int(number) if number.isdigit() else 0)
        return self._breaks()

    def _breaks(self) -> Iterable[str]:
        return [f"  {number}  {one.text}" for number, one in self._session.breakpoints.items()] or ["  no breakpoints"]


_SHORT = {
    "s": "step", "into": "step", "i": "step", "o": "over", "n": "over", "u": "out", "c": "continue", "b": "back",
    "B": "prompt", "g": "goto", "w": "where", "l": "locals", "m": "messages", "h": "help", "?": "help", "q": "quit",
    "exit": "quit", "print": "p",
}  # fmt: skip
_AGAIN = frozenset({"step", "over", "back"})


def _next_line() -> str | None:
    """None where there are no more."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        import readline  # noqa: F401 - it gives `input` its editing and history

        try:
            return input(PROMPT)
        except EOFError:
            return None
        except KeyboardInterrupt:
            return "show"
    line = sys.stdin.readline()
    return line if line else None


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """Ctrl-C stops the program at the next place; a second one leaves."""

    def pause(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        session.pause()

    before = signal.signal(signal.SIGINT, pause)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
