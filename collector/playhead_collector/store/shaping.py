"""Every statement by which this program shapes a store: makes its tables and views, and says how long they keep.

For the port of an embedded store, which takes these from other collectors, and no others (facade/writing.py). What is
not here to the letter comes from another version of this program, or from somebody: an engine that reads a file, a view
into another database, a table on a disk elsewhere are all one CREATE or ALTER away, and none has to be recognised.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form, View
from playhead_collector.store.erase import OF_ALERTS, OF_PEOPLE, TABLES, hurrying
from playhead_collector.store.known import NONE_KNOWN
from playhead_collector.store.payload_retention import keeping_payloads
from playhead_collector.store.retention import keeping

# One server's form: an embedded store is no cluster.
_FORM = Form()
_DATABASE = re.compile(re.escape(ddl.of_database("NAME", _FORM)).replace("NAME", "([A-Za-z0-9_]+)"))
_DAYS = re.compile(r"toIntervalDay\(([0-9]{1,5})\b")


def makes_database(statement: str) -> str | None:
    """The database that a statement makes; None where it does something else."""
    found = _DATABASE.fullmatch(statement.strip())
    return found[1] if found else None


def shapes(statement: str) -> bool:
    """Whether this is one of this program's, for a database of a project."""
    text = statement.strip()
    if text in _whatever_the_days():
        return True
    # Messages are kept a day longer, so the days that were asked for may be one less.
    asked = {int(days) for days in _DAYS.findall(text)}
    return any(text in _of_days(days) for one in asked for days in (one, one - 1))


@cache
def _whatever_the_days() -> frozenset[str]:
    views = [one for one in _migrations(_FORM) if isinstance(one, View)]
    return frozenset(
        [
            NONE_KNOWN,
            *(one.query_altered(_FORM) for one in views),
            *(one.definition_altered(_FORM) for one in views),
            *(text for table in (*TABLES, *OF_ALERTS, *OF_PEOPLE) for text in hurrying(table, _FORM)),
            *(one.sql for one in _migrations(_FORM)),
            *(text for text in keeping_payloads(1, _FORM) if not _DAYS.search(text)),
            ddl.record(_FORM, "").sql,
        ]
    )


@lru_cache(maxsize=16)
def _of_days(days: int) -> frozenset[str]:
    form = Form(days)
    return frozenset([*keeping(days, form), *keeping_payloads(days, form), *(one.sql for one in _migrations(form))])


def _migrations(form: Form) -> list[ddl.Statement]:
    # The database's name is in the statements of a cluster alone.
    return [one for number in range(1, ddl.latest() + 1) for one in ddl.migration(number, form, "")]
