"""Whether a rule may run, by the guard of the reading port, and whether it returns what a rule returns.

A rule comes from a file that an operator wrote, and runs inside of the collector: what the reading port would refuse
from a stranger (a second statement, a file, another database) is refused from a rule, too. Nothing is executed here but
the engine's own reading of the statement.

Must never let through what depends on the moment in which it is asked (`now()`): the same rule is asked about the past.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead.errors import PlayheadError
from playhead_collector.alerts.bare import bare
from playhead_collector.alerts.condition import condition_values, sieve_of
from playhead_collector.alerts.rule import ROW, Rule
from playhead_collector.errors import RuleRefused
from playhead_collector.facade.complaints import QueryFailed
from playhead_collector.facade.engine import Query, Summary
from playhead_collector.facade.guard import Guard
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.listed import listed
from playhead_collector.facade.syntax import words_of

# What the engine says after its reason is the statement in its own words, which are not the file's.
_SCOPE = re.compile(r"\. In scope .*", re.DOTALL)
_NAMED = re.compile(r"(?:identifier|function) [`']?(?:\w+\.)*(\w+)")
_LINE = re.compile(r"\(line (\d+), col \d+\)")
_FIGURE = re.compile(r"for query parameter '(\w+)'")
_TYPE = re.compile(r"Unknown data type family: (\w+)")
# Those of the first line the engine takes without brackets, too. What begins with rand is one of them as well.
_WITHOUT_BRACKETS = "now today curdate current_date current_timestamp localtime localtimestamp"
_OF_THE_MOMENT = frozenset(
    name.lower()
    for name in listed(f"""
    {_WITHOUT_BRACKETS}
    now64 nowInBlock nowInBlock64 yesterday UTCTimestamp UTC_timestamp uptime
    generateUUIDv4 generateUUIDv7 dateTimeToUUIDv7 arrayShuffle arrayPartialShuffle arrayRandomSample
    queryID query_id currentQueryID current_query_id
""")
)
_BARE = re.compile(rf"(?<![.\w])(?:{'|'.join(_WITHOUT_BRACKETS.split())})(?![.\w])", re.IGNORECASE)
_NUMBER = re.compile(r"(?:LowCardinality\()?(?:Nullable\()?(?:U?Int\d+|Float\d+|Decimal.*)")
# Bound while a rule is only looked at; what they are does not matter.
_SAMPLE_RUNS: Mapping[str, str] = {"runs": "[]", "began": "2000-01-01 00:00:00.000"}
_SAMPLE: Mapping[str, str] = {
    **_SAMPLE_RUNS,
    "since": "2000-01-01 00:00:00.000",
    "until": "2000-01-01 00:00:00.000",
    "at": "arrived_at",
}
_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A rule that may run, and the statement to run."""

    rule: Rule
    statement: str


