"""Lists runs: a filter in words becomes bound conditions on the view `runs`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.read.filter import RunFilter, asking, naming, without
from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as a list shows it. None is unknown, never zero."""

    run_id: str
    name: str
    status: str
    error: str
    start_time: datetime
    seconds: float | None
    agent: str
    version: str
    service: str
    session: str
    user: str
    models: list[str]
    tools: list[str]
    steps: int
    prompts: int
    tool_calls: int
    errors: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    unpriced_calls: int
    """Their cost is not in the sum."""
    calls_without_usage: int
    """Their tokens are not in the sums."""
    open_steps: int
    missing_parents: int
    """Steps that others name as their parent and that have not arrived."""
    shape: str
    first_step: str

    @property
    def tokens(self) -> int | None:
        """In and out."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> RunRow:
        """Out of a row that has more than a list shows."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


OFTEN_SAID = 20_000
"""Texts, of which all would be read for the fifty newest."""
SAID_BY_ONE_IN = 20
"""What is said often, and by one run in so many, is found by reading what the newest said."""

# How a list can be sorted: a number, or else a text. Unknown comes after all that is known, the largest first.
ORDERS = {
    "started": ("toUnixTimestamp64Nano(start_time)", "''"),
    "status": ("0", "toString(status)"),
    "agent": ("0", "toString(agent)"),
    "version": ("0", "toString(version)"),
    "user": ("0", "user"),
    "steps": ("toInt64(steps)", "''"),
    "errors": ("toInt64(errors)", "''"),
    "tokens": (
        "if(input_tokens IS NULL AND output_tokens IS NULL, -1, "
        "toInt64(ifNull(input_tokens, 0) + ifNull(output_tokens, 0)))",
        "''",
    ),
    "cost": ("toInt64(ifNull(cost_usd, -1) * 1e9)", "''"),
    "time": ("if(status = 'open', -1, toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time))", "''"),
}


@dataclass(frozen=True, slots=True)
class Order:
    by: str = "started"
    """One of `ORDERS`."""
    descending: bool = True


