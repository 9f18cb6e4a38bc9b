"""`playhead up` as a process: how it begins, what it says of itself, how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest
from tests.collector.receive.messages import RUN, span, traces
from tests.e2e.running import Up, clean_environment, get, playhead_alone, start, up

from playhead_collector.config import Settings
from playhead_collector.store.precedence import MERGING, STORING


def test_health_and_readiness_say_how_the_collector_is(collector: Up) -> None:
    assert json.loads(get(collector.url + "/healthz")) == {"status": "ok", "pid": collector.process.pid}
    state = json.loads(get(collector.url + "/readyz"))
    assert (state["accepting"], state["storing"], state["trouble"]) == (True, True, None)
    assert state["lag_seconds"] >= 0


@pytest.mark.skipif(sys.platform != "linux", reason="threads have nice values of their own on Linux alone")
def test_threads_that_merge_and_store_step_back_behind_those_that_answer(collector: Up) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    collector.wait_until_stored()
    process = collector.process.pid
    nice: dict[str, set[int]] = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            name = (thread / "comm").read_text().strip()
            nice.setdefault(name, set()).add(os.getpriority(os.PRIO_PROCESS, int(thread.name)))
    assert nice["MergeMutate"] == {max(MERGING, own)}
    assert max(STORING, own) in set().union(*nice.values())
    assert os.getpriority(os.PRIO_PROCESS, process) == own


def test_metrics_count_what_came_and_what_was_stored(collector: Up) -> None:
    from playhead_collector.send import send

    def told() -> tuple[float, float, float, float]:
        samples = _samples(get(collector.url + "/metrics").decode())
        assert (samples["playhead_store_trouble"], samples["playhead_quarantined_bodies"]) == (0, 0)
        by_http = 'protocol="http",signal="traces"'
        names = (
            f"playhead_received_items_total{{{by_http}}}",
            f"playhead_answer_seconds_count{{{by_http}}}",
            'playhead_stored_bytes_total{signal="traces"}',
            "playhead_store_seconds_count",
        )
        items, answers, stored_bytes, inserts = (samples.get(name, 0) for name in names)
        return items, answers, stored_bytes, inserts

    before = told()
    request = traces(*(span() for _ in range(400)))
    assert send([request], collector.url) > 0
    collector.wait_until_stored()
    items, answers, stored_bytes, inserts = (now - then for now, then in zip(told(), before, strict=True))
    assert items >= 400  # who was told to end before may still send
    assert answers >= 1
    assert stored_bytes >= request.ByteSize()
    assert inserts >= 1


def test_every_metric_is_in_the_documentation(collector: Up) -> None:
    told = re.findall(r"^# TYPE (\w+) ", get(collector.url + "/metrics").decode(), re.MULTILINE)
    names = {name.removesuffix("_total") for name in told if not name.endswith("_created")}
    documented = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert names and [name for name in sorted(names) if f"`{name}" not in documented] == []


def test_sigterm_ends_it_in_order_what_was_acknowledged_is_stored_and_logs_are_json_when_asked(tmp_path: Path) -> None:
    collector = start(tmp_path, "--log-format", "json")
    request = traces(span())
    from playhead_collector.send import send

    assert send([request], collector.url) > 0
    assert collector.end(signal.SIGTERM) == 0
    assert "Traceback" not in collector.log
    lines = [json.loads(line) for line in collector.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert any(line["message"].startswith("collector ready") for line in lines)
    assert any(line["message"].startswith("collector stopped") for line in lines)
    said = playhead_alone(tmp_path, "runs", "--json", "--store", collector.store)
    assert [row["run_id"] for row in said.rows()] == [RUN.hex()]


def test_what_a_killed_collector_had_acknowledged_is_told_of_and_stored_by_the_next(tmp_path: Path) -> None:
    # A linger of a minute: the run is acknowledged, durable, and not stored when the collector dies.
    collector = start(tmp_path, "--linger-ms", "60000")
    request = traces(span())
    from playhead_collector.send import send

    send([request], collector.url)
    assert collector.end(signal.SIGKILL) == -signal.SIGKILL
    said = playhead_alone(tmp_path, "runs", "--json", "--store", collector.store)
    assert said.rows() == []
    assert "wait in" in said.err and "'playhead up' stores them" in said.err
    with up(tmp_path) as again:
        again.wait_until_stored()
        assert len(again.playhead("runs", "--json").rows()) == 1


def test_a_port_that_is_taken_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for flag in ("--grpc-port", "--http-port"):
            ports = [word for name in ("--grpc-port", "--http-port", "--clickhouse-port") for word in (name, "0")]
            said = playhead_alone(tmp_path, "up", "--store", f"chdb://{tmp_path}/store", *ports, flag, port)
            assert said.status == 2
            assert f"127.0.0.1:{port}" in said.err and "choose another" in said.err
            assert flag in said.err
            assert "Traceback" not in said.err


def test_a_second_collector_on_the_same_store_is_refused(collector: Up, tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "up", "--store", collector.store, "--http-port", "0")
    assert said.status == 2
    assert f"open in another process (process {collector.process.pid})" in said.err


def test_help_documents_every_setting(tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "up", "--help", COLUMNS="200")
    assert said.status == 0
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in said.out
        assert f"(PLAYHEAD_{name.upper()})" in said.out


def test_nothing_is_at_a_path_that_is_none(collector: Up) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(collector.url + "/nothing")


def _samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_what_agents_said_is_nobody_elses_to_read(collector: Up) -> None:
    store = Path(collector.store.removeprefix("chdb://"))
    for folder in (store, store.parent / "spool"):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_a_command_waits_for_another_that_has_the_folder_open(tmp_path: Path) -> None:
    """Two commands on a folder without a collector: one process may have it open, so the second waits its turn."""
    with up(tmp_path) as collector:
        store = collector.store
    words = [sys.executable, "-m", "playhead", "sql", "SELECT 1", "--json", "--store", store]
    many = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(tmp_path, {}))
        for _ in range(3)
    ]
    for process in many:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, b'{"1": 1}\n'), err


def test_a_collectors_port_is_no_store_for_another_without_its_admin_token(tmp_path: Path) -> None:
    with up(tmp_path / "first") as first:
        store = f"clickhouse://127.0.0.1:{first.ports[2]}/playhead"
        ports = [word for name in ("grpc", "http") for word in (f"--{name}-port", "0")]
        said = playhead_alone(tmp_path / "second", "up", "--store", store, *ports)
    assert (said.status, "lets nobody write" in said.err, "Traceback" in said.err) == (2, True, False)
