"""`playhead export RUN -o FILE.playhead`: a stored run in a file is replayed and imported as the stored one is."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.replay.agents import Ran, playhead, ran, recorded
from tests.replay.programs import PLAIN, SWARM
from tests.sdk.engine.provider import provider

# All that is stored of recordings and steps, every column.
CONTENT = """
SELECT
    (SELECT groupArray(cityHash64(* EXCEPT (arrived_at)))
        FROM (SELECT * FROM recordings ORDER BY process_id, sequence)),
    (SELECT groupArray((step_id, cityHash64(toString(attributes)), end_time))
        FROM (SELECT * FROM steps ORDER BY step_id))
"""


def store_in(folder: Path) -> str:
    return f"chdb://{folder / 'store'}"


def runs_in(file: Path) -> list[str]:
    records = [json.loads(line) for line in file.read_text().splitlines()]
    return list(dict.fromkeys(record[1] for record in records if record[0] == "s"))


def stored(folder: Path) -> object:
    return succeeded(playhead(folder, "sql", "--json", "--store", store_in(folder), CONTENT)).json


def succeeded(done: Ran) -> Ran:
    assert done.code == 0, done.err
    return done


def test_an_exported_run_replays_without_its_store_and_changes_nothing_where_it_is_stored(tmp_path: Path) -> None:
    file, before = recorded(tmp_path, PLAIN, "0")
    store = ("--store", store_in(tmp_path))
    succeeded(playhead(tmp_path, "import", *store, str(file)))
    succeeded(playhead(tmp_path, "export", *store, "last", "-o", "kept/"))
    (exported,) = (tmp_path / "kept").iterdir()
    assert exported.name.startswith("agent-") and exported.suffix == ".playhead"
    again = playhead(tmp_path, "replay", str(exported))
    assert (again.code, again.out) == (0, before.out), again.err
    held = stored(tmp_path)
    succeeded(playhead(tmp_path, "import", *store, str(exported)))
    assert stored(tmp_path) == held

    shutil.rmtree(tmp_path / "store")
    succeeded(playhead(tmp_path, "import", *store, str(exported)))
    assert stored(tmp_path) == held


def test_of_a_process_with_many_runs_what_came_after_the_run_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(SWARM)
    with provider() as url:
        ran(tmp_path, sys.executable, "agent.py", "1", "2", "3", "4", PROVIDER=url)
    (journal,) = (tmp_path / "journal").iterdir()
    (tmp_path / "run.playhead").write_bytes(b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl"))))
    store = ("--store", store_in(tmp_path))
    succeeded(playhead(tmp_path, "import", *store, "run.playhead"))
    second = runs_in(tmp_path / "run.playhead")[1]
    done = succeeded(playhead(tmp_path, "export", *store, second, "-o", "second.playhead"))
    assert "what 1 other runs of its process recorded" in done.err
    head = json.loads((tmp_path / "second.playhead").read_text().splitlines()[0])[1]
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
