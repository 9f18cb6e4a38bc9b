"""What was erased is gone from the disk, and does not come back; what is others' stays, and stays right."""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.dialects.spans import DAY_NS, MS, key_values, span, traces

from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.journal import Event, Journal
from playhead_collector.datasets import Change, change, datasets, runs_of
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.erase import (
    OF_ALERTS,
    OF_PEOPLE,
    TABLES,
    Erased,
    Subject,
    bury,
    erase,
    erase_buried,
    sweep,
)

FORM = Form()


class Secrets:
    """Texts that are nowhere else, by where they are put."""

    def __init__(self) -> None:
        self.all: dict[str, bytes] = {}

    def __call__(self, where: str) -> str:
        text = f"{where}{secrets.token_hex(20)}"
        self.all[where] = text.encode()
        return text


def telling_run(secret: Secrets, user: str, session: str) -> tuple[ExportTraceServiceRequest, ExportLogsServiceRequest]:
    """A run that says something secret in every place that OTLP has for it."""
    trace_id = secrets.token_bytes(16)
    root = Span(
        trace_id=trace_id,
        span_id=b"rootroot",
        name=secret("name"),
        start_time_unix_nano=DAY_NS,
        end_time_unix_nano=DAY_NS + MS,
        trace_state=f"k={secret('state')}",
        attributes=key_values(
            {
                "gen_ai.operation.name": "chat",
                "user.id": user,
                "session.id": session,
                "gen_ai.response.id": secret("response"),
                "gen_ai.input.messages": f'[{{"role":"user","content":"{secret("message")}"}}]',
                "long": secret("long") + " word" * 100,
                "nested": {"deep": [secret("nested")]},
                "raw": secret("bytes").encode(),
                "gen_ai.agent.name": secret("agent"),
                secret("key"): 1,
            }
        ),
        events=[Span.Event(name=secret("event"), attributes=key_values({"said": secret("said")}))],
        links=[Span.Link(trace_id=trace_id, span_id=b"linklink", trace_state=f"k={secret('link')}")],
        status=Status(code=Status.STATUS_CODE_ERROR, message=secret("status")),
    )
    tool = Span(
        trace_id=trace_id,
        span_id=b"tooltool",
        parent_span_id=b"rootroot",
        name="execute_tool",
        start_time_unix_nano=DAY_NS,
        end_time_unix_nano=DAY_NS + MS,
        attributes=key_values(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": secret("tool"),
                "gen_ai.tool.call.arguments": f'{{"q":"{secret("arguments")}"}}',
                "gen_ai.tool.call.result": secret("result"),
            }
        ),
    )
    resource = Resource(attributes=key_values({"service.name": secret("service"), "host.name": secret("host")}))
    scope = InstrumentationScope(name=secret("scope"))
    records = [
        LogRecord(trace_id=trace_id, time_unix_nano=DAY_NS, body=AnyValue(string_value=secret("body"))),
        LogRecord(
            trace_id=trace_id,
            time_unix_nano=DAY_NS,
            event_name="playhead.recording",
            body=AnyValue(bytes_value=secret("recording").encode()),
            attributes=key_values({"playhead.process": "p", "playhead.sequence": 1}),
        ),
    ]
    return (
        ExportTraceServiceRequest(
            resource_spans=[ResourceSpans(resource=resource, scope_spans=[ScopeSpans(scope=scope, spans=[root, tool])])]
        ),
        ExportLogsServiceRequest(
            resource_logs=[ResourceLogs(resource=resource, scope_logs=[ScopeLogs(scope=scope, log_records=records)])]
        ),
    )


def run_of(request: ExportTraceServiceRequest) -> str:
    return str(request.resource_spans[0].scope_spans[0].spans[0].trace_id.hex())


def on_disk(folder: Path, texts: dict[str, bytes]) -> set[str]:
    """Where the texts that some file below the folder holds were put."""
    found: set[str] = set()
    # Not by `rglob`, which a folder that a merge has just removed ends.
    for path in (Path(root, name) for root, _, names in os.walk(folder) for name in names):
        try:
            if not path.is_file() or not path.stat().st_size:
                continue
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found |= {where for where, text in texts.items() if content.find(text) >= 0}
        except FileNotFoundError:
            continue  # a merge has just removed it
    return found


