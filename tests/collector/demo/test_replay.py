"""The demo's agent can be run again from what was recorded of it, with its provider and its carrier gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sdk.collector import collecting

from playhead.journal.recording import merged
from playhead_collector.demo.shop_provider import ShopProvider

_PROGRAM = """
import asyncio, json, sys
import playhead
from playhead.lanes.engine import Engine
from playhead.lanes.sink import read_records
from pathlib import Path

how, file, letters = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
if how == "serve":
    Engine.serving_from(read_records(file)).install()
else:
    playhead.init(service="desk", record=how)

from playhead_collector.demo import agent
from playhead_collector.demo.tickets import LETTERS, OLD

async def main():
    served = [letter for letter in LETTERS if letter.version == OLD][:letters]
    tickets = [agent.Ticket(letter.session, letter.user, letter.text) for letter in served]
    if letters == 1:
        return [(await agent.handle(tickets[0])).text]
    return [reply.text for reply in await asyncio.gather(*map(agent.handle, tickets))]

print(json.dumps(asyncio.run(main())))
playhead.shutdown(60)
"""


def run(how: str, file: Path, letters: int, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, how, str(file), str(letters)],
        env={**os.environ, "SUPPORT_VERSION": "1.4.1", **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("level", "letters"), [("wire", 1), ("exact", 1), ("exact", 6)])
def test_it_says_the_same_again(tmp_path: Path, level: str, letters: int) -> None:
    file = tmp_path / "recording.jsonl"
    with collecting() as collector:
        with ShopProvider() as provider:
            world = {"MODEL_URL": provider.url, "CARRIER_URL": provider.url}
            sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "PLAYHEAD_JOURNAL": str(tmp_path / "journal")}
            recorded = run(level, file, letters, **world, **sent)
        records = merged([record.body.bytes_value for record in collector.recordings])
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert len(json.loads(recorded)) == letters
    for _ in range(2):
        assert run("serve", file, letters, **world) == recorded
