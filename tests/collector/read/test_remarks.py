"""Remarks say what was seen, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.collector.database import StoreDatabase, fresh_database

from playhead_collector.read.filter import RunFilter
from playhead_collector.read.remarks import remarks_on, says_failure
from playhead_collector.read.runs import list_runs, opening, parse_time
from playhead_collector.store.engine import Engine

NOW_NS = 1_795_000_000_000_000_000
NOW = datetime.fromtimestamp(NOW_NS / 1e9, UTC)


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("remarks")) as database:
        yield database


class Told:
    """One run under construction."""

    def __init__(self, number: int) -> None:
        self.run = f"{number:032x}"
        self.request = ExportTraceServiceRequest()
        self._spans = self.request.resource_spans.add().scope_spans.add().spans
        self.step("agent", "invoke_agent")

    def step(self, name: str, operation: str, *, status: int = 0, ended: bool = True, **attributes: str | int) -> Told:
        number = len(self._spans) + 1
        span = self._spans.add(
            trace_id=bytes.fromhex(self.run), span_id=number.to_bytes(8), name=name,
            parent_span_id=b"" if number == 1 else (1).to_bytes(8), start_time_unix_nano=NOW_NS + number,
            end_time_unix_nano=NOW_NS + number + 10**9 if ended else 0,
        )  # fmt: skip
        span.status.code = status
        span.attributes.add(key="gen_ai.operation.name").value.string_value = operation
        for key, value in attributes.items():
            given = span.attributes.add(key="gen_ai." + key.replace("__", ".")).value
            if isinstance(value, int):
                given.int_value = value
            else:
                given.string_value = value
        return self

    def tool(self, name: str, arguments: str, result: str = '{"ok": true}', status: int = 0) -> Told:
        return self.step(
            name, "execute_tool", status=status, tool__name=name, tool__call__arguments=arguments,
            tool__call__result=result,
        )  # fmt: skip


def said(database: StoreDatabase, told: Told) -> list[str]:
    database.insert(told.request)
    database.recompute([told.run])
    runs = [row for row in list_runs(database.client, RunFilter(limit=1000)) if row.run_id == told.run]
    later = NOW + timedelta(minutes=5)
    return [remark.text for remark in remarks_on(database.client, runs, later).get(told.run, [])]


def test_a_good_run_has_no_remark(database: StoreDatabase) -> None:
    told = Told(1).tool("look", '{"a": 1}').tool("look", '{"a": 2}').tool("look", '{"a": 3}')
    for tokens in (500, 900, 4000):
        told.step("chat", "chat", usage__input_tokens=tokens)
    assert said(database, told) == []


def test_a_fork_says_of_which_run_it_is_and_what_ended_it(database: StoreDatabase) -> None:
    told = Told(40)
    first = told.request.resource_spans[0].scope_spans[0].spans[0]
    first.attributes.add(key="playhead.fork.of").value.string_value = "ab" * 16
    first.attributes.add(key="playhead.fork.at").value.int_value = 7
    first.attributes.add(key="playhead.fork.ended").value.string_value = "needs --live"
    assert said(database, told) == ["⑂ of abababababab at step 7", "the fork ended: needs --live"]


def test_equal_calls_are_counted_by_tool_and_arguments(database: StoreDatabase) -> None:
    told = Told(2).tool("other", '{"a": 1}')
    for _ in range(4):
        told.tool("look", '{"a": 1}')
    assert said(database, told) == ["look ×4 with the same arguments"]


def test_a_result_that_says_it_failed_in_a_step_that_says_it_did_not(database: StoreDatabase) -> None:
    told = Told(3).tool("cancel", "{}", '{"ok": false, "error": "LOCKED"}').tool("look", "{}", "Error: timed out")
    assert said(database, told) == ["cancel answered with an error", "look answered with an error"]


def test_a_step_that_says_itself_that_it_failed_is_counted(database: StoreDatabase) -> None:
    told = Told(4).tool("cancel", "{}", '{"ok": false}', status=2)
    assert said(database, told) == ["1 failed step on the way"]


def test_a_context_that_blew_up(database: StoreDatabase) -> None:
    told = Told(5)
    for tokens in (300, 8000, 15_000):
        told.step("chat", "chat", usage__input_tokens=tokens)
    assert said(database, told) == ["context grew from 300 to 15.0k tokens"]


def test_a_run_without_an_end_says_when_it_was_last_heard_of(database: StoreDatabase) -> None:
    told = Told(6).step("chat", "chat", ended=False)
    told._spans[0].end_time_unix_nano = 0
    assert said(database, told) == ["has not ended; last heard of 5m00 ago"]


@pytest.mark.parametrize(
    "result",
    [
        '{"ok": false, "detail": "x"}',
        '{"error": "LOCKED"}',
        '{"error": {"code": 3}}',
        '{"isError": true}',
        '"Error: upstream timed out"',
        "Traceback (most recent call last):",
        '{\\"success\\": false}',
        '{"status": "failed"}',
        '{"output": "Error: no such order"}',
    ],
)
def test_results_that_say_they_failed(result: str) -> None:
    assert says_failure(result)


@pytest.mark.parametrize(
    "result",
    [
        '{"ok": true, "error": null}',
        '{"error": ""}',
        '{"errors": 0}',
        '{"isError": false}',
        "No error was found.",
        "Errors are described in chapter 3.",
        '{"status": "ok", "text": "how to handle an error"}',
        '{"title": "Error handling in Go"}',
        "",
    ],
)
def test_results_that_only_speak_of_errors(result: str) -> None:
    assert not says_failure(result)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([("gen_ai.input.messages", '[{"role": "user", "content": "Hi\\nthere"}]')], "Hi\nthere"),
        (
            [("m", '[{"role":"system","content":"Be kind."}'), ("m", ',{"role":"user","content":"Hi"}'), ("m", "]")],
            "Hi",
        ),
        ([("p.0.role", "system"), ("p.0.content", "Be"), ("p.1.role", "user"), ("p.1.content", "Hi")], "Hi"),
        ([("ai.prompt", '{"system":"Be kind.","prompt":"Hi"}')], "Hi"),
        ([("input.value", "  plain words ")], "plain words"),
        ([("traceloop.entity.input", '{"args": ["Hi, there"], "kwargs": {}}')], "Hi, there"),
        ([("m", '[{"role": "user", "content": "cut in the midd')], "cut in the midd"),
    ],
)
def test_the_opening_is_what_the_user_said(pieces: list[tuple[str, str]], words: str) -> None:
    assert opening(pieces) == words


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-21T12:30:15+00:00"),
        ("30m", "2026-11-21T12:00:15+00:00"),
        ("2 hours ago", "2026-11-21T10:30:15+00:00"),
        ("3d", "2026-11-18T12:30:15+00:00"),
        ("1 week ago", "2026-11-14T12:30:15+00:00"),
        ("today", "2026-11-21T00:00:00+00:00"),
        ("Yesterday", "2026-11-20T00:00:00+00:00"),
        ("9:05", "2026-11-21T09:05:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20 14:00", "2026-11-20T14:00:00+00:00"),
        ("2026-11-20T14:00:00+02:00", "2026-11-20T14:00:00+02:00"),
    ],
)
def test_times_as_people_write_them(text: str, moment: str) -> None:
    assert parse_time(text, datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)).isoformat() == moment
