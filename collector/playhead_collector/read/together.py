"""Several questions asked at once: what a reader waits for is mostly how many there are, a few milliseconds of the
store's each and two on the way.

Over HTTP they go side by side. A handle of an embedded store answers one after the other: while a result of its is
open, the next would silently be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

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
One = TypeVar("One")
Other = TypeVar("Other")


def ask_together(client: Client, *questions: Question) -> list[list[Row]]:
    """The rows that answer each question, by column. The first that fails fails them all."""
    return [rows_of(result) for result in results_together(client, *questions)]


def rows_of(result: QueryResult) -> list[Row]:
    names = result.column_names
    return [dict(zip(names, row, strict=True)) for row in result.result_rows]


def results_together(client: Client, *questions: Question) -> list[QueryResult]:
    """As `ask_together`, for who takes them as columns."""
    if not _takes_several(client):
        return [_ask(client, question) for question in questions]
    with ThreadPoolExecutor(len(questions), thread_name_prefix="playhead-ask") as threads:
        return list(threads.map(lambda question: _ask(client, question), questions))


def side_by_side(client: Client, one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """As `ask_together`, for two that put their questions together themselves."""
    if not _takes_several(client):
        return one(), other()
    with ThreadPoolExecutor(1, thread_name_prefix="playhead-ask") as thread:
        beside = thread.submit(other)
        return one(), beside.result()


def _takes_several(client: Client) -> bool:
    # Within a session (whose client was made elsewhere) there is one question at a time, too.
    return isinstance(client, HttpClient) and not client.get_client_setting("session_id")


def _ask(client: Client, question: Question) -> QueryResult:
    return client.query(
        load(question.query),
        parameters=dict(question.values),
        query_formats=dict(question.types),
        column_formats=dict(question.columns),
    )
