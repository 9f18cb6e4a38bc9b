"""Several questions asked at once: what a reader waits for is mostly how many there are, a few milliseconds of the
store's each and two on the way.

Over HTTP they go side by side. A handle of an embedded store answers one after the other: while a result of its is
open, the next would silently be empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.httpclient import HttpClient
from clickhouse_connect.driver.query import QueryResult

from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class Question:
    """One of store/queries, with its values; `types` and `columns` say what comes as something else than usual."""

    query: str
    values: Mapping[str, Any]
    types: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


Row = dict[str, Any]


def ask_together(client: Client, *questions: Question) -> list[list[Row]]:
    """The rows that answer each question, by column. The first that fails fails them all."""
    # Within a session (whose client was made elsewhere) there is one question at a time, too.
    if not isinstance(client, HttpClient) or client.get_client_setting("session_id"):
        return [_ask(client, question) for question in questions]
    with ThreadPoolExecutor(len(questions), thread_name_prefix="playhead-ask") as threads:
        return list(threads.map(lambda question: _ask(client, question), questions))


def _ask(client: Client, question: Question) -> list[Row]:
    result: QueryResult = client.query(
        load(question.query),
        parameters=dict(question.values),
        query_formats=dict(question.types),
        column_formats=dict(question.columns),
    )
    names = result.column_names
    return [dict(zip(names, row, strict=True)) for row in result.result_rows]