class Admission:
    """Looks at rules for one project's database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._database = str(client.command("SELECT currentDatabase()"))
        self._asks_the_port = _is_reading_port(client)
        self._guard = Guard(_ClientEngine(client), Limits())

    def admit(self, rule: Rule, chosen: Mapping[str, str] | None = None) -> Admitted:
        """The rule, ready to be asked, also with the figures that are chosen. Raises RuleRefused."""
        values = {name: value for name, value in _SAMPLE.items() if name in rule.bound} | rule.values(chosen or {})
        try:
            statement = rule.text
            if not self._asks_the_port:
                statement = self._guard.admit(rule.text, self._database, values).text
        except PlayheadError as error:
            raise _refused(rule, str(error)) from None
        if not self._asks_the_port and not re.match(r"\(*(?:SELECT|WITH)\b", statement):
            raise RuleRefused(rule.path, 1, "a rule is one SELECT")
        if restless := _restless(statement):
            raise RuleRefused(
                rule.asks,
                _of(rule, restless),
                f"{restless}() is another one each time; take {{until}}, which is bound",
            )
        self._check_columns(rule, statement, values)
        if rule.only_if:
            self._check_condition(rule, chosen or {})
        return Admitted(rule, statement)

    def _check_condition(self, rule: Rule, chosen: Mapping[str, str]) -> None:
        statement, values = sieve_of([rule]), {**_SAMPLE_RUNS, **condition_values(rule, chosen)}
        try:
            if not self._asks_the_port:
                statement = self._guard.admit(statement, self._database, values).text
            self._client.query(f"DESCRIBE ({statement})", parameters=dict(values))
        except PlayheadError as error:
            raise _refused(rule, f"only_if: {error}") from None
        except ClickHouseError as error:
            raise _refused(rule, f"only_if: {QueryFailed.from_engine(str(error))}") from None
        if restless := _restless(statement):
            raise RuleRefused(rule.path, 1, f"only_if: {restless}() is another one each time")

    def _check_columns(self, rule: Rule, statement: str, values: Mapping[str, str]) -> None:
        try:
            rows = self._client.query(f"DESCRIBE ({statement})", parameters=dict(values)).result_rows
        except ClickHouseError as error:
            raise _refused(rule, str(QueryFailed.from_engine(str(error)))) from None
        columns = {str(row[0]): str(row[1]) for row in rows}
        for name in (*ROW, *rule.group_by):
            if name not in columns:
                raise RuleRefused(rule.path, 1, f"its rows have no column {name!r}; each has {', '.join(ROW)}")
        if not _NUMBER.match(columns["value"]):
            raise RuleRefused(rule.asks, _of(rule, "value"), f"value is {columns['value']}, and must be a number")


def _restless(statement: str) -> str | None:
    """What in it depends on when it is asked, or on chance, if anything does. A word without brackets may be a column
    of the statement's own, which it is where the statement calls something so.
    """
    text = bare(statement)
    called = {name for name in words_of(text).called if name.lower() in _OF_THE_MOMENT or name.lower()[:4] == "rand"}
    for word in {found[0] for found in _BARE.finditer(text)}:
        if not re.search(rf"\bAS\s+{word}\b", text, re.IGNORECASE):
            called.add(word)
    return min(called, default=None)


def _is_reading_port(client: Client) -> bool:
    """Whether a collector's port answers, which guards each statement itself, and does not answer what a guard asks."""
    try:
        client.query("SELECT 1 SETTINGS max_threads = 1")
    except ClickHouseError as error:
        if "on the reading port" in str(error):
            return True
        raise
    return False


def _refused(rule: Rule, said: str) -> RuleRefused:
    """What guard or engine said, where they said it: at a line, or of a figure or name, or of nothing in particular."""
    path, line = _place(rule, said)
    return RuleRefused(path, line, _SCOPE.sub("", said).splitlines()[0][:500].rstrip("."))


def _place(rule: Rule, said: str) -> tuple[Path, int]:
    if line := _LINE.search(said):
        return rule.asks, int(line[1])
    figure, kind = _FIGURE.search(said), _TYPE.search(said)
    for one in (*rule.parameters, *rule.constants):
        if (figure and one.name == figure[1]) or (kind and re.search(rf"\b{kind[1]}\b", one.type)):
            return one.path, one.line
    if said.startswith("one statement at a time"):
        return rule.asks, _of_second_statement(rule)
    name = "SETTINGS" if said.startswith("no SETTINGS") else (found := _NAMED.search(said)) and found[1]
    return rule.asks, _of(rule, name) if name else 1


def _of_second_statement(rule: Rule) -> int:
    """The line on which it begins."""
    first, semicolon, rest = bare(rule.text).partition(";")
    before = first + semicolon + rest[: len(rest) - len(rest.lstrip())]
    return 1 + before.count("\n")


def _of(rule: Rule, word: str) -> int:
    """The first line of the statement that holds a word."""
    for number, line in enumerate(rule.text.splitlines(), 1):
        if not line.startswith("--") and re.search(rf"\b{re.escape(word)}\b", line, re.IGNORECASE):
            return number
    return 1


class _ClientEngine:
    """The guard's questions, asked through a client of any kind of store."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, query: Query) -> _Answer:
        # The guard escapes what it binds, as the wire has it; so does the client.
        values = {name: _ESCAPED.sub(lambda found: _MEANT[found[1]], value) for name, value in query.values.items()}
        try:
            body = self._client.raw_query(query.text, parameters=values, fmt=query.format)
        except ClickHouseError as error:
            raise QueryFailed.from_engine(str(error)) from None
        return _Answer(body)

    def stop(self, query_id: str) -> None:
        """The guard's questions are over at once."""


class _Answer:
    def __init__(self, body: bytes) -> None:
        self._blocks = iter([body])

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def summary(self) -> Summary:
        return Summary()

    def close(self) -> None:
        """Nothing is open."""
