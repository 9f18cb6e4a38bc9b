"""What people say of alerts: that they saw one (ack), or that nobody is to be told of some for a while (silence)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from clickhouse_connect.driver.client import Client

from playhead.errors import UsageError
from playhead_collector.alerts.alert import Alert
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.rule_file import duration
from playhead_collector.store.query import load

LONGEST = timedelta(days=366)
"""For how long something may be said: what is silenced for good is not to be asked (`enabled = false`)."""

_LOOK_EVERY = timedelta(seconds=1)
_COLUMNS = ("mark_id", "kind", "alert_id", "rule", "matching", "at", "until", "by", "note", "version")


class Kind(StrEnum):
    """What was said."""

    ACK = "ack"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that somebody said."""

    kind: Kind
    at: datetime
    until: datetime
    by: str
    note: str = ""
    alert_id: str = ""
    rule: str = ""
    matching: Mapping[str, str] = field(default_factory=dict)
    mark_id: str = ""

    def covers(self, alert: Alert) -> bool:
        """Whether it is said of this alert; a silence of no rule is of all of them."""
        if self.alert_id:
            return alert.alert_id == self.alert_id
        values = {**alert.labels, **dict(alert.group)}
        return self.rule in ("", alert.rule) and all(values.get(name) == value for name, value in self.matching.items())


class Silences:
    """Those in force, read at most once a second."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read_at: datetime | None = None
        self._marks: list[Mark] = []

    def cover(self, alert: Alert, now: datetime) -> bool:
        if self._read_at is None or now - self._read_at >= _LOOK_EVERY:
            self._marks, self._read_at = [mark for mark in marks(self._client, now) if mark.kind is Kind.SILENCE], now
        return any(mark.covers(alert) for mark in self._marks)


def marks(client: Client, now: datetime) -> list[Mark]:
    """Those in force."""
    moment = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return [
        Mark(Kind(kind), _utc(at), _utc(until), by, note, alert_id, rule, dict(matching), mark_id)
        for mark_id, kind, alert_id, rule, matching, at, until, by, note in client.query(
            load("alert_marks"), parameters={"now": moment}
        ).result_rows
    ]


def silence_of(text: str) -> timedelta:
    """How long a silence is to be; raises ValueError where the text is no such span of time."""
    span = duration(text)
    if span > LONGEST:
        raise ValueError(
            f"{text!r} is more than {LONGEST.days}d; of a rule that is never to be told, set enabled = false"
        )
    return span


def say_mark(
    client: Client,
    kind: Kind,
    *,
    seconds: float,
    by: str,
    note: str = "",
    alert_id: str = "",
    rule: str = "",
    matching: Mapping[str, str] | None = None,
    mark_id: str = "",
) -> str:
    """Says it, from now on and for so long; or of one said before, how long from now. Returns its name.

    Raises UsageError where what was said before is not in force.
    """
    now = store_time(client)
    name = mark_id or secrets.token_hex(6)
    if mark_id:
        before = next((one for one in marks(client, now) if (one.mark_id, one.kind) == (mark_id, kind)), None)
        if before is None:
            raise UsageError(
                f"no {kind} {mark_id!r} is in force; 'playhead alerts silence' shows the silences that are"
            )
        # It takes the other's place in the store, where what it was said of is to be read afterwards, too.
        alert_id, rule, matching, note = before.alert_id, before.rule, before.matching, note or before.note
    row = [
        name, kind.value, alert_id, rule, dict(matching or {}), now, now + timedelta(seconds=seconds), by, note,
        int(now.timestamp() * 1e6),
    ]  # fmt: skip
    client.insert("alert_marks", [row], column_names=_COLUMNS)
    return name


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
