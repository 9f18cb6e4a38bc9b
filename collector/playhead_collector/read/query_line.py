"""One line of words that says which runs: what a user types to `playhead runs` and into the terminal's query line.

    agent:support status:error tool:refund cost>0.5 steps>40 model:gpt-5* since:2d "words in any prompt or answer"
    score.helpful<0.5 score.tone:bad label:refund-bug note:"asked Ann"

An error says where in the line it is. A value with spaces stands in double quotes, which are left out by doubling or
a backslash: `user:"Ann \\"A\\" B"`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from playhead.errors import UsageError
from playhead_collector.read.filter import RunFilter, Scored
from playhead_collector.read.runs import parse_time
from playhead_collector.read.search import search_for

NAMES = (
    "agent",
    "status",
    "version",
    "model",
    "tool",
    "user",
    "session",
    "run",
    "label",
    "note",
    "dataset",
    "on_behalf_of",
    "permission",
)
SCORE = "score."
"""Before the name of a score: `score.helpful<0.5`, `score.tone:bad`."""
TIMES = ("since", "until")
NUMBERS = ("cost", "steps", "tokens", "errors", "time")
STATUSES = ("ok", "error", "open", "incomplete")
_WHOLE = ("steps", "tokens", "errors")
_FIELDS_OF_FILTER = {"time": "seconds"}

_TERM = re.compile(
    r"""(?:(?P<field>score\.[\w.-]+|[A-Za-z_]+)(?P<sign>:|<=|>=|<|>|=))?(?:"(?P<quoted>(?:[^"\\]|\\.)*)(?P<close>"?)|(?P<bare>[^\s"]*))""",
    re.DOTALL,
)
_NUMBER = re.compile(r"\$?(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h|k|M)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "k": 1e3, "M": 1e6}


class QueryError(UsageError):
    """A line that is not understood, and from where to where."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = max(end, start + 1)


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the line. Without a field it is words to look for."""

    field: str
    sign: str
    value: str
    start: int
    end: int


def terms(line: str) -> list[Term]:
    """The line's parts, also of one that is not understood; raises QueryError only for a quote that does not end."""
    found: list[Term] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        match = _TERM.match(line, at)
        assert match is not None
        if match["quoted"] is not None and not match["close"]:
            raise QueryError('a quote that does not end: close it with "', match.start("quoted") - 1, len(line))
        quoted = match["quoted"]
        value = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        field = match["field"] or ""
        found.append(
            Term(field if field.startswith(SCORE) else field.lower(), match["sign"] or "", value, at, match.end())
        )
        at = match.end()
    return found


def parse_query(line: str, now: datetime) -> RunFilter:
    """The runs that a line means. Raises QueryError, which says where it is not understood."""
    wanted = RunFilter()
    for term in terms(line):
        try:
            wanted = _with(wanted, term, now)
        except QueryError:
            raise
        except UsageError as error:
            raise QueryError(str(error).replace("--text ", ""), term.start, term.end) from None
    return wanted


def _with(wanted: RunFilter, term: Term, now: datetime) -> RunFilter:
    if not term.field:
        search_for(term.value)
        return replace(wanted, texts=(*wanted.texts, term.value))
    if term.field in NUMBERS:
        return _within(wanted, term)
    if term.field.startswith(SCORE):
        return replace(wanted, scored=(*wanted.scored, _scored(term)))
    if term.field not in (*NAMES, *TIMES):
        near = difflib.get_close_matches(term.field, (*NAMES, *TIMES, *NUMBERS), 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join((*NAMES, *TIMES, *NUMBERS))}, {SCORE}NAME"
        raise _wrong(term, f"no field is called {term.field!r}; {hint} (words to look for go in quotes)")
    if term.sign != ":":
        raise _wrong(term, f"{term.field} is a name: write {term.field}:{term.value or '…'}")
    if not term.value:
        raise _wrong(term, f"{term.field}: says nothing; write what it should be")
    if term.field == "status" and term.value not in STATUSES:
        raise _wrong(term, f"no status is called {term.value!r}; there are {', '.join(STATUSES)}")
    if getattr(wanted, term.field):
        raise _wrong(term, f"{term.field} stands here twice; a run has to match all of the line")
    value: Any = parse_time(term.value, now) if term.field in TIMES else term.value
    return replace(wanted, **{term.field: value})


