"""`playhead backup` and `playhead restore`, as they are typed: real stores, real collectors, real kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.collector.dialects.spans import span, traces
from tests.collector.server.clickhouse import PASSWORD
from tests.collector.server.conftest import serving, serving_real
from tests.collector.store.test_erase import Secrets, telling_run
from tests.e2e.running import Up, clean_environment, playhead_alone, up

from playhead.errors import PlayheadError, UsageError
from playhead_collector.administer import answer_of
from playhead_collector.backup.origin import Stored
from playhead_collector.backup.take import take
from playhead_collector.send import send

PASSWORD_IN_URL = quote(PASSWORD, safe="")

_TOKENS = ("--ingest-token", "default=token-of-default", "--ingest-token", "research=token-of-research",
    "--read-token", "token-that-reads", "--admin-token", "token-of-admin")  # fmt: skip
_VIEWS = ("steps", "runs", "messages", "calls", "usage", "log_records", "recordings")


def record(collector: Up, runs: int, project: str = "default") -> None:
    opener, token = collector.itself().opener(), f"token-of-{project}"
    for number in range(runs):
        request, logs = telling_run(Secrets(), user=f"user-{number}", session="s")
        send([request], collector.url, token, opener=opener)
        headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {token}"}
        post = urllib.request.Request(f"{collector.url}/v1/logs", logs.SerializeToString(), headers)
        opener.open(post, timeout=60).close()
    collector.wait_until_stored()


Shown = dict[str, tuple[int, str]]


def shown(folder: Path, store: str) -> Shown:
    """All that every view of both projects shows, in whatever order: how many rows, and the sum of their hashes."""
    each = (
        f"SELECT '{database}.{view}' AS view, count() AS n, "
        f"toString(sum(cityHash64(formatRow('JSONEachRow', *)))) AS sum FROM {database}.{view}"
        for database in ("playhead", "playhead_research")
        for view in _VIEWS
    )
    return {
        row["view"]: (row["n"], row["sum"]) for row in _rows(folder, "sql", " UNION ALL ".join(each), "--store", store)
    }


@dataclass(frozen=True, slots=True)
class BackedUp:
    folder: Path
    store: str
    backup: Path
    shown: Shown


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    """A store of two projects that a collector had, and the backup that was taken through it."""
    folder = tmp_path_factory.mktemp("backed")
    flags = ("--figures-token", "research=token-of-figures", "--retention", "research=365")
    with up(folder, *_TOKENS, *flags, "--payload-retention", "research=30") as collector:
        record(collector, 4)
        record(collector, 2, "research")
        # For it a database of views is made beside the project's, which is no project.
        assert collector.playhead("runs", PLAYHEAD_TOKEN="token-of-figures").status == 0
        said = collector.playhead("backup", str(folder / "backup"), "--token", "token-of-admin")
        assert said.status == 0, said.err
    acts = [line for file in folder.rglob("audit.jsonl") for line in file.read_text().splitlines() if "backup" in line]
    assert any('"project": "research"' in act and "step_rows" in act for act in acts), acts
    found = shown(folder, collector.store)
    assert all(count for count, _ in found.values()), found
    return BackedUp(folder, collector.store, folder / "backup", found)


def test_a_backup_through_a_running_collector_restores_every_project_equal(backed_up: BackedUp, tmp_path: Path) -> None:
    store = f"chdb://{tmp_path / 'store'}"
    said = playhead_alone(tmp_path, "restore", str(backed_up.backup), "--store", store, "--json")
    assert said.status == 0, said.err
    assert [(row["project"], row["recomputed"], row["erased"]) for row in said.rows()] == [
        ("default", 0, 0), ("research", 0, 0)]  # fmt: skip
    assert shown(tmp_path, store) == backed_up.shown
    # A day more than payloads, which may come late on the day.
    sql = """SELECT name FROM system.tables WHERE database = currentDatabase()
        AND create_table_query LIKE if(name = 'step_rows', '%toIntervalDay(365)%', '%toIntervalDay(31)%')
        AND name IN ('step_rows', 'message_rows') ORDER BY name"""
    kept = _rows(tmp_path, "sql", sql, "--store", store, "--project", "research")
    assert [row["name"] for row in kept] == ["message_rows", "step_rows"]


def test_only_administrators_get_a_backup_and_a_refused_one_leaves_nothing(tmp_path: Path) -> None:
    with up(tmp_path, *_TOKENS) as collector:
        for token in ("token-that-reads", "token-of-default"):
            said = collector.playhead("backup", str(tmp_path / "backup"), "--token", token)
            assert (said.status, "administrators only" in said.err) == (2, True)
        assert not (tmp_path / "backup").exists()
        # And what an administrator asks for that is none is an answer, too.
        rows = {"project": "default", "table": "step_rows", "columns": ["run_id"], "partition": "x"}
        for name, value, why in (
            ("columns", [], "columns: "),
            ("columns", ["1"], "HTTP 404"),
            ("table", "x", "HTTP 404"),
        ):
            with pytest.raises(PlayheadError, match=why):
                answer_of(collector.itself(), "/admin/backup/rows", {**rows, name: value}, "token-of-admin", 60)
        answer_of(collector.itself(), "/admin/backup/rows", rows, "token-of-admin", 60).close()
        assert "Traceback" not in collector.log


def test_from_an_embedded_store_to_a_server_and_back_nothing_changes(backed_up: BackedUp, tmp_path: Path) -> None:
    """The way from a laptop's store to production, too."""
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server") as port, serving_real() as real:
        server = real or f"clickhouse://default:{PASSWORD_IN_URL}@127.0.0.1:{port}/traces"
        there = playhead_alone(tmp_path, "restore", str(backed_up.backup), "--store", server)
        assert there.status == 0, there.err
        again = playhead_alone(tmp_path, "backup", str(tmp_path / "again"), "--store", server)
        assert again.status == 0, again.err
    store = f"chdb://{tmp_path / 'store'}"
    assert playhead_alone(tmp_path, "restore", str(tmp_path / "again"), "--store", store).status == 0
    assert shown(tmp_path, store) == backed_up.shown


