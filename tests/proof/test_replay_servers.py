"""A server that has served a thousand requests, then fifty at once: runs of those are replayed by id from the store."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
from tests.proof.replaying import PLAYHEAD, TIMES, chosen, isolated, run
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import recorded

from playhead.journal.single import gather

BEFORE = int(os.environ.get("PROOF_SERVED", "1000"))
KINDS = ("alone/{}", "cached/{}", "counted", "limited/{}", "remembered", "queued/{}", "thread/{}")


def test_a_request_among_fifty_replays_after_a_thousand(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with provider() as gone, recorded(journal, gone) as url:

        def post(number: int) -> str:
            path = KINDS[number % len(KINDS)].format(number)
            return httpx2.post(f"{url}/{path}", json={"text": f"words {number}"}, timeout=60).text

        with ThreadPoolExecutor(10) as ten:
            list(ten.map(post, range(BEFORE)))
        with ThreadPoolExecutor(50) as fifty:
            answers = list(fifty.map(post, range(BEFORE, BEFORE + 50)))
    assert len(set(answers)) > 25
    file = tmp_path / "run.playhead"
    gather(sorted(path for path in journal.iterdir() if path.is_dir()), file)
    shutil.rmtree(journal)
    begun = [json.loads(line)[1] for line in file.read_bytes().splitlines() if line.startswith(b'["s"')]
    runs = list(dict.fromkeys(begun))
    assert len(runs) >= BEFORE + 50
    store = f"chdb://{tmp_path / 'store'}"
    imported = run(tmp_path, *PLAYHEAD, "import", "--store", store, str(file))
    assert imported.code == 0, imported.err
    told = {"PROVIDER": gone, "JOURNAL": str(journal), "LEVEL": "exact"}  # what the application reads before `init`
    wrong = []
    last = chosen(runs[-50:], min(5, TIMES))
    for one in [run_id for run_id in last for _ in range(max(1, TIMES // len(last)))]:
        again = run(tmp_path, *isolated(), *PLAYHEAD, "replay", "--store", store, one, **told)
        if again.code != 0:
            wrong.append(again.err[-1500:])
    print(f"    {TIMES - len(wrong)} of {TIMES} replays of runs of a server that had served {BEFORE} before")
    assert wrong == []
