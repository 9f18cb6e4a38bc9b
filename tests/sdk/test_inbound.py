"""A FastAPI server under uvicorn, in a process of its own: what starts its runs is recorded."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.sdk.collector import FakeCollector, attributes, children
from tests.sdk.servers.process import listening

from playhead.cli import main
from playhead.journal.recording import merged
from playhead_collector.demo.provider import FakeProvider

_SERVER = """
import asyncio, os, time, uuid
from contextlib import asynccontextmanager
import httpx2, playhead
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

if "COLLECTOR" in os.environ:
    playhead.init(service="shop", endpoint=os.environ["COLLECTOR"], journal=os.environ["JOURNAL"], record="wire")
PROVIDER = os.environ["PROVIDER"]
client = httpx2.AsyncClient()
app = FastAPI()

class Ticket(BaseModel):
    text: str

async def ask(question):
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": question}]}
    answer = (await client.post(PROVIDER + "/v1/chat/completions", json=asked)).json()
    return answer["choices"][0]["message"]["content"]

@playhead.tool
async def look_up(name):
    await asyncio.sleep(0.01)
    return [name, str(uuid.uuid4())]

@playhead.agent(name="support")
async def handle(text):
    first = await ask(text)
    found = await asyncio.gather(*[look_up(name) for name in "AB"])
    return [first, found, await ask(text + " again"), time.time()]

@app.post("/tickets/{number}")
async def tickets(number: int, ticket: Ticket):
    return {"number": number, "at": time.time(), "answer": await handle(ticket.text)}

@app.get("/plain")
async def plain():
    return [await ask("one"), await ask("two")]

@app.get("/health")
async def health():
    return "ok"

@app.post("/late")
async def late(request: Request):
    return [await handle("before the body is read"), len(await request.body())]

@app.get("/broken")
async def broken():
    await ask("one")
    raise HTTPException(503)
"""


@contextmanager
def serving(
    folder: Path, collector: FakeCollector, provider: FakeProvider, http: str = "httptools", loop: str = "asyncio"
) -> Iterator[str]:
    (folder / "server.py").write_text(_SERVER)
    environment = {
        **os.environ, "COLLECTOR": collector.url, "JOURNAL": str(folder / "journal"), "PROVIDER": provider.url,
    }  # fmt: skip
    words = [sys.executable, "-m", "uvicorn", "server:app", "--port", "0", "--http", http, "--loop", loop]
    with listening(words, folder, environment) as address:
        yield address
    # uvicorn ends by the signal itself, so what came last is sent by somebody else.
    assert main(["ship", "--journal", str(folder / "journal"), "--endpoint", collector.url]) == 0


@pytest.mark.parametrize(("http", "loop"), [("h11", "asyncio"), ("httptools", "uvloop")])
def test_a_request_is_told_as_what_started_the_run(
    http: str, loop: str, collector: FakeCollector, tmp_path: Path
) -> None:
    secret = {"Authorization": "Bearer " + "a1" * 20, "Cookie": "session=quite-secret", "X-Shop": "north"}
    with (
        FakeProvider() as provider,
        serving(tmp_path, collector, provider, http, loop) as url,
        httpx2.Client() as client,
    ):
        answered = client.post(f"{url}/tickets/7?lang=de", json={"text": "where is it?"}, headers=secret)
        assert (answered.status_code, client.get(f"{url}/health").text) == (200, '"ok"')
    (root,) = [span for span in collector.ended.values() if not span.parent_span_id]
    said = attributes(root)
    assert (root.name, said["http.request.method"], said["url.path"], said["http.route"], said["url.query"]) == (
        "invoke_agent support", "POST", "/tickets/7", "/tickets/{number}", "lang=de",
    )  # fmt: skip
    assert {span.trace_id for span in collector.spans} == {root.trace_id}, "a health check is no run"
    records = recording(collector)
    request, health = [record for record in records if record[0] == "i"]
    assert (health[1], health[3]["path"]) == (None, "/health"), "it came to the process all the same"
    assert (request[1], request[3]["method"], request[3]["path"]) == (root.trace_id.hex(), "POST", "/tickets/7")
    assert json.loads(request[3]["body"]) == {"text": "where is it?"}
    headers = dict(request[3]["headers"])
    assert headers["x-shop"] == "north"
    assert "quite-secret" not in json.dumps(records)
    assert "a1a1a1" not in json.dumps(records)
    assert headers["authorization"].startswith("Bearer [redacted")


def recording(collector: FakeCollector) -> list[list[Any]]:
    return list(merged(record.body.bytes_value for record in collector.recordings))


def test_the_trace_of_the_caller_goes_on(collector: FakeCollector, tmp_path: Path) -> None:
    run, step = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with FakeProvider() as provider, serving(tmp_path, collector, provider) as url, httpx2.Client() as client:
        for text in ("first", "second"):
            headers = {"traceparent": f"00-{run}-{step}-01"}
            assert client.post(f"{url}/tickets/1", json={"text": text}, headers=headers).status_code == 200
        assert client.post(f"{url}/tickets/1", json={"text": "x"}, headers={"traceparent": "x"}).status_code == 200
    first, second, third = collector.named("invoke_agent support")
    assert {span.trace_id.hex() for span in (first, second)} == {run}
    assert {span.parent_span_id.hex() for span in (first, second)} == {step}
    assert not third.parent_span_id
    of_run = [span for span in collector.ended.values() if span.trace_id.hex() == run]
    assert sum(attributes(span)["playhead.run.steps"] for span in (first, second)) == len(of_run)


def test_what_a_plain_handler_does_is_a_run_of_its_request(collector: FakeCollector, tmp_path: Path) -> None:
    with FakeProvider() as provider, serving(tmp_path, collector, provider) as url, httpx2.Client() as client:
        assert len(client.get(f"{url}/plain").json()) == 2
        assert client.get(f"{url}/broken").status_code == 503
    (plain,) = collector.named("GET /plain")
    assert len(children(list(collector.ended.values()), plain)) == 2
    assert attributes(plain)["http.response.status_code"] == 200
    assert attributes(plain)["playhead.run.steps"] == 3
    (broken,) = collector.named("GET /broken")
    assert (broken.status.code, broken.status.message) == (2, "HTTP 503")


def test_a_body_that_is_read_late_is_there_in_the_end(collector: FakeCollector, tmp_path: Path) -> None:
    body = b"\x00\xff" * 50_000
    with FakeProvider() as provider, serving(tmp_path, collector, provider) as url, httpx2.Client() as client:
        assert client.post(f"{url}/late", content=body).json()[1] == len(body)
    records = recording(collector)
    first, last = [record[3] for record in records if record[0] == "i"]
    assert (first["whole"], last["whole"]) == (False, True)
    assert set(last["body"]["pieces"]) <= {record[1] for record in records if record[0] == "p"}
