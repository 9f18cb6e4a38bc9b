"""`clickhouse-connect` reads the embedded store exactly as it would read a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from tests.collector.facade.port import Port, serving

from playhead_collector.facade import ChdbEngine, Limits


@pytest.fixture
def client(port: Port) -> Iterator[Client]:
    with clickhouse_connect.get_client(
        host=port.host, port=port.port, username="reader", password="acme-token", database="acme"
    ) as client:
        yield client


def test_a_client_connects_and_learns_the_server(client: Client) -> None:
    assert client.ping()
    assert client.server_version is not None
    assert client.server_version.count(".") == 3
    assert len(client.server_settings) > 1000
    assert client.command("select currentDatabase()") == "acme"


@pytest.mark.parametrize("compress", [True, False, "lz4", "zstd", "gzip"])
def test_a_query_with_bound_values_comes_back_typed(port: Port, compress: bool | str) -> None:
    with clickhouse_connect.get_client(
        host=port.host, port=port.port, access_token="acme-token", compress=compress
    ) as client:
        result = client.query(
            "select run_id, n, tags, start from steps "
            "where run_id = {run:String} and n in {ns:Array(UInt64)} order by n",
            parameters={"run": "run1", "ns": [1, 3, 4]},
        )
        assert result.column_names == ("run_id", "n", "tags", "start")
        assert [row[:3] for row in result.result_rows] == [("run1", 1, ["a", "b"]), ("run1", 3, ["a", "b"])]
        assert result.result_rows[0][3].isoformat() == "2026-01-01T00:00:01"
        assert int(result.summary["read_rows"]) > 0
        assert result.query_id


@pytest.mark.parametrize(
    "text", ["it's", "tab\there", "back\\slash", "line\nbreak", "ünï ☃", "{n:UInt64}", "; drop", ""]
)
@pytest.mark.parametrize("form", [False, True])
def test_any_text_can_be_bound(port: Port, text: str, form: bool) -> None:
    with clickhouse_connect.get_client(
        host=port.host, port=port.port, access_token="acme-token", form_encode_query_params=form
    ) as client:
        assert client.query("select {text:String}", parameters={"text": text}).result_rows == [(text,)]
        assert client.query("select %(text)s", parameters={"text": text}).result_rows == [(text,)]
        assert client.raw_query("select {text:String}", parameters={"text": text}, fmt="RawBLOB") == text.encode()


def test_an_empty_result_and_a_probe_of_columns_work(client: Client) -> None:
    assert client.query("select n from steps where n > 100").result_rows == []
    assert client.query("select n, run_id from steps limit 0").column_names == ("n", "run_id")
    assert client.command("select n from steps where n > 100") in ("", [""])


def test_arrow_comes_whole(client: Client) -> None:
    table = client.query_arrow("select n, run_id from long_steps order by n", use_strings=True)
    assert table.column("n").to_pylist() == [5, 6, 7, 8, 9]
    assert table.schema.field("run_id").type == "string"
    assert client.query_arrow("select n from steps where n > 100").num_rows == 0


def test_raw_queries_and_streams_work(client: Client) -> None:
    assert client.raw_query("select n from long_steps order by n limit 2", fmt="CSV") == b"5\n6\n"
    with client.raw_stream("select number from numbers(200000)", fmt="RowBinary") as stream:
        assert len(stream.read()) == 1_600_000
    with client.query_row_block_stream("select number from numbers(300000)") as blocks:
        assert sum(row[0] for block in blocks for row in block) == 300000 * 299999 // 2
    with client.query_rows_stream("select number from numbers(3)") as rows:
        assert list(rows) == [(0,), (1,), (2,)]


def test_a_stream_left_early_frees_its_reader(reading_engine: ChdbEngine) -> None:
    with (
        serving(reading_engine, Limits(concurrent=1)) as port,
        clickhouse_connect.get_client(host=port.host, port=port.port, access_token="acme-token") as client,
    ):
        for _ in range(3):
            with client.query_row_block_stream("select number from numbers(10000000)") as blocks:
                assert len(next(iter(blocks))) > 0
            client.close_connections()
        assert client.command("select 1") == 1


@pytest.mark.parametrize(
    ("statement", "code", "name"),
    [
        ("select * from nothing", 60, "UNKNOWN_TABLE"),
        ("select nothing from steps", 47, "UNKNOWN_IDENTIFIER"),
        ("selec 1", 62, "SYNTAX_ERROR"),
        ("select * from other.secrets", 497, "ACCESS_DENIED"),
        ("select throwIf(1)", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("insert into steps (run_id) values ('forged')", 497, "ACCESS_DENIED"),
        ("select {missing:String}", 456, "UNKNOWN_QUERY_PARAMETER"),
    ],
)
def test_errors_keep_their_code_and_name(client: Client, statement: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        client.query(statement)
    assert (raised.value.code, raised.value.name) == (code, name)


@pytest.mark.parametrize("compress", [True, False])
def test_a_failure_in_the_middle_of_a_stream_never_looks_like_an_end(port: Port, compress: bool) -> None:
    with clickhouse_connect.get_client(
        host=port.host, port=port.port, access_token="acme-token", compress=compress
    ) as client:
        statement = "select number, throwIf(number = 400000, 'half way') from numbers(500000)"
        with pytest.raises(StreamFailureError, match="half way"):
            client.query(statement).result_rows  # noqa: B018 - rows are read when asked for
        with (
            pytest.raises(StreamFailureError, match="half way"),
            client.query_row_block_stream(statement) as blocks,
        ):
            for _ in blocks:
                pass


def test_settings_that_shape_the_answer_are_applied(client: Client) -> None:
    with pytest.raises(DatabaseError, match="Limit for result"):
        client.query("select number from numbers(100)", settings={"max_result_rows": 10, "max_block_size": 5})
    with pytest.raises(DatabaseError, match="allow_ddl"):
        client.query("select 1", settings={"allow_ddl": 1})
    assert client.query("select toTypeName(now())", settings={"session_timezone": "Asia/Tokyo"}).result_rows


def test_an_unknown_token_is_an_authentication_error(port: Port) -> None:
    with pytest.raises(DatabaseError) as raised:
        clickhouse_connect.get_client(host=port.host, port=port.port, username="reader", password="guess")
    assert raised.value.code == 516


def test_another_database_cannot_be_connected_to(port: Port) -> None:
    with pytest.raises(DatabaseError) as raised:
        clickhouse_connect.get_client(host=port.host, port=port.port, access_token="acme-token", database="other")
    assert raised.value.code == 81


def test_the_asynchronous_client_works(port: Port) -> None:
    pytest.importorskip("aiohttp", reason="clickhouse-connect's asynchronous client needs aiohttp")

    async def read() -> None:
        client = await clickhouse_connect.get_async_client(host=port.host, port=port.port, access_token="acme-token")
        async with client:
            results = await asyncio.gather(
                *(client.query("select count() from steps where n = {n:UInt64}", parameters={"n": n}) for n in range(9))
            )
            assert [result.result_rows for result in results] == [[(1,)]] * 9
            assert (await client.query_arrow("select n from steps")).num_rows == 10
            assert await client.raw_query("select 1", fmt="CSV") == b"1\n"
            async with await client.query_row_block_stream("select number from numbers(300000)") as blocks:
                assert sum([len(block) async for block in blocks]) == 300000
            with pytest.raises(DatabaseError) as raised:
                await client.query("select * from other.secrets")
            assert raised.value.code == 497

    asyncio.run(read())
