"""Runs of one process in a store: a fork of one sends no other again, and a run that misses an erased one says so."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest import mock
from urllib.request import urlopen

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.facade.port import TokenGate, serving
from tests.replay.agents import environment_of, ran
from tests.replay.programs import SWARM
from tests.replay.test_server import SERVER
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import listening

from playhead.journal.single import gather
from playhead_collector.facade import ChdbEngine
from playhead_collector.otlp_file import requests_of
from playhead_collector.read.recording_export import export_recording
from playhead_collector.receive.signal import Signal
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.erase import Subject, erase
from playhead_replay.alone import replay_of_many
from playhead_replay.certificate import certify
from playhead_replay.errors import NotReplayable
from playhead_replay.fork import ForkWanted, fork, step_named
from playhead_replay.launch import Run, aside
from playhead_replay.recording.find import from_file, from_store
from playhead_replay.replay import Verdict, replay


@pytest.fixture
def database(engine: Engine, tmp_path: Path) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path) as database:
        yield database


@pytest.fixture
def reader(database: StoreDatabase) -> Iterator[Client]:
    """Of the collector's port, as commands read a store that is in use."""
    path = str(folder_of(database.engine))
    with serving(ChdbEngine(path), gate=TokenGate({"token": database.name})) as port:
        yield clickhouse_connect.get_client(
            host=port.host, port=port.port, access_token="token", autogenerate_session_id=False
        )


def store(database: StoreDatabase, file: Path) -> None:
    for signal, body, _ in requests_of(file):
        database.insert(body if signal is Signal.TRACES else ExportLogsServiceRequest.FromString(body))
    database.recompute()


def gathered(folder: Path) -> Path:
    file = folder / "all.playhead"
    gather(sorted((folder / "journal").iterdir()), file)
    return file


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A process that ran its agent three times, each of which looks at what the others left."""
    folder = tmp_path_factory.mktemp("three")
    (folder / "agent.py").write_text(SWARM.replace("init(", "init(send=False, "))
    with provider() as url:
        assert ran(folder, sys.executable, "agent.py", "2", "1", "2", PROVIDER=url).code == 0
    return gathered(folder)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Executes programs without a terminal, as in the shell in which they were recorded."""

    run: Run

    def replay(self, reader: Client, run: str) -> Verdict:
        return replay(from_store(reader, run), run=self.run)[1]


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Quiet]:
    with tempfile.TemporaryFile() as output, mock.patch.dict("os.environ", environment_of(tmp_path), clear=True):
        yield Quiet(aside(output))


def test_a_fork_sends_its_own_run_and_no_other_of_its_process_again(
    three: Path, database: StoreDatabase, reader: Client, quiet: Quiet, tmp_path: Path
) -> None:
    store(database, three)
    first, second, third = from_file(three).runs
    recording = from_store(reader, second)
    forked = fork(recording, ForkWanted(step_named(recording, "4"), {}), file=tmp_path / "fork.playhead", run=quiet.run)
    assert (forked.status, forked.steps) == ("done", len(recording.steps)), forked.what
    kept = from_file(tmp_path / "fork.playhead")
    assert (kept.run, kept.runs) == (forked.run, [first, forked.run])
    steps = database.rows("SELECT count() AS n FROM steps")[0]["n"]
    store(database, tmp_path / "fork.playhead")
    assert {row["run_id"] for row in database.rows("SELECT run_id FROM steps")} == {first, second, third, forked.run}
    assert database.rows("SELECT count() AS n FROM steps")[0]["n"] == steps + forked.steps

    # The fork is replayed from what its process recorded, the run before it from what its own did.
    assert quiet.replay(reader, forked.run).status == "identical"
    assert from_store(reader, first).process == recording.process
    assert quiet.replay(reader, first).status == "identical"

    # What the fork has of another run is erased with that run, and the fork says so.
    erase(database.client, Subject.RUN, first, Form(), wait_s=0)
    assert database.rows("SELECT count() AS n FROM recordings WHERE run_id = {run:String}", run=first)[0]["n"] == 0
    (why,) = certify(from_store(reader, forked.run)).reasons
    assert why.what.startswith(f"run {first[:12]} of its process was erased on")


def test_a_run_that_needs_its_process_says_which_run_was_erased_of_it_and_when(
    three: Path, database: StoreDatabase, reader: Client, quiet: Quiet, tmp_path: Path
) -> None:
    store(database, three)
    first, second, third = from_file(three).runs
    erase(database.client, Subject.RUN, second, Form(), wait_s=0)
    erased_at = database.rows("SELECT max(erased_at) AS at FROM erased")[0]["at"]
    certificate = certify(recording := from_store(reader, third))
    assert certificate.level == "playback"
    when = f"{erased_at:%Y-%m-%d %H:%M:%S} UTC"
    said = f"run {second[:12]} of its process was erased on {when}, and what it recorded is gone"
    assert [reason.what for reason in certificate.reasons] == [said]
    with pytest.raises(NotReplayable, match="was erased on"):
        replay(recording, run=quiet.run)
    # What came before misses nothing, and says nothing.
    assert not any("erased" in reason.what for reason in certify(from_store(reader, first)).reasons)
    assert quiet.replay(reader, first).status == "identical"
    # And in a file it is the same.
    export_recording(reader, third, tmp_path / "third.playhead", into=False)
    assert certify(from_file(tmp_path / "third.playhead")) == certificate


def test_a_run_of_a_server_is_executed_alone_whoever_was_erased_beside_it(
    database: StoreDatabase, reader: Client, quiet: Quiet, tmp_path: Path
) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    words = [sys.executable, "-m", "uvicorn", "server:app", "--port", "0"]
    with (
        provider() as url,
        listening(words, tmp_path, environment_of(tmp_path, PROVIDER=url)) as address,
        ThreadPoolExecutor(2) as clients,
    ):
        list(clients.map(lambda one: urlopen(f"{address}/ask?words=say-{one}").read(), range(4)))
    file = gathered(tmp_path)
    store(database, file)
    *others, run = from_file(file).runs
    for other in others:
        erase(database.client, Subject.RUN, other, Form(), wait_s=0)
    certificate, verdict = replay_of_many(from_store(reader, run))
    assert (verdict.status, verdict.executed) == ("identical", "alone, without the others of the 4 runs of its process")
    assert certificate.reasons[0].what.startswith(
        f"3 runs of its process were erased (run {others[0][:12]} first, the last"
    )
    assert certificate.reasons[0].what.endswith("this run needs nothing of it, and is executed alone")
    assert certificate.level == "exact"