@pytest.fixture(scope="module")
def plain(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """A database whose files are not compressed: what they hold can be found in them."""
    with fresh_database(engine, tmp_path_factory.mktemp("plain")) as database:
        for table in (*TABLES, *OF_ALERTS, *OF_PEOPLE):
            database.client.command(f"ALTER TABLE {table} MODIFY SETTING default_compression_codec = 'NONE'")
        own = "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND compression_codec != ''"
        for column in database.rows(own):
            database.client.command(f"ALTER TABLE {column['table']} MODIFY COLUMN {column['name']} CODEC(NONE)")
        yield database


def erased(database: StoreDatabase, subject: Subject, value: str, wait_s: float = 0) -> Erased:
    """Without waiting for files to go, where a test does not look at them."""
    return erase(database.client, subject, value, FORM, wait_s=wait_s)


def counts(database: StoreDatabase) -> dict[str, int]:
    tables = (*TABLES, *OF_ALERTS, *OF_PEOPLE)
    return {table: database.rows(f"SELECT count() AS n FROM {table}")[0]["n"] for table in tables}


def raise_alert(database: StoreDatabase, secret: Secrets, run_id: str, session: str) -> None:
    """An alert that names a run and says something of it, and somebody who was told."""
    now = datetime(2030, 1, 1, tzinfo=UTC)
    alert = Alert(
        alert_id=f"alert of {run_id}", rule="mine", severity="info", group=(("tool", secret("group")),),
        state=State.FIRING, changed_at=now, pending_at=now, fired_at=now, seen_at=now, value=1,
        summary=secret("summary"), labels={"session": session, "agent": secret("label")}, evidence=((run_id, "s"),),
    )  # fmt: skip
    journal = Journal(database.client)
    owed = journal.write([Event(alert, ("chat",))], now)
    journal.told(owed, "failed", now, secret("trouble"))


@pytest.mark.parametrize("subject", list(Subject))
def test_no_file_on_disk_holds_what_was_erased(plain: StoreDatabase, subject: Subject) -> None:
    theirs, others = Secrets(), Secrets()
    # What was erased before stays so.
    user, session = f"ada by {subject}", f"s1 by {subject}"
    mine, my_logs = telling_run(theirs, user=user, session=session)
    kept, kept_logs = telling_run(others, user="bob", session="s2")
    for request in (mine, kept):
        plain.insert(request)
    for logs in (my_logs, kept_logs):
        plain.insert(logs)
    plain.recompute()
    raise_alert(plain, theirs, run_of(mine), session)
    raise_alert(plain, others, run_of(kept), "s2")
    folder = folder_of(plain.engine)
    # The words of the text index are written by merges, and a merge leaves replaced parts behind.
    plain.client.command("OPTIMIZE TABLE message_rows FINAL")
    os.sync()
    before = on_disk(folder, theirs.all)
    assert before == set(theirs.all), "the search finds everything while it is there"
    value = {Subject.USER: user, Subject.SESSION: session, Subject.RUN: run_of(mine)}[subject]
    rows = counts(plain)

    gone = erased(plain, subject, value, wait_s=120)

    assert on_disk(folder, theirs.all) == set()
    assert on_disk(folder, others.all) == set(others.all)
    assert gone.clean
    assert gone.runs == 1
    left = counts(plain)
    assert gone.rows == {table: rows[table] - left[table] for table in rows}
    assert all(gone.rows[table] and left[table] for table in (*TABLES, *OF_ALERTS))
    assert gone.bytes > len(theirs.all["message"])


def test_what_arrives_late_of_an_erased_run_is_dropped(store_database: StoreDatabase) -> None:
    request, logs = telling_run(Secrets(), user="ada", session="s1")
    store_database.insert(request, logs)
    erased(store_database, Subject.RUN, run_of(request))
    store_database.insert(request, logs)
    assert set(counts(store_database).values()) == {0}


def test_a_run_may_be_erased_before_it_arrives(untouched_database: StoreDatabase) -> None:
    request, logs = telling_run(Secrets(), user="ada", session="s1")
    gone = erased(untouched_database, Subject.RUN, run_of(request))
    assert (gone.clean, set(gone.rows.values())) == (True, {0})
    untouched_database.insert(request, logs)
    assert set(counts(untouched_database).values()) == {0}


@pytest.mark.parametrize("subject", [Subject.USER, Subject.SESSION])
def test_what_arrives_late_of_an_erased_person_is_dropped_whole(
    store_database: StoreDatabase, subject: Subject
) -> None:
    erased(store_database, subject, {Subject.USER: "ada", Subject.SESSION: "s1"}[subject])
    mine, my_logs = telling_run(Secrets(), user="ada", session="s1")
    kept, kept_logs = telling_run(Secrets(), user="bob", session="s2")
    store_database.insert(mine, kept, my_logs, kept_logs)
    run_ids = [run_of(mine), run_of(kept)]
    store_database.recompute(run_ids)
    assert sweep(store_database.client, run_ids, FORM) == 1
    for table in TABLES:
        assert {row["run_id"] for row in store_database.rows(f"SELECT run_id FROM {table}")} == {run_of(kept)}


def test_a_log_record_alone_can_make_a_run_an_erased_persons(store_database: StoreDatabase) -> None:
    erased(store_database, Subject.USER, "ada")
    step = span("quiet")
    record = LogRecord(trace_id=step.trace_id, time_unix_nano=DAY_NS, attributes=key_values({"user.id": "ada"}))
    store_database.insert(traces(step), logs_of(record))
    assert sweep(store_database.client, [step.trace_id.hex()], FORM) == 1
    assert store_database.rows("SELECT 1 FROM steps") == []


def logs_of(*records: LogRecord) -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])])


