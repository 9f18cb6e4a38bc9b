"""The wire, as ClickHouse's HTTP interface has it."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Callable, Iterator

import lz4.frame  # type: ignore[import-untyped]
import pytest
from backports import zstd
from tests.collector.facade.port import Port, serving

from playhead_collector.facade import ChdbEngine, Limits


def test_the_port_says_that_it_is_well_to_anyone(port: Port) -> None:
    for path in ("", "ping", "replicas_status"):
        said = port.ask(path=path, method="GET", token=None)
        assert (said.status, said.text) == (200, "Ok.\n")


def test_a_statement_may_come_in_the_url_the_body_or_both(port: Port) -> None:
    assert port.ask(method="GET", query="select 1").text == "1\n"
    assert port.ask(query="select 1").text == "1\n"
    assert port.ask("select 1").text == "1\n"
    assert port.ask("FORMAT JSONEachRow", query="select 1 as a").text == '{"a":1}\n'
    assert port.ask("where n = 3 -- done", query="select n from steps -- so\n").text == "3\n"
    assert port.ask(method="POST").status == 400
    assert port.ask("  \n").status == 400


def test_a_chunked_body_is_read(port: Port) -> None:
    def parts() -> Iterator[bytes]:
        yield b"select "
        yield b"'in parts'"

    answer = port.http.request(
        "POST", port.url, body=parts(), chunked=True, headers={"Authorization": "Bearer acme-token"}
    )
    assert answer.data == b"in parts\n"


def test_a_form_brings_the_statement_and_its_values(port: Port) -> None:
    answer = port.http.request(
        "POST",
        port.url,
        fields={"query": "select {a:String} || '\r\n--x'", "param_a": "é\\n"},
        headers={"Authorization": "Bearer acme-token"},
    )
    assert (answer.status, answer.data.decode()) == (200, "é\\n\\r\\n--x\n")


def test_external_tables_are_refused_and_not_dropped(port: Port) -> None:
    answer = port.http.request(
        "POST",
        f"{port.url}?query=select+1&ext_structure=a+Int8",
        fields={"ext": ("ext.tsv", "1\n")},
        headers={"Authorization": "Bearer acme-token"},
    )
    assert answer.status == 400
    assert b"external tables" in answer.data


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"select 'packed'")),
        ("deflate", zlib.compress(b"select 'packed'")),
        ("zstd", zstd.compress(b"select 'packed'")),
        ("lz4", lz4.frame.compress(b"select 'packed'")),
        ("identity", b"select 'packed'"),
    ],
)
def test_a_compressed_body_is_read(port: Port, encoding: str, packed: bytes) -> None:
    assert port.ask(packed, headers={"Content-Encoding": encoding}).text == "packed\n"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "lz4", "br"])
def test_a_body_that_is_not_what_it_says_is_refused(port: Port, encoding: str) -> None:
    assert port.ask(b"select 1", headers={"Content-Encoding": encoding}).status == 400


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lz4.frame.compress, zlib.compress])
def test_a_bomb_in_a_body_is_not_unpacked(port: Port, pack: Callable[[bytes], bytes]) -> None:
    encoding = {gzip.compress: "gzip", zstd.compress: "zstd", zlib.compress: "deflate"}.get(pack, "lz4")
    said = port.ask(pack(b" " * 50_000_000), headers={"Content-Encoding": encoding})
    assert said.status == 413


def test_an_endless_body_is_cut_off(port: Port) -> None:
    assert port.ask(b"select '" + b"a" * 4_000_000 + b"'").status == 413


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("zstd", lambda body: zstd.ZstdDecompressor().decompress(body)),
        ("lz4", lz4.frame.decompress),
    ],
)
@pytest.mark.parametrize("rows", [0, 3, 400_000])
def test_answers_are_compressed_as_asked(port: Port, encoding: str, unpack: object, rows: int) -> None:
    statement = f"select number from numbers({rows})"
    said = port.ask(statement, headers={"Accept-Encoding": f"br, {encoding}"})
    assert said.headers["content-encoding"] == encoding
    assert callable(unpack)
    assert unpack(said.body) == port.ask(statement).body
    plain = port.ask(statement, headers={"Accept-Encoding": encoding}, enable_http_compression="0")
    assert "content-encoding" not in plain.headers


def test_the_format_may_be_said_in_three_places(port: Port) -> None:
    assert port.ask("select 1 as a", default_format="JSONEachRow").text == '{"a":1}\n'
    assert port.ask("select 1 as a", headers={"X-ClickHouse-Format": "CSVWithNames"}).text == '"a"\n1\n'
    said = port.ask("select 1 as a format json", default_format="CSV")
    assert said.headers["x-clickhouse-format"] == "JSON"
    assert said.headers["content-type"].startswith("application/json")
    assert json.loads(said.text)["data"] == [{"a": 1}]


def test_the_database_may_be_said_in_two_places(port: Port) -> None:
    assert port.ask("select currentDatabase()", database="acme").text == "acme\n"
    assert port.ask("select currentDatabase()", headers={"X-ClickHouse-Database": "acme"}).text == "acme\n"
    assert port.ask("select currentDatabase()", database="default").text == "acme\n"
    for said in (
        port.ask("select 1", database="other"),
        port.ask("select 1", headers={"X-ClickHouse-Database": "other"}),
        port.ask("select 1", database="nothing"),
    ):
        assert (said.status, said.code) == (404, 81)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer acme-token"},
        {"Authorization": "Basic " + base64.b64encode(b"anyone:acme-token").decode()},
        {"X-ClickHouse-User": "anyone", "X-ClickHouse-Key": "acme-token"},
        {"X-ClickHouse-Key": "acme-token", "Authorization": "Bearer other-token"},
    ],
)
def test_the_read_token_may_come_in_three_headers(port: Port, headers: dict[str, str]) -> None:
    assert port.ask("select currentDatabase()", token=None, headers=headers).text == "acme\n"


def test_the_read_token_may_come_in_the_url(port: Port) -> None:
    assert port.ask("select currentDatabase()", token=None, user="x", password="other-token").text == "other\n"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer guess"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic " + base64.b64encode(b"acme-token").decode()},
        {"Authorization": "Negotiate x"},
        {"X-ClickHouse-User": "acme-token"},
    ],
)
def test_without_a_known_token_nothing_is_read(port: Port, headers: dict[str, str]) -> None:
    said = port.ask("select 1", token=None, headers=headers)
    assert (said.status, said.code) == (401, 516)
    assert "token" in said.text
    assert "guess" not in said.text


def test_the_headers_name_the_query_and_the_server(port: Port) -> None:
    said = port.ask("select n from steps where n < 3", query_id="mine-1")
    assert said.headers["x-clickhouse-query-id"] == "mine-1"
    assert said.headers["x-clickhouse-server-display-name"] == "playhead"
    assert said.headers["x-clickhouse-timezone"] == port.ask("select timezone()").text.strip()
    assert port.ask("select 1", session_timezone="Asia/Tokyo").headers["x-clickhouse-timezone"] == "Asia/Tokyo"
    assert said.headers["x-clickhouse-format"] == "TabSeparated"
    summary = json.loads(said.headers["x-clickhouse-summary"])
    assert (summary["result_rows"], summary["result_bytes"]) == ("3", "6")
    assert int(summary["read_rows"]) >= 3
    forged = port.ask("select 1", query_id="x\r\nSet-Cookie: y")
    assert "set-cookie" not in forged.headers
    assert port.ask("selec").headers["x-clickhouse-query-id"]


def test_blocks_compressed_the_native_way_are_refused_in_words(port: Port) -> None:
    said = port.ask("select 1", compress="1")
    assert said.status == 400
    assert "Accept-Encoding" in said.text


def test_every_reader_is_served_at_once_and_the_rest_wait_their_turn(reading_engine: ChdbEngine) -> None:
    with serving(reading_engine, Limits(concurrent=1, waiting=0, seconds=30)) as port:
        with socket.create_connection((port.host, port.port)) as slow:
            _begin(slow, "select number, repeat('x', 100) from numbers(100000000) format Native")
            assert slow.recv(1000).startswith(b"HTTP/1.1 200")
            said = port.ask("select 1")
            assert (said.status, said.code) == (503, 202)
            assert said.headers["retry-after"] == "1"
        # The one reader is free again as soon as the engine has let go of the stream that nobody reads.
        with serving(reading_engine, Limits(concurrent=1, waiting=1)) as other:
            assert other.ask("select 1").text == "1\n"


def test_a_client_that_goes_away_stops_its_statement(reading_engine: ChdbEngine) -> None:
    with serving(reading_engine, Limits(concurrent=1, waiting=4, waiting_seconds=30, seconds=600)) as port:
        with socket.create_connection((port.host, port.port)) as leaving:
            _begin(leaving, "select count() from numbers(1000000000000) where cityHash64(number) = 1")
        # Only one statement runs at once, so this is answered only because the other was stopped.
        assert port.ask("select 'served'").text == "served\n"


def test_a_client_that_stops_reading_is_left(reading_engine: ChdbEngine) -> None:
    limits = Limits(concurrent=1, waiting=4, waiting_seconds=30, stall_seconds=0.2, seconds=600)
    with serving(reading_engine, limits) as port, socket.create_connection((port.host, port.port)) as stalled:
        _begin(stalled, "select number, repeat('x', 100) from numbers(1000000000) format Native")
        assert stalled.recv(10).startswith(b"HTTP/1.1 2")
        assert port.ask("select 'served'").text == "served\n"


def test_a_slow_reader_gives_its_seat_to_whoever_waits(reading_engine: ChdbEngine) -> None:
    limits = Limits(concurrent=1, waiting=4, waiting_seconds=30, patience_seconds=0.2, stall_seconds=600, seconds=600)
    with serving(reading_engine, limits) as port, socket.create_connection((port.host, port.port)) as slow:
        _begin(slow, "select number, repeat('x', 100) from numbers(1000000000) format Native")
        assert slow.recv(10).startswith(b"HTTP/1.1 2")
        assert port.ask("select 'next'").text == "next\n"


def _begin(connection: socket.socket, statement: str) -> None:
    head = (
        "POST / HTTP/1.1",
        "Host: x",
        "Authorization: Bearer acme-token",
        f"Content-Length: {len(statement)}",
    )
    connection.sendall(("\r\n".join(head) + "\r\n\r\n" + statement).encode())
