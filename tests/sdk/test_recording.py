"""From `init` to a replay: what a program did is recorded, shipped, and served back with the world gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.sdk.collector import FakeCollector, attributes

from playhead.journal.recording import merged
from playhead_collector.demo.provider import FakeProvider

_PROGRAM = """
import asyncio, json, os, random, sys, time, uuid
import httpx2
import playhead
from playhead.lanes.engine import Engine

PROVIDER = sys.argv[1]

@playhead.tool
async def look_up(order):
    await asyncio.sleep(random.random() / 100)
    return {"order": order, "id": str(uuid.uuid4())}

@playhead.agent(name="support")
async def handle(question):
    async with httpx2.AsyncClient() as client:
        asked = {"model": "gpt-5", "messages": [{"role": "user", "content": question}]}
        answer = (await client.post(PROVIDER + "/v1/chat/completions", json=asked)).json()
        found = await asyncio.gather(*[look_up(name) for name in "ABC"])
        lines = []
        async with client.stream("POST", PROVIDER + "/v1/chat/completions", json={**asked, "stream": True}) as stream:
            async for line in stream.aiter_lines():
                lines.append(line)
        return [answer, found, lines, time.time()]
"""

_RECORDED = """
playhead.init(service="t", endpoint=os.environ["COLLECTOR"], journal=os.environ["JOURNAL"], record=sys.argv[2])
print(json.dumps(asyncio.run(handle("where is my order?"))))
"""

_SERVED = """
from playhead.lanes.sink import read_records
from pathlib import Path
engine = Engine.serving_from(read_records(Path(sys.argv[2])))
engine.install()
answer = asyncio.run(handle("where is my order?"))
engine.uninstall()
print(json.dumps(answer))
"""


def run(text: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM + text, *arguments],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_recorded_program_runs_again_from_what_was_shipped(collector: FakeCollector, tmp_path: Path) -> None:
    for level in ("wire", "exact"):
        collector.logs.clear()
        collector.requests.clear()
        with FakeProvider() as provider:
            url = provider.url
            recorded = run(_RECORDED, url, level, COLLECTOR=collector.url, JOURNAL=str(tmp_path / level))
        pieces = [record.body.bytes_value for record in collector.recordings]
        file = tmp_path / f"{level}.jsonl"
        file.write_text("".join(json.dumps(record) + "\n" for record in merged(pieces)))
        # The provider is gone, and answered differently every time.
        for _ in range(3):
            assert run(_SERVED, url, str(file)) == recorded, level
        assert list((tmp_path / level).iterdir()) == []


def test_a_recording_is_cut_by_runs_and_keyed_so_that_it_is_stored_once(
    collector: FakeCollector, tmp_path: Path
) -> None:
    with FakeProvider() as provider:
        run(_RECORDED, provider.url, "wire", COLLECTOR=collector.url, JOURNAL=str(tmp_path))
    (root,) = collector.named("invoke_agent support")
    of_run = [record for record in collector.recordings if record.trace_id == root.trace_id]
    of_process = [record for record in collector.recordings if not record.trace_id]
    assert of_run
    assert of_process
    keys = {
        (record.trace_id, *(one.value.string_value or one.value.int_value for one in record.attributes))
        for record in collector.recordings
    }
    assert len(keys) == len(collector.recordings)
    prompts = [span for span in collector.ended.values() if span.name == "chat gpt-5"]
    assert len(prompts) == 2
    for span in prompts:
        assert "Answer" in attributes(span)["gen_ai.output.messages"]
        # What was said is the run's: erasing the run takes it along.
        told = json.loads(attributes(span)["gen_ai.output.messages"])[0]["parts"][0]["content"]
        assert all(told.encode() not in record.body.bytes_value for record in of_process)


_SECRET = "sk-ant-api03-" + "Ab1" * 30

_WITH_SECRETS = """
playhead.init(service="t", endpoint=os.environ["COLLECTOR"], journal=os.environ["JOURNAL"], record="wire")
key = os.environ["ANTHROPIC_API_KEY"]

@playhead.agent
def ask():
    headers = {"x-api-key": key, "authorization": "Bearer " + key}
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": "my key is " + key}]}
    with httpx2.Client(headers=headers) as client:
        return client.post(PROVIDER + "/v1/chat/completions?api_key=" + key, json=asked).status_code

assert ask() == 200
print(os.environ["DB_PASSWORD"])
"""


def test_no_secret_is_in_what_is_kept_or_sent(collector: FakeCollector, tmp_path: Path) -> None:
    with FakeProvider() as provider:
        environment = {
            "COLLECTOR": "http://127.0.0.1:9",
            "JOURNAL": str(tmp_path),
            "ANTHROPIC_API_KEY": _SECRET,
            "DB_PASSWORD": "correct horse battery",
        }
        assert run(_WITH_SECRETS, provider.url, **environment) == "correct horse battery\n"
        assert any(_SECRET in str(request) for request in provider.requests), "the agent itself used the real one"
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"gpt-5" in written
    assert _SECRET.encode() not in written
    assert b"correct horse" not in written