def of_no_run(user: str, body: str, trace_id: bytes = b"") -> LogRecord:
    return LogRecord(
        trace_id=trace_id,
        time_unix_nano=DAY_NS,
        body=AnyValue(string_value=body),
        attributes=key_values({"user.id": user}),
    )


@pytest.mark.parametrize("trace_id", [b"", bytes(16)])
@pytest.mark.parametrize("late", [False, True])
def test_of_log_records_without_a_run_only_the_persons_own_go(
    store_database: StoreDatabase, trace_id: bytes, late: bool
) -> None:
    long = "shared by both " * 20
    records = logs_of(
        of_no_run("ada", "ada alone " * 30, trace_id),
        of_no_run("ada", long, trace_id),
        of_no_run("bob", long, trace_id),
    )
    if late:
        erased(store_database, Subject.USER, "ada")
        store_database.insert(records)
        sweep(store_database.client, [], FORM)
    else:
        store_database.insert(records)
        gone = erased(store_database, Subject.USER, "ada")
        assert (gone.runs, gone.rows["log_rows"]) == (0, 2)
    assert [row["user"] for row in store_database.rows("SELECT user FROM log_records")] == ["bob"]
    assert [row["text"] for row in store_database.rows("SELECT text FROM messages")] == [long]
    # A record of no run that comes now is nobody's who was erased.
    store_database.insert(logs_of(of_no_run("eve", "later", trace_id)))
    assert len(store_database.rows("SELECT 1 FROM log_records")) == 2


def test_an_alert_that_bears_an_erased_session_goes_where_its_run_is_long_gone(store_database: StoreDatabase) -> None:
    raise_alert(store_database, Secrets(), "0" * 31 + "1", "s1")
    raise_alert(store_database, Secrets(), "0" * 31 + "2", "s2")
    gone = erased(store_database, Subject.SESSION, "s1")
    assert (gone.runs, gone.rows["alert_events"], gone.rows["alert_notices"]) == (0, 1, 1)
    assert [row["labels"]["session"] for row in store_database.rows("SELECT labels FROM alert_events")] == ["s2"]


