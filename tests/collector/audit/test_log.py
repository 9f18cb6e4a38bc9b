"""What is asked and done is written down before it is answered or done; where that fails nothing is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.facade.port import Port, TokenGate, serving

from playhead_collector.audit.acts import of_subject
from playhead_collector.audit.log import CURRENT, AuditLog, Entry, files_of
from playhead_collector.audit.reading import Wanted, entries
from playhead_collector.audit.statements import AuditOfStatements
from playhead_collector.errors import AuditFailed
from playhead_collector.facade import ChdbEngine
from playhead_collector.facade.reader import Administrator
from playhead_collector.store.engine import A_COMMAND, COLLECTOR, Engine
from playhead_collector.store.erase import Subject

RUN = "0af7651916cd43dd8448eb211c80319c"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


def read(folder: Path, **wanted: str) -> list[Entry]:
    return list(entries(folder, Wanted(**wanted)))  # type: ignore[arg-type]


def test_an_entry_is_in_the_file_when_write_returns_and_reads_back_as_it_was(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", clock=Clock())
    log.write(Entry("anna", "read", "shop", "SELECT\n 1", '{"run": "a"}', "10.0.0.1", "read"))
    log.write(Entry("admin", "erase", "shop", "run a", role="admin"), synced=True)
    one, two = read(tmp_path / "audit")
    assert one == Entry(
        "anna", "read", "shop", "SELECT 1", '{"run": "a"}', "10.0.0.1", "read", "2026-11-22T00:00:00.000+00:00"
    )
    assert (two.who, two.action) == ("admin", "erase")


def test_only_the_collectors_user_can_read_or_change_it(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    log.write(Entry("anna", "read", "shop", "SELECT 1"))
    assert (tmp_path / "audit").stat().st_mode & 0o077 == 0
    assert (tmp_path / "audit" / CURRENT).stat().st_mode & 0o077 == 0


def test_the_same_question_within_a_minute_is_written_once_and_an_act_each_time(tmp_path: Path) -> None:
    clock = Clock()
    log = AuditLog(tmp_path, clock=clock)
    question, act = Entry("anna", "tui", "shop", "SELECT 1"), Entry("admin", "erase", "shop", "run a")
    for _ in range(3):
        log.write(question)
        log.write(act, synced=True)
    clock.now += 61
    log.write(question)
    assert [entry.action for entry in read(tmp_path)] == ["tui", "erase", "erase", "erase", "tui"]


def test_files_are_bounded_and_what_was_removed_for_that_is_said(tmp_path: Path) -> None:
    clock = Clock()
    log = AuditLog(tmp_path, total_bytes=512 * 1024, clock=clock)
    for number in range(1000):
        clock.now += 1
        log.write(Entry("anna", "read", "shop", f"SELECT {number} {'x' * 1500}"))
    kept = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert kept < 600 * 1024
    assert files_of(tmp_path)
    found = read(tmp_path)
    assert found[-1].what.startswith("SELECT 999 ")
    assert any(entry.action == "rotate" and "audit-2026" in entry.what for entry in found)


def test_a_long_statement_is_cut_and_says_so(tmp_path: Path) -> None:
    AuditLog(tmp_path).write(Entry("anna", "read", "shop", "x" * 50_000, "y" * 50_000))
    (entry,) = read(tmp_path)
    assert entry.what.endswith("… (50000 characters)")
    assert len(entry.what) + len(entry.values) < 5000


def test_a_line_that_a_kill_cut_short_hides_none_after_it(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.write(Entry("anna", "read", "shop", "one"))
    with (tmp_path / CURRENT).open("a") as file:
        file.write('{"at": "2026-11-\n')
    log.write(Entry("anna", "read", "shop", "two"))
    assert [entry.what for entry in read(tmp_path)] == ["one", "two"]


def test_filters_let_through_what_they_say(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.write(Entry("anna", "export", "shop", "SELECT 1", json.dumps({"runs": [RUN]})))
    log.write(Entry("bert", "read", "default", "SELECT 2"))
    assert [entry.who for entry in read(tmp_path, who="anna")] == ["anna"]
    assert [entry.who for entry in read(tmp_path, action="read")] == ["bert"]
    assert [entry.who for entry in read(tmp_path, project="shop")] == ["anna"]
    assert [entry.who for entry in read(tmp_path, about=RUN)] == ["anna"]
    assert list(entries(tmp_path, Wanted(since=datetime(2999, 1, 1, tzinfo=UTC)))) == []
    assert len(list(entries(tmp_path, Wanted(until=datetime(2999, 1, 1, tzinfo=UTC))))) == 2


def test_who_was_erased_is_not_in_the_log_by_name() -> None:
    assert of_subject(Subject.RUN, RUN) == f"run {RUN}"
    assert "anna" not in of_subject(Subject.USER, "anna")
    assert of_subject(Subject.USER, "anna") == of_subject(Subject.USER, "anna") != of_subject(Subject.USER, "bert")


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(AuditFailed, match="nothing was done"):
        AuditLog(tmp_path / "audit").write(Entry("anna", "read", "shop", "SELECT 1"))


def test_what_is_done_and_cannot_be_written_down_any_more_is_not_said_to_be_undone(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    with pytest.raises(AuditFailed, match="what came of this is not in it: 3 runs, 40 rows"):
        AuditLog(tmp_path / "audit").write(Entry("admin", "erased", "shop", "user"), came_of_it="3 runs, 40 rows")


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("audit")) as database:
        yield database


@pytest.fixture
def port(database: StoreDatabase, tmp_path: Path) -> Iterator[Port]:
    audit = AuditOfStatements(AuditLog(tmp_path / "audit"))
    gate = TokenGate({"anna": database.name})
    with serving(ChdbEngine(str(folder_of(database.engine))), gate=gate, audit=audit) as serving_port:
        yield serving_port


def test_a_statement_is_written_down_with_who_asked_and_what_was_bound(port: Port, tmp_path: Path) -> None:
    asked = "SELECT count() FROM runs WHERE run_id = {run:String}"
    agent = {"user-agent": "playhead-export clickhouse-connect/1.12"}
    assert port.ask(asked, token="anna", values={"run": RUN}, headers=agent).text == "0\n"
    port.ask("SELECT 2", token="anna")
    one, two = read(tmp_path / "audit")
    assert (one.who, one.action, one.role, one.where, one.what) == ("anna", "export", "read", "127.0.0.1", asked)
    assert RUN in one.values
    assert two.action == "read"


class _Administered:
    def reader_for(self, user: str | None, secret: str | None) -> Administrator:
        return Administrator("playhead")


def test_of_another_collector_is_said_that_it_is_there_and_of_other_administrators_what_they_ask(
    engine: Engine, tmp_path: Path
) -> None:
    audit = AuditOfStatements(AuditLog(tmp_path / "audit"))
    erases = "INSERT INTO erased SELECT {who:String}"
    with serving(ChdbEngine(str(folder_of(engine))), gate=_Administered(), audit=audit) as port:
        for statement in ("SELECT 2", "SELECT 3", erases):
            port.ask(statement, values={"who": "anna"}, headers={"user-agent": f"{COLLECTOR} clickhouse-connect/1"})
        for client in (A_COMMAND, "playhead-show", "curl"):
            for statement in ("-- of whom\nSELECT 4", erases):
                port.ask(statement, values={"who": "bert"}, headers={"user-agent": client})
    said = [(entry.action, entry.what.split()[-1:], "bert" in entry.values) for entry in read(tmp_path / "audit")]
    each = [(name, [word], told) for name, told in (("command", False), ("show", True), ("administer", True))
            for word, told in (("4", told), ("{who:String}", False))]  # fmt: skip
    assert said == [("collector", [], False), *each]
    assert "anna" not in (tmp_path / "audit" / "audit.jsonl").read_text()


def test_a_refused_statement_is_written_down_too_and_who_is_not_let_in_is_not(port: Port, tmp_path: Path) -> None:
    assert port.ask("SELECT file('/etc/passwd')", token="anna").status == 403
    assert port.ask("SELECT 2", token="nobody").status == 401
    (entry,) = read(tmp_path / "audit")
    assert "file('/etc/passwd')" in entry.what


def test_a_greeting_of_a_client_is_no_question_but_one_that_begins_like_it_is(port: Port, tmp_path: Path) -> None:
    port.ask("SELECT version()", token="anna")
    port.ask("SELECT version(), text FROM messages", token="anna")
    assert [entry.what for entry in read(tmp_path / "audit")] == ["SELECT version(), text FROM messages"]


def test_where_nothing_can_be_written_down_nothing_is_answered(port: Port, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    said = port.ask("SELECT 'hush'", token="anna")
    assert said.status == 500
    assert "audit log" in said.text
    assert "hush" not in said.text
    (tmp_path / "audit").unlink()
    assert port.ask("SELECT 'hush'", token="anna").text == "hush\n"