def _scored(term: Term) -> Scored:
    name = term.field.removeprefix(SCORE)
    if not term.value:
        raise _wrong(term, f"{term.field}{term.sign} says nothing; write {term.field}<0.5 or {term.field}:bad")
    if term.sign == ":":
        return Scored(name, word=term.value)
    if re.fullmatch(r"-?(\d+(?:\.\d*)?|\.\d+)", term.value) is None:
        raise _wrong(term, f"{term.value!r} is no number: {term.field}{term.sign} takes one like 0.5")
    least, most = _bounds(term.sign, float(term.value), whole=False)
    return Scored(name, least=least, most=most)


def _within(wanted: RunFilter, term: Term) -> RunFilter:
    """A bound, or both with `=`. What excludes its bound includes the next number beyond it."""
    if term.sign == ":":
        raise _wrong(term, f"{term.field} is a number: write {term.field}>{term.value or '…'} or {term.field}<…")
    match = _NUMBER.fullmatch(term.value)
    if match is None:
        example = {"time": "30s, 2m or 1h", "tokens": "500, 10k or 1.2M", "cost": "0.5"}.get(term.field, "40")
        raise _wrong(term, f"{term.value!r} is no number: {term.field}{term.sign} takes one like {example}")
    number = float(match[1]) * _UNITS[match[2] or "s"]
    least, most = _bounds(term.sign, number, whole=term.field in _WHOLE)
    name = _FIELDS_OF_FILTER.get(term.field, term.field)
    bounds = {f"min_{name}": least, f"max_{name}": most}
    given: dict[str, Any] = {key: value for key, value in bounds.items() if value is not None}
    if any(getattr(wanted, key) is not None for key in given):
        raise _wrong(term, f"{term.field}{term.sign} stands here twice; one bound on each side is enough")
    return replace(wanted, **given)


def _bounds(sign: str, number: float, *, whole: bool) -> tuple[float | None, float | None]:
    least: float | None = None
    most: float | None = None
    if sign in (">=", "="):
        least = math.ceil(number) if whole else number
    if sign in ("<=", "="):
        most = math.floor(number) if whole else number
    if sign == ">":
        least = math.floor(number) + 1 if whole else math.nextafter(number, math.inf)
    if sign == "<":
        most = max(0, math.ceil(number) - 1) if whole else math.nextafter(number, -math.inf)
    return least, most


def _wrong(term: Term, message: str) -> QueryError:
    return QueryError(message, term.start, term.end)


def quoted(value: str) -> str:
    """A value as it stands in a line."""
    if value and re.fullmatch(r'[^\s"]+', value):
        return value
    escaped = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{escaped}"'


def with_term(line: str, field: str, value: str, sign: str = ":") -> str:
    """The line with a field set; without it where `value` is empty. The rest of the line stays as it is."""
    kept = [line[term.start : term.end] for term in terms(line) if (term.field, term.sign) != (field, sign)]
    return " ".join([*kept, f"{field}{sign}{quoted(value)}"] if value else kept)


def narrowed(line: str, by: str) -> str:
    """The line and another; of what both say something, what the other says."""
    for term in terms(by):
        if term.field:
            line = with_term(line, term.field, "", term.sign)
    return f"{line} {by}".strip()


def value_of(line: str, field: str) -> str:
    """What a line says of a field; nothing where it does not, or is not understood."""
    try:
        found: Sequence[Term] = terms(line)
    except QueryError:
        return ""
    return next((term.value for term in found if term.field == field and term.sign == ":"), "")
