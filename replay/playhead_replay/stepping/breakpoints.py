"""The language of breakpoints: `kind=tool and tool=refund`, `cost>0.5`, `not (name~"^plan" or status=error)`.

An expression is parsed once and asked for each recorded step: a replay is the recording, so where it will stop is known
before it runs. What is wrong in an expression is said with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from playhead.errors import UsageError

Value = str | float | None
Fields = Callable[[str], Value]
"""The value that a step has in a field; None where it has none."""
Test = Callable[[Fields], bool]

WORDS = ("kind", "tool", "agent", "model", "name", "lane", "status", "error")
NUMBERS = ("step", "cost", "tokens", "context")
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6}
_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_TOKEN = re.compile(rf"""\s*(?:(?P<word>{_QUOTED}|[^\s()=!<>~"']+)|(?P<sign>!=|<=|>=|!~|[()=<>~]))""")
_NUMBER = re.compile(r"\$?(\d+(?:\.\d+)?)([kKmM]?)")


@dataclass(frozen=True, slots=True)
class Breakpoint:
    text: str
    test: Test
    is_threshold: bool
    """It asks for running numbers only, so it stops where it becomes true, and not at every step from there."""

    def places(self, steps: Sequence[Fields]) -> list[int]:
        """At which of the steps, in their order, it stops."""
        met = [self.test(step) for step in steps]
        if not self.is_threshold:
            return [number for number, is_met in enumerate(met) if is_met]
        return [number for number, is_met in enumerate(met) if is_met and not (number and met[number - 1])]


def breakpoint_of(text: str) -> Breakpoint:
    """Raises UsageError that shows where the text is wrong."""
    parser = _Parser(text)
    test = parser.whole()
    return Breakpoint(text.strip(), test, not parser.fields & set(WORDS))


class _Parser:
    """One method a rule: `or` binds weaker than `and`, `and` weaker than `not`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())
        self._at = 0
        self.fields: set[str] = set()

    def whole(self) -> Test:
        if not self._tokens:
            raise self._wrong("an expression is expected, such as kind=tool", 0)
        test = self._either()
        if self._at < len(self._tokens):
            raise self._wrong("'and' or 'or' is expected here", self._place())
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda step: any(test(step) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda step: all(test(step) for test in tests)

    def _one(self) -> Test:
        if self._takes("not"):
            test = self._one()
            return lambda step: not test(step)
        if self._takes("("):
            inner = self._either()
            if not self._takes(")"):
                raise self._wrong("')' is expected here", self._place())
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        place = self._place()
        field = self._next("a field is expected here").lower()
        if field not in WORDS + NUMBERS:
            raise self._wrong(f"{field!r} is no field; there are {', '.join(WORDS + NUMBERS)}", place)
        self.fields.add(field)
        place = self._place()
        sign = self._next("one of = != < <= > >= ~ !~ is expected here")
        if sign not in ("=", "!=", "<", "<=", ">", ">=", "~", "!~"):
            raise self._wrong("one of = != < <= > >= ~ !~ is expected here", place)
        place = self._place()
        value = self._next("a value is expected here")
        if value in ("(", ")", "=", "<", ">", "~", "!=", "<=", ">=", "!~"):
            raise self._wrong("a value is expected here; put it in quotes if it is one", place)
        if value[0] in "\"'":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if field in NUMBERS:
            return self._number(field, sign, value, place)
        return self._word(field, sign, value, place)

    def _number(self, field: str, sign: str, value: str, place: int) -> Test:
        found = _NUMBER.fullmatch(value)
        if found is None or "~" in sign:
            raise self._wrong(f"{field} is compared with a number, such as 40, 0.5 or 100k", place)
        compared = _NUMERIC[sign]
        number = float(found[1]) * _SCALE[found[2].lower()]

        def test(step: Fields) -> bool:
            said = step(field)
            return isinstance(said, (int, float)) and compared(float(said), number)

        return test

    def _word(self, field: str, sign: str, value: str, place: int) -> Test:
        if sign in ("=", "!="):
            wanted = value.lower()
            return lambda step: (str(step(field) or "").lower() == wanted) is (sign == "=")
        if sign not in ("~", "!~"):
            raise self._wrong(f"{field} is a word: it is compared by = != ~ !~", place)
        try:
            pattern = re.compile(value, re.IGNORECASE)
        except re.error as error:
            raise self._wrong(f"this is no regular expression: {error.msg}", place + (error.pos or 0)) from None
        return lambda step: (pattern.search(str(step(field) or "")) is not None) is (sign == "~")

    # -- tokens

    def _cut(self) -> Iterator[tuple[int, str]]:
        place = 0
        rest = len(self._text.rstrip())
        while place < rest:
            found = _TOKEN.match(self._text, place)
            if found is None:
                start = place + len(self._text[place:]) - len(self._text[place:].lstrip())
                is_quote = self._text[start] in "\"'"
                raise self._wrong("a quote is open here" if is_quote else "this is not understood", start)
            kind = found.lastgroup or "word"
            yield found.start(kind), found[kind]
            place = found.end()

    def _place(self) -> int:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else len(self._text.rstrip())

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].lower() == word:
            self._at += 1
            return True
        return False

    def _next(self, otherwise: str) -> str:
        if self._at >= len(self._tokens):
            raise self._wrong(otherwise, self._place())
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _wrong(self, what: str, place: int) -> UsageError:
        return UsageError(f"{what}\n  {self._text.replace(chr(10), ' ')}\n  {' ' * place}^")


_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": lambda said, number: said == number,
    "!=": lambda said, number: said != number,
    "<": lambda said, number: said < number,
    "<=": lambda said, number: said <= number,
    ">": lambda said, number: said > number,
    ">=": lambda said, number: said >= number,
}
