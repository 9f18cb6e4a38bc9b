"""`playhead export RUN -o FILE.playhead`: a stored run in a file is replayed and imported as the stored one is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from tests.collector.database import fresh_database
from tests.e2e.running import Said, Up, up
from tests.replay.agents import playhead, ran, recorded
from tests.replay.programs import PLAIN, SWARM
from tests.sdk.engine.provider import provider

from playhead_collector.otlp_file import requests_of
from playhead_collector.receive.signal import Signal
from playhead_collector.store.engine import Engine

# All that is stored of recordings and steps, every column.
CONTENT = """
SELECT
    toString((SELECT cityHash64(groupArray(cityHash64(* EXCEPT (arrived_at))))
        FROM (SELECT * FROM recordings ORDER BY process_id, sequence))) AS recorded,
    toString((SELECT cityHash64(groupArray((step_id, cityHash64(toString(attributes)), end_time)))
        FROM (SELECT * FROM steps ORDER BY step_id))) AS told
"""


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Commands without one open the folder in a process of their own, which takes each 2 s of CPU."""
    with up(tmp_path_factory.mktemp("export")) as collector:
        yield collector


def runs_in(file: Path) -> list[str]:
    records = [json.loads(line) for line in file.read_text().splitlines()]
    return list(dict.fromkeys(record[1] for record in records if record[0] == "s"))


def stored(collector: Up) -> list[dict[str, str]]:
    return succeeded(collector.playhead("sql", "--json", CONTENT)).rows()


def succeeded(done: Said) -> Said:
    assert done.status == 0, done.err
    return done


def test_an_exported_run_replays_without_its_store_and_changes_nothing_where_it_is_stored(
    collector: Up, engine: Engine, tmp_path: Path
) -> None:
    file, before = recorded(tmp_path, PLAIN, "0")
    succeeded(collector.playhead("import", str(file)))
    succeeded(collector.playhead("export", "last", "-o", f"{tmp_path}/kept/"))
    (exported,) = (tmp_path / "kept").iterdir()
    assert exported.name.startswith("agent-") and exported.suffix == ".playhead"
    again = playhead(tmp_path, "replay", str(exported))
    assert (again.code, again.out) == (0, before.out), again.err
    held = stored(collector)
    succeeded(collector.playhead("import", str(exported)))
    assert stored(collector) == held

    with fresh_database(engine, tmp_path) as elsewhere:
        for signal, body, _ in requests_of(exported):
            elsewhere.insert(body if signal is Signal.TRACES else ExportLogsServiceRequest.FromString(body))
        assert [dict(row) for row in elsewhere.rows(CONTENT)] == held


def test_of_a_process_with_many_runs_what_came_after_the_run_is_left_out(collector: Up, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(SWARM)
    with provider() as url:
        ran(tmp_path, sys.executable, "agent.py", "1", "2", "3", "4", PROVIDER=url)
    (journal,) = (tmp_path / "journal").iterdir()
    file, second_file = tmp_path / "run.playhead", tmp_path / "second.playhead"
    file.write_bytes(b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl"))))
    succeeded(collector.playhead("import", str(file)))
    second = runs_in(file)[1]
    done = succeeded(collector.playhead("export", second, "-o", str(second_file)))
    assert "what 1 other runs of its process recorded" in done.err
    head = json.loads(second_file.read_text().splitlines()[0])[1]
    assert head["run"] == second and head["until"]
    again = playhead(tmp_path, "replay", "second.playhead")
    assert again.code == 0, again.err
    assert "identical: 7 steps" in again.err

    (tmp_path / "agent.py").write_text(
        SWARM.replace("return await ask(client", "await ask(client, 'more')\n    return await ask(client")
    )
    assert playhead(tmp_path, "replay", "second.playhead").code == 1


def test_a_file_that_was_cut_or_is_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "run.playhead"
    file.write_text('["exported",{"format":99,"run":"' + "0" * 32 + '"}]\n')
    newer = playhead(tmp_path, "replay", str(file))
    assert newer.code == 2 and "written by a newer Playhead (format 99)" in newer.err
    file.write_text('["exported",{"format":1,"run":"' + "0" * 32 + '"}]\n["traces",{"resou')
    cut = playhead(tmp_path, "replay", str(file))
    assert cut.code == 2 and "line 2: this line is cut or changed" in cut.err