def first_order(by: str) -> Order:
    """As one wants to see it first: of numbers the highest, of words the alphabet."""
    number, _ = ORDERS[by]
    return Order(by, descending=number != "0")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands in a sorted list. It stays there whatever arrives, so a list goes on from it."""

    number: int
    text: str
    run_id: str


@dataclass(frozen=True, slots=True)
class PlacedRun:
    row: RunRow
    place: Place


def list_runs(client: Client, wanted: RunFilter) -> list[RunRow]:
    """The latest runs that the filter lets through, newest first."""
    return [placed.row for placed in page_of_runs(client, wanted, Order(), wanted.limit)]


def page_of_runs(
    client: Client,
    wanted: RunFilter,
    order: Order,
    limit: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
    skip: int = 0,
) -> list[PlacedRun]:
    """So many of a sorted list: those after a place, those before one, or from either end (`before` the end: the last).

    `skip` leaves some out next to that place; a list of millions is entered in its middle by that.
    """
    backwards = before is not None
    end = before if backwards else after
    texts = [text for text in (wanted.text, *wanted.texts) if text]
    if order == Order() and not backwards and not skip and any(_is_often_said(client, text) for text in texts):
        newest = _of_the_newest(client, wanted, limit * SAID_BY_ONE_IN, end)
        if newest and len(page := _page(client, newest, order, end, limit)) == limit:
            return page
    way = Order(order.by, descending=order.descending != backwards)
    page = _page(client, asking("list_runs", wanted), way, end, limit, skip=skip)
    return page[::-1] if backwards else page


def _page(
    client: Client, asked: tuple[str, dict[str, Any]], order: Order, end: Place | None, limit: int, *, skip: int = 0
) -> list[PlacedRun]:
    query, bound = asked
    if end is None or end == END:
        query = without(query, ["last_number"])
    else:
        bound |= {"last_number": end.number, "last_text": end.text, "last_run": end.run_id}
    number, text = ORDERS[order.by]
    beyond, direction = ("<", "DESC") if order.descending else (">", "ASC")
    for name, value in {"number": number, "text": text, "beyond": beyond, "direction": direction}.items():
        query = query.replace("{{" + name + "}}", value)
    rows = client.query(query, parameters={**bound, "limit": limit, "skip": skip}).result_rows
    return [PlacedRun(RunRow(*row[:-2]), Place(row[-2], row[-1], row[0])) for row in rows]


def _is_often_said(client: Client, text: str) -> bool:
    query, bound = naming(text)
    found = client.query(query, parameters={**bound, "many": OFTEN_SAID}).result_rows[0][0]
    return int(found) == OFTEN_SAID


def _of_the_newest(
    client: Client, wanted: RunFilter, count: int, after: Place | None
) -> tuple[str, dict[str, Any]] | None:
    """The list among so many of the newest runs, whatever their texts; nothing where there are no more than these."""
    query, bound = asking("newest_runs", replace(wanted, text="", texts=()))
    if after is None or after == END:
        query = without(query, ["last_number"])
    else:
        bound["last_number"] = after.number
    found, since, heard_s = client.query(query, parameters={**bound, "newest": count}).result_rows[0]
    if found < count:
        return None
    heard_since = datetime.fromtimestamp(max(0, int(heard_s)), UTC)
    return asking("list_runs", replace(wanted, since=since.replace(tzinfo=UTC)), heard_since)


END = Place(0, "", "")
"""As `before`: the end of the list."""


def first_words(client: Client, runs: Sequence[RunRow]) -> dict[str, str]:
    """The beginning of what each run was asked, from its first step that carries a message."""
    steps = [(run.run_id, run.first_step) for run in runs if run.first_step]
    if not steps:
        return {}
    rows = client.query(
        load("first_inputs"), parameters={"runs": sorted({run for run, _ in steps}), "steps": steps}
    ).result_rows
    return {run_id: opening(list(zip(names, pieces, strict=True))) for run_id, names, pieces in rows}


_CONTENT = re.compile(r'\\*"(?:content|text|prompt|question|query)\\*"\s*:\s*\\*"((?:[^"\\]|\\.)*)', re.DOTALL)
# What a decorated function was called with.
_ARGUMENT = re.compile(r'^\{"args"\s*:\s*\[\s*"((?:[^"\\]|\\.)*)', re.DOTALL)
_USER = re.compile(r'\\*"(?:role|type)\\*"\s*:\s*\\*"(?:user|human)\\*"')


def opening(pieces: Sequence[tuple[str, str]]) -> str:
    """The first words a user said, out of an input that may be cut anywhere: a preview, not a reading of it."""
    role = ""
    for key, text in pieces:
        # Flattened: a message's role and its content are attributes of their own.
        if key.endswith(".role"):
            role = text
        elif key.endswith(".content") and role in ("user", "human"):
            return text[:400]
    text = "".join(text for key, text in pieces if key == pieces[0][0])
    user = _USER.search(text)
    found = _CONTENT.search(text, user.end() if user else 0) or _CONTENT.search(text) or _ARGUMENT.search(text)
    if found is None:
        return text.strip()[:400]
    try:
        return str(json.loads(f'"{found[1]}"'))
    except ValueError:
        return found[1]


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?|ays?|eeks?)?(?:\s+ago)?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
TIMES = "30m, 2h, 3 days ago, today, yesterday, 14:00, 2026-11-21 or 2026-11-21T14:00"


def parse_span(since: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    """From when until when. Raises UsageError where nothing lies between, which would look as if nothing had been."""
    begins, ends = parse_time(since, now), parse_time(until, now)
    if begins >= ends:
        raise UsageError(f"--since {since} is not before --until {until}: turn them round, or name an earlier --since")
    return begins, ends


def parse_time(text: str, now: datetime) -> datetime:
    """A moment: so long ago, a day, a time of today, or a date and time in ISO form (UTC where it says nothing)."""
    given = text.strip().lower()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}
    if given in days:
        return days[given]
    ago = _AGO.fullmatch(given)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if _CLOCK.fullmatch(given):
            hours, minutes = given.split(":")
            return today.replace(hour=int(hours), minute=int(minutes))
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time: write {TIMES}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
