"""Long-lived processes are executed again with everything gone: whole, up to one of their runs, or one run alone."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import REPOSITORY, environment, executed_again, recorded, records_in

from playhead.errors import NotServed
from playhead.lanes.excerpt import shared_by, slice_of, up_to
from playhead.lanes.sink import RUN_ENDS, Record

KINDS = (
    "alone/{n}", "cached/{k}", "counted", "limited/{n}", "remembered", "queued/{n}", "thread/{n}", "apart/{n}",
    "background/{n}", "streamed/{n}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    records: list[Record]
    answers: dict[str, bytes]
    """By path and query."""
    provider: str

    def run(self, number: int) -> str:
        (found,) = {
            record[1] for record in self.records
            if record[0] == "i" and record[1] and record[3]["query"] == f"n={number}"
        }  # fmt: skip
        return str(found)

    def key(self, number: int) -> str:
        (found,) = [key for key in self.answers if key.endswith(f"?n={number}")]
        return found


def asked(number: int) -> str:
    return f"/{KINDS[number % len(KINDS)].format(n=number, k='x')}?n={number}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Forty requests, twenty at a time; some clients leave before the end of their answer."""
    folder = tmp_path_factory.mktemp("recorded")
    answers: dict[str, bytes] = {}
    with provider() as url, recorded(folder / "journal", url) as server, httpx2.Client(timeout=60) as client:

        def post(number: int) -> None:
            if number % 13 == 12:
                with client.stream("POST", f"{server}/endless/{number}?n={number}") as answer:
                    next(answer.iter_bytes())
                return
            answer = client.post(server + asked(number), json={"text": f"text {number}"})
            assert answer.status_code == 200, answer.text
            answers[asked(number)] = answer.content

        with ThreadPoolExecutor(20) as threads:
            list(threads.map(post, range(40)))
        answers["/health?last=1"] = client.get(f"{server}/health?last=1").content
    return Served(records_in(folder / "journal"), answers, url)


def test_a_server_is_executed_again_with_all_that_came_to_it(served: Served, tmp_path: Path) -> None:
    again = executed_again(served.records, tmp_path, served.provider)
    assert (again.outcome.how, again.outcome.unasked, again.outcome.undelivered) == ("done", 0, 0), again.outcome
    assert {key: body for key, body in again.answers.items() if "endless" not in key} == served.answers


@pytest.mark.parametrize("number", [20, 27])  # asynchronous, and in a pool's thread
def test_a_run_that_shares_nothing_is_executed_alone(number: int, served: Served, tmp_path: Path) -> None:
    again = executed_again(slice_of(served.records, served.run(number)), tmp_path, served.provider)
    assert again.outcome.how == "done", again.outcome
    assert again.answers == {served.key(number): served.answers[served.key(number)]}


@pytest.mark.parametrize("number", [22, 35])  # a counter, and a worker that serves all
def test_a_run_that_shared_something_parts_alone_and_is_executed_with_its_process(
    number: int, served: Served, tmp_path: Path
) -> None:
    alone = executed_again(slice_of(served.records, served.run(number)), tmp_path, served.provider)
    assert alone.outcome.how == "diverged"
    again = executed_again(up_to(served.records, served.run(number)), tmp_path, served.provider)
    assert again.outcome.how == "done", again.outcome
    assert again.answers[served.key(number)] == served.answers[served.key(number)]


def test_an_answer_that_differs_is_a_divergence_where_it_was_sent(served: Served, tmp_path: Path) -> None:
    records = up_to(served.records, served.run(20))
    place = max(place for place, record in enumerate(records) if record[0] == "f" and record[1] == served.run(20))
    assert records[place][3] == "send"
    changed = [*records[:place], [*records[place][:4], "another", *records[place][5:]], *records[place + 1 :]]
    again = executed_again(changed, tmp_path, served.provider)
    assert again.outcome.how == "diverged"
    assert again.outcome.kind == "send"


def test_a_process_without_a_server_is_executed_again_up_to_one_of_its_runs(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.sdk.servers.worker"]
    with provider() as url:
        told = environment(tmp_path / "journal", url)
        done = subprocess.run(words, cwd=REPOSITORY, env=told, capture_output=True, text=True, check=True, timeout=60)
    records = records_in(tmp_path / "journal")
    whole = executed_again(records, tmp_path, url, *words[1:])
    assert (whole.outcome.how, whole.printed) == ("done", done.stdout)
    runs = [record[6][1] for record in records if record[0] == "f" and record[3] == RUN_ENDS]
    assert len(runs) == 30
    part = executed_again(up_to(records, runs[14]), tmp_path, url, *words[1:])
    assert part.outcome.how == "done", part.outcome
    assert part.printed.splitlines() == done.stdout.splitlines()[:2], "and not one run further"
    with pytest.raises(NotServed, match="was not started by a request"):
        slice_of(records, runs[14])


def test_what_a_server_feeds_to_its_application_later_comes_where_it_came(tmp_path: Path) -> None:
    """Pieces of bodies, the room to send on, an end by its server; beside the server a task of the program's own."""
    odd = ("-m", "tests.sdk.servers.odd")
    answers: dict[str, bytes] = {}
    with provider() as url, recorded(tmp_path / "journal", url, *odd, ends=0) as server:
        port = int(server.rpartition(":")[2])

        def pieces() -> None:
            arrived = threading.Event()

            def body() -> Iterator[bytes]:
                for size in (3, 70_000, 5):
                    yield b"x" * size
                    arrived.wait(0.05)

            answers["/pieces?n=1"] = httpx2.post(f"{server}/pieces?n=1", content=body(), timeout=60).content

        def large() -> None:
            with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as answer:
                client.sendall(b"GET /large?n=2 HTTP/1.0\r\n\r\n")
                asked_of(httpx2.get, "/fails?n=3", 500)  # the answer waits meanwhile
                answers["/large?n=2"] = answer.read().partition(b"\r\n\r\n")[2]

        def expecting() -> None:
            with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as answer:
                asked = b"POST /pieces?n=4 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
                client.sendall(asked + b"Connection: close\r\n\r\n")
                assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
                client.sendall(b"body")
                _, _, chunks = answer.read().rpartition(b"close\r\n\r\n")
                answers["/pieces?n=4"] = chunks.split(b"\r\n")[1]

        def asked_of(method: Any, path: str, status: int) -> None:
            assert method(server + path, timeout=60).status_code == status

        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(one) for one in (pieces, large, expecting)]:
                done.result()
        never = socket.create_connection(("127.0.0.1", port))
        never.sendall(b"GET /never?n=5 HTTP/1.1\r\nHost: a\r\n\r\n")
    never.close()
    records = records_in(tmp_path / "journal")
    completions = {record[2] for record in records if record[0] == "c"}
    assert {"lifespan", "request", "receive", "drain", "server main loop", "server shutdown"} <= completions
    again = executed_again(records, tmp_path, url, *odd)
    assert (again.outcome.how, again.outcome.unasked, again.outcome.undelivered) == ("done", 0, 0), again.outcome
    assert again.answers == answers


def test_what_runs_shared_is_named_with_how_many(served: Served) -> None:
    assert shared_by(served.records, served.run(20))["an HTTP client"] > 10
    limited = [number for number in range(40) if number % 10 == 3 and number % 13 != 12]
    assert shared_by(served.records, served.run(limited[0]))["a semaphore"] == len(limited) - 1
    assert "a semaphore" not in shared_by(served.records, served.run(20))
    assert "a queue" in shared_by(served.records, served.run(35))