def test_what_is_acknowledged_before_a_backup_is_in_it_whole_while_more_arrives(tmp_path: Path) -> None:
    stop = threading.Event()
    with up(tmp_path / "from") as collector:
        opener = collector.itself().opener()

        def go_on() -> None:
            root = span("invoke_agent", {"gen_ai.operation.name": "invoke_agent"})
            while not stop.wait(0.3):
                # Steps of a run that is there, and of new ones.
                send(
                    [traces(span("more", parent=root)), telling_run(Secrets(), user="u", session="s")[0]],
                    collector.url,
                    opener=opener,
                )

        first = [telling_run(Secrets(), user="ada", session="s")[0] for _ in range(20)]
        sending = threading.Thread(target=go_on)
        sending.start()
        try:
            send(first, collector.url, opener=opener)
            said = collector.playhead("backup", str(tmp_path / "backup"), "--json")
        finally:
            stop.set()
            sending.join()
        assert said.status == 0, said.err
    store = f"chdb://{tmp_path / 'to' / 'store'}"
    said = playhead_alone(tmp_path, "restore", str(tmp_path / "backup"), "--store", store, "--json")
    assert said.status == 0, said.err
    [found] = _rows(tmp_path, "sql", _WHOLE, "--store", store)
    assert {_run_of(request) for request in first} <= set(found.pop("runs"))
    assert found == {"without_messages": 0, "with_other_rows": 0}


# No step without its messages, no run without its row, no row that counts other steps.
_WHOLE = """
WITH
    hashes AS (SELECT run_id, arrayJoin(piece_hashes) AS hash FROM step_rows FINAL),
    counted AS (SELECT run_id, count() AS n FROM steps GROUP BY run_id)
SELECT
    (SELECT count() FROM hashes WHERE (run_id, hash) NOT IN (SELECT run_id, hash FROM message_rows))
        AS without_messages,
    (SELECT count() FROM counted LEFT JOIN runs ON counted.run_id = runs.run_id WHERE n != runs.steps)
        AS with_other_rows,
    (SELECT groupArray(run_id) FROM runs) AS runs
"""


def test_a_backup_that_was_killed_says_that_it_is_incomplete(backed_up: BackedUp, tmp_path: Path) -> None:
    store = backed_up.store
    target = tmp_path / "backup"
    _killed_at("step_rows/", tmp_path, "backup", str(target), "--store", store)
    assert any(target.glob("*/*/*.zst"))
    assert json.loads((target / "manifest.json").read_text())["complete"] is False
    again = playhead_alone(tmp_path, "backup", str(target), "--store", store)
    assert (again.status, "cut short" in again.err) == (2, True)
    used = playhead_alone(tmp_path, "restore", str(target), "--store", f"chdb://{tmp_path / 'store'}")
    assert (used.status, "incomplete" in used.err, (tmp_path / "store").exists()) == (2, True, False)


