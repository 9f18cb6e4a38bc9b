"""How long a project's payloads are kept, where that is shorter than its runs are.

Gone after so many days from when they arrived: messages, arguments, results and every other text of an attribute, what
errors said, log records' texts, recordings. What is left are figures: counts, tokens, costs, times, states, names, keys
and numbers. A text that stood in a row becomes the words that say so; nothing is left to look empty.

ClickHouse does it by itself, through the TTL of columns. That takes merges which rewrite a part for the sake of its old
rows (`ttl_only_drop_parts = 0`); without payload retention none do. Texts are due at the full hour after their days, so
that a part is not written anew for each minute of a day that came in, and the engine may look every minute
(`merge_with_ttl_timeout`). With an hour between two looks a busy store took nothing away for half an hour: probably
because a merge that finds no free thread is not tried again before that time is over (ClickHouse's issue 119717).
"""

from __future__ import annotations

import re

from clickhouse_connect.driver.client import Client

from playhead_collector.store.ddl import Form
from playhead_collector.store.gone import words_for
from playhead_collector.store.query import load

# Rows that are nothing but payload, and days on top: a text may be the one copy of several (retention.py).
_ROWS = (("recording_rows", 0), ("message_rows", 1))
# The column that is asked for the days comes last: cut short, it is all done again.
_EACH_TEXT = "arrayMap(t -> if(t IN (1, 5, 6, 7), {gone}, ''), attribute_types)"
_COLUMNS = (
    ("run_rows", "error", "String", "if(status = 'error', {gone}, '')"),
    ("log_rows", "attribute_texts", "Array(String)", _EACH_TEXT),
    ("step_rows", "status_message", "String", "if(status_code = 2, {gone}, '')"),
    ("step_rows", "attribute_texts", "Array(String)", _EACH_TEXT),
)
_OF_COLUMN = re.compile(
    r"`attribute_texts` [^`]*?TTL [^`]*?toIntervalDay\((\d+)\)\)?(?P<by_hour> \+ toIntervalHour\(1\))?"
)
_OF_ROWS = re.compile(r"ORDER BY .*? TTL .*?toIntervalDay\((\d+)\)", re.DOTALL)


def keep_payloads_for(client: Client, days: int, form: Form) -> bool:
    """Changes it in the client's database; returns whether it was another before. Cut short, it is done again."""
    if _kept(client) == (days, True):
        return False
    for statement in keeping_payloads(days, form):
        client.command(statement)
    return True


def keeping_payloads(days: int, form: Form) -> list[str]:
    """The statements by which payloads are kept so long."""
    statements = [
        f"ALTER TABLE {form.stored(table)}{form.on_cluster} "
        f"MODIFY TTL toDateTime64(arrived_at, 0) + toIntervalDay({days + more})"
        for table, more in _ROWS
    ]
    gone = f"'{words_for(days)}'"
    for table, column, kind, words in _COLUMNS:
        stored = f"ALTER TABLE {form.stored(table)}{form.on_cluster}"
        statements += [
            f"{stored} MODIFY SETTING ttl_only_drop_parts = 0, merge_with_ttl_timeout = 60",
            f"{stored} MODIFY COLUMN {column} {kind} DEFAULT {words.format(gone=gone)} "
            f"TTL toDateTime64(toStartOfHour(arrived_at), 0) + toIntervalDay({days}) + toIntervalHour(1)",
        ]
    return statements


def payload_retention_of(client: Client) -> int | None:
    """The days; None where payloads are kept as long as runs, or where not every table has these days yet."""
    return _kept(client)[0]


def _kept(client: Client) -> tuple[int | None, bool]:
    """With the days whether texts are due by the hour; in older stores they were by the second."""
    shown = {str(name): str(made) for name, made in client.query(load("payload_tables")).result_rows}
    column = next((found for made in shown.values() if (found := _OF_COLUMN.search(made))), None)
    of_messages = [made for name, made in shown.items() if name.startswith("message_rows")]
    rows = next((found[1] for made in of_messages if (found := _OF_ROWS.search(made))), None)
    if column is None or rows is None or int(rows) != int(column[1]) + 1:
        return None, False
    return int(column[1]), column["by_hour"] is not None
