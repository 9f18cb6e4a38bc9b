"""Each HTTP client, recorded and replayed: what the agent sees is what it sees without a recorder, and sees again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from tests.sdk.collector import attributes, collecting
from tests.sdk.frameworks.recorded import child, keep_recording
from tests.sdk.wire.server import PIECES, TEXT, serving

MODULE = "tests.sdk.wire.programs"
CLIENTS = ["httpx_sync", "httpx_async", "requests_sync", "urllib3_sync", "aiohttp_async"]


@dataclass(frozen=True, slots=True)
class Told:
    bare: dict[str, Any]
    recorded: dict[str, Any]
    replayed: dict[str, Any]
    left: list[int]
    effects: list[dict[str, Any]]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    folder = tmp_path_factory.mktemp("transports")
    with collecting() as collector:
        with serving() as url:
            words = [f"{client}={url}" for client in CLIENTS]
            # Both wait for timeouts most of the time, so they do it side by side.
            with ThreadPoolExecutor() as both:
                run = partial(child, module=MODULE, folder=folder, collector=collector.url, words=words)
                bare, recorded = both.map(run, ("bare", "record"))
        for client in CLIENTS:
            keep_recording(collector, client, folder)
        replayed = child("serve", MODULE, folder, collector.url, words)
        runs = {span.name.removeprefix("invoke_agent "): span.trace_id for span in collector.ended.values()}
        yield {
            client: Told(
                bare[client]["returned"],
                recorded.get(client, {}).get("returned", {}),
                replayed.get(client, {}).get("returned", {}),
                replayed.get(client, {}).get("left", []),
                [
                    {**attributes(span), "status": span.status.code}
                    for span in collector.ended.values()
                    if span.trace_id == runs.get(client) and span.parent_span_id
                ],
            )
            for client in CLIENTS
        }


@pytest.mark.parametrize("client", CLIENTS)
def test_an_agent_sees_what_it_sees_without_a_recorder(clients: dict[str, Told], client: str) -> None:
    told = clients[client]
    assert set(told.recorded) == set(told.bare)
    for name, seen in told.bare.items():
        if not name.endswith(" left"):
            assert joined(told.recorded[name]) == joined(seen), name


@pytest.mark.parametrize("client", CLIENTS)
def test_a_replay_sees_the_same_to_the_last_piece(clients: dict[str, Told], client: str) -> None:
    told = clients[client]
    for name, seen in told.recorded.items():
        assert told.replayed.get(name) == seen, name
    assert told.left == [0, 0]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_large_packed_or_broken_off_is_what_the_server_sent(clients: dict[str, Told], client: str) -> None:
    seen = clients[client].recorded
    assert "".join(seen["large-pieces in pieces"]) == TEXT.decode()
    assert "".join(seen["packed-pieces in pieces"]) == TEXT[:50_000].decode()
    assert b"".join(PIECES).decode().startswith("".join(seen["events left"]))
    *pieces, error = seen["broken in pieces"]
    assert "".join(pieces) == b"".join(PIECES[:3]).decode()
    assert isinstance(error, list)
    *pieces, error = seen["broken-whole in pieces"]
    assert TEXT[:400].decode().startswith("".join(pieces)), "some clients give nothing of an answer that is too short"
    assert isinstance(error, list)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_exchange_is_an_effect_that_says_how_it_ended(clients: dict[str, Told], client: str) -> None:
    effects = clients[client].effects
    assert {one["playhead.kind"] for one in effects} == {"effect"}

    def of(path: str) -> list[dict[str, Any]]:
        return [one for one in effects if one["url.full"].endswith(path)]

    assert {one["http.response.status_code"] for one in of("/json") if "http.response.status_code" in one} == {200}
    assert [one["http.response.status_code"] for one in of("/moved")] == [302]
    assert all("error.type" in one and one["status"] == 2 for one in of("/never") + of("/unheard"))
    assert any(one["http.response.body.size"] == len(TEXT) for one in of("/large"))
    broken = [one for one in of("/broken") if one.get("error.type")]
    assert broken
    assert all(one["http.response.body.size"] == len(b"".join(PIECES[:3])) for one in broken)
    assert {one["http.response.body.size"] for one in of("/broken-whole")} == {400}


def joined(seen: Any) -> Any:
    """Where a network cuts a body is its own affair, and what an error says of its place in a library."""
    match seen:
        case [str(error), str()] if error.endswith(("Error", "Timeout", "Exception", "Disconnected")):
            return error
        case [str(), *_]:
            pieces = [one for one in seen if isinstance(one, str)]
            return ["".join(pieces), *[joined(one) for one in seen if not isinstance(one, str)]]
        case [list(), *_]:
            return [joined(one) for one in seen]
        case _:
            return seen