def test_what_people_wrote_names_nobody_who_was_erased(store_database: StoreDatabase) -> None:
    """A silence of theirs goes; a dataset stays, and the search that made it does not."""
    client = store_database.client
    now = datetime(2030, 1, 1, tzinfo=UTC)
    for user in ("ada", "bob"):
        row = [user, "silence", "", "", {"user": user}, now, now, "op", "", 1]
        client.insert("alert_marks", [row], column_names=(
            "mark_id", "kind", "alert_id", "rule", "matching", "at", "until", "by", "note", "version"))  # fmt: skip
    for name, query in (("a", 'user:"ada" since:2d'), ("b", "user:bob"), ("c", "agent:ada")):
        change(client, Change(name, "op", query, add=[f"{1:032x}"]))
    change(client, Change("a", "op", drop=True))
    change(client, Change("a", "op", "user:ada", add=[f"{2:032x}"]))
    gone = erased(store_database, Subject.USER, "ada")
    assert (gone.rows["alert_marks"], gone.rows["dataset_rows"]) == (1, 1)
    assert [row["mark_id"] for row in store_database.rows("SELECT mark_id FROM alert_marks")] == ["bob"]
    assert {one.name: one.query for one in datasets(client)} == {"a": "", "b": "user:bob", "c": "agent:ada"}
    assert [one.run_id for one in runs_of(client, "a")] == [f"{2:032x}"]
    assert store_database.rows("SELECT 1 FROM dataset_rows WHERE position(query, 'user:ada') > 0") == []


def test_alerts_and_silences_that_a_backup_brings_back_go_again(store_database: StoreDatabase) -> None:
    """Alerts are kept for longer than runs: nothing but its tombstone tells who was erased."""
    client = store_database.client
    raise_alert(store_database, Secrets(), "0" * 31 + "3", "s3")
    raise_alert(store_database, Secrets(), "0" * 31 + "4", "s4")
    raise_alert(store_database, Secrets(), "0" * 31 + "5", "s5")
    now = datetime(2030, 1, 1, tzinfo=UTC)
    for session in ("s3", "s5"):
        row = [session, "silence", "", "", {"session": session}, now, now, "op", "", 1]
        client.insert("alert_marks", [row], column_names=(
            "mark_id", "kind", "alert_id", "rule", "matching", "at", "until", "by", "note", "version"))  # fmt: skip
    bury(client, Subject.SESSION, ["s3"])
    bury(client, Subject.RUN, ["0" * 31 + "4"])
    erase_buried(client, FORM)
    left = store_database.rows("SELECT labels['session'] AS session FROM alert_events")
    assert [row["session"] for row in left] == ["s5"]
    assert len(store_database.rows("SELECT 1 FROM alert_notices")) == 1
    assert [row["mark_id"] for row in store_database.rows("SELECT mark_id FROM alert_marks")] == ["s5"]


def test_a_call_that_an_erased_run_counted_is_counted_by_the_run_that_stays(store_database: StoreDatabase) -> None:
    """One call that two traces tell of is counted in one of them; when that one goes, the other counts."""
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 10}
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.id": "one-call",
        **usage,
    }
    agent = span("agent", {"gen_ai.operation.name": "invoke_agent", "user.id": "ada"}, at=(0, 20))
    within = span("chat", told, parent=agent, at=(1, 9))
    lone = span("chat", told, at=(2, 8))
    store_database.insert(traces(agent, within), traces(lone))
    store_database.recompute()
    shown = "SELECT run_id, prompts, input_tokens FROM runs ORDER BY prompts"
    assert [(row["prompts"], row["input_tokens"]) for row in store_database.rows(shown)] == [(0, None), (1, 1000)]
    erased(store_database, Subject.USER, "ada")
    [left] = store_database.rows(shown)
    assert (left["run_id"], left["prompts"], left["input_tokens"]) == (lone.trace_id.hex(), 1, 1000)


def test_tombstones_hold_nothing_of_what_they_stand_for(plain: StoreDatabase) -> None:
    name = secrets.token_hex(20)
    erased(plain, Subject.USER, name)
    os.sync()
    assert on_disk(folder_of(plain.engine), {"name": name.encode()}) == set()


def test_parts_that_were_set_aside_as_broken_keep_an_erasure_from_being_called_clean(
    untouched_database: StoreDatabase,
) -> None:
    request, _ = telling_run(Secrets(), user="ada", session="s1")
    untouched_database.insert(request)
    [part] = untouched_database.rows(
        "SELECT name FROM system.parts WHERE database = currentDatabase() AND table = 'step_rows' AND active"
    )
    untouched_database.client.command(f"ALTER TABLE step_rows DETACH PART '{part['name']}'")
    assert not erased(untouched_database, Subject.USER, "ada", wait_s=120).clean