def test_a_restore_that_was_killed_leaves_a_store_that_opens_for_another_restore_only(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    store = f"chdb://{tmp_path / 'store'}"
    words = ("restore", str(backed_up.backup), "--store", store)
    _killed_at("record_migration.sql", tmp_path, *words)
    for refused in (("runs", "--store", store), ("up", "--store", store, "--http-port", "0", "--grpc-port", "0",
            "--clickhouse-port", "0"), ("backup", str(tmp_path / "backup"), "--store", store)):  # fmt: skip
        said = playhead_alone(tmp_path, *refused)
        assert (said.status, "not whole" in said.err) == (2, True), said
    assert playhead_alone(tmp_path, *words).status == 0
    assert shown(tmp_path, store) == backed_up.shown


def test_a_store_that_holds_something_is_left_alone_unless_told_and_who_was_erased_stays_so(tmp_path: Path) -> None:
    store = f"chdb://{tmp_path / 'store'}"
    with up(tmp_path) as collector:
        for user in ("ada", "bob"):
            collector.send(telling_run(Secrets(), user=user, session="s")[0])
    assert playhead_alone(tmp_path, "backup", str(tmp_path / "backup"), "--store", store).status == 0
    assert playhead_alone(tmp_path, "erase", "--user", "ada", "--yes", "--store", store).status == 0
    words = ("restore", str(tmp_path / "backup"), "--store", store, "--json")
    said = playhead_alone(tmp_path, *words)
    assert (said.status, "is not empty" in said.err) == (2, True)
    said = playhead_alone(tmp_path, *words, "--overwrite")
    assert (said.status, said.rows()[0]["erased"]) == (0, 1), said.err
    assert [row["user"] for row in _rows(tmp_path, "sql", "SELECT user FROM runs", "--store", store)] == ["bob"]


def test_a_place_where_no_backup_can_be_written_is_said_with_what_to_do(backed_up: BackedUp, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "backup"
    said = playhead_alone(tmp_path, "backup", str(target), "--store", backed_up.store)
    assert (said.status, f"{target} cannot be written: Not a directory" in said.err) == (2, True), said.err
    assert "name a folder that this user may write" in said.err


def test_what_cannot_be_written_any_more_ends_a_backup_with_what_to_do(tmp_path: Path) -> None:
    class Origin:
        def projects(self) -> list[Stored]:
            return [Stored("default", 1, 30, {"run_rows": ["run_id"]})]

        def settle(self) -> None:
            pass

        def partitions(self, project: str, table: str) -> list[str]:
            return ["x" * 300]

        def rows(self, project: str, table: str, columns: Sequence[str], partition: str) -> Iterator[bytes]:
            return iter(())

    with pytest.raises(UsageError, match=f"x.native.zst cannot be written: File name too long; .*{tmp_path}.* is not"):
        take(Origin(), tmp_path / "backup", "s", print)
    assert json.loads((tmp_path / "backup" / "manifest.json").read_text())["complete"] is False


@pytest.mark.parametrize(
    ("wrong", "told"), [({"projects": [{"tables": 3}]}, "tables is no list but 3"), ({"projects": 3}, "not iterable")]
)
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    manifest = {"backup_id": "a", "program": "0", "store": "s", "began_at": "", "complete": True, "format": 1, **wrong}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    said = playhead_alone(tmp_path, "restore", str(tmp_path), "--check")
    assert (said.status, "is no manifest of a backup" in said.err, told in said.err) == (2, True, True), said.err


@pytest.mark.parametrize("how", ["changed", "shortened", "gone"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(backed_up: BackedUp, tmp_path: Path, how: str) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(backed_up.backup), str(copy)], check=True)
    [file, *_] = sorted(copy.rglob("*.zst"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(content if how == "changed" else content[:-1])
    said = playhead_alone(tmp_path, "restore", str(copy), "--store", f"chdb://{tmp_path / 'store'}")
    assert (said.status, str(file) in said.err, (tmp_path / "store").exists()) == (2, True, False)


def test_a_check_reads_every_row(backed_up: BackedUp, tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "restore", str(backed_up.backup), "--check", "--json")
    manifest = json.loads((backed_up.backup / "manifest.json").read_text())
    rows = [file["rows"] for p in manifest["projects"] for table in p["tables"] for file in table["files"]]
    assert said.rows()[0]["rows"] == sum(rows) > 0
    # A manifest that tells of other rows than those that lie there.
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(backed_up.backup), str(copy)], check=True)
    manifest["projects"][0]["tables"] = [table for table in manifest["projects"][0]["tables"] if table["files"]]
    manifest["projects"][0]["tables"][0]["files"][0]["digest"] += 1
    (copy / "manifest.json").write_text(json.dumps(manifest))
    said = playhead_alone(tmp_path, "restore", str(copy), "--check")
    assert (said.status, "other rows" in said.err) == (2, True)


def _rows(folder: Path, command: str, *words: str) -> list[dict[str, Any]]:
    said = playhead_alone(folder, command, *words, "--json")
    assert said.status == 0, said.err
    return list(said.rows())


def _run_of(request: object) -> str:
    return str(request.resource_spans[0].scope_spans[0].spans[0].trace_id.hex())  # type: ignore[attr-defined]


# A signal from outside comes when all is done, where the machine is busy.
_DIES = """
import os, signal, sys
from playhead.cli import main

def look(event, about):
    if event == "open" and sys.argv[1] in str(about[0]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(look)
main(sys.argv[2:])
"""


def _killed_at(file: str, folder: Path, *words: str) -> None:
    """A command that is killed in the midst of its work: as it opens this file."""
    done = subprocess.run(
        [sys.executable, "-c", _DIES, file, *words], env=clean_environment(folder, {}), check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
