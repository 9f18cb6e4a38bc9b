"""A server that has served a thousand requests, then fifty at a time; one of them executed again: `make proof-servers`.

Prints what a run takes in the recording, and how long its process takes to be executed up to it.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import executed_again, recorded, records_in

from playhead.lanes.excerpt import slice_of, up_to
from playhead.lanes.sink import Record

KINDS = (
    "alone/{n}",
    "cached/{k}",
    "counted",
    "limited/{n}",
    "remembered",
    "queued/{n}",
    "background/{n}",
    "streamed/{n}",
)
IN_THREADS = (*KINDS, "thread/{n}", "apart/{n}")
TIMES = 20


def _asked(kinds: tuple[str, ...], number: int) -> str:
    return f"/{kinds[number % len(kinds)].format(n=number, k='x')}?n={number}"


def _record(
    folder: Path, kinds: tuple[str, ...], before: int, beside: int
) -> tuple[list[Record], dict[str, bytes], str]:
    answers: dict[str, bytes] = {}
    with provider() as url, recorded(folder / "journal", url) as server, httpx2.Client(timeout=120) as client:

        def post(number: int) -> None:
            answer = client.post(server + _asked(kinds, number), json={"text": f"text {number}"})
            assert answer.status_code == 200, answer.text
            answers[_asked(kinds, number)] = answer.content

        for many, numbers in ((10, range(before)), (50, range(before, before + beside))):
            with ThreadPoolExecutor(many) as threads:
                list(threads.map(post, numbers))
    return records_in(folder / "journal"), answers, url


def _run(records: list[Record], number: int) -> str:
    return next(str(r[1]) for r in records if r[0] == "i" and r[1] and r[3]["query"] == f"n={number}")


def test_one_of_fifty_after_a_thousand(tmp_path: Path) -> None:
    records, answers, url = _record(tmp_path, KINDS, 1000, 50)
    size = sum(len(json.dumps(record)) for record in records)
    print(f"\n    {len(records)} records, {size / 1050:,.0f} bytes and {len(records) / 1050:.0f} records a run")
    number = 1026  # counted: its number is in its prompt
    began = time.monotonic()
    again = executed_again(up_to(records, _run(records, number)), tmp_path, url)
    print(f"    executed up to it in {time.monotonic() - began:.1f} s, {len(again.answers)} requests")
    assert again.outcome.how == "done", again.outcome
    assert again.answers[_asked(KINDS, number)] == answers[_asked(KINDS, number)]
    ended = {key: body for key, body in again.answers.items() if body == answers[key]}
    assert len(ended) >= 1000, "each of the thousand before answers what it answered"
    began = time.monotonic()
    alone = executed_again(slice_of(records, _run(records, 1024)), tmp_path, url)
    print(f"    one that shares nothing, alone: {time.monotonic() - began:.1f} s")
    assert alone.answers == {_asked(KINDS, 1024): answers[_asked(KINDS, 1024)]}, alone.outcome


@pytest.mark.parametrize("kinds", [KINDS, IN_THREADS], ids=["asynchronous", "in threads"])
def test_interleaved_requests_answer_the_same_twenty_times(kinds: tuple[str, ...], tmp_path: Path) -> None:
    records, answers, url = _record(tmp_path, kinds, 0, 60)
    identical = 0
    for _ in range(TIMES):
        again = executed_again(records, tmp_path, url)
        assert again.outcome.how != "done" or again.answers == answers, "silently different"
        identical += again.outcome.how == "done"
        if again.outcome.how != "done":
            print(f"\n    {again.outcome}")
    print(f"\n    identical {identical} of {TIMES}")
    assert identical == TIMES
