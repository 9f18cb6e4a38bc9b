"""No statement of the reading port reads or writes outside of the store: attacks, each beside a near miss."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.facade.port import Port, nobody_calls
from tests.collector.facade.refusal import refused


@pytest.mark.parametrize(
    "statement",
    [
        "select file('/etc/passwd')",
        "select `file`('/etc/passwd')",
        "select \"file\"('/etc/passwd')",
        "select/**/file/**/(/**/'/etc/passwd'/**/)",
        "select -- {\nfile\n('/etc/passwd')",
        "select upper(file('/etc/passwd'))",
        "select 1 where file('/etc/passwd') != ''",
        "select 1 from numbers(1) order by file('/etc/passwd')",
        "select 1 from numbers(3) order by number with fill to length(file('/etc/passwd'))",
        "select number from numbers(1) limit length(file('/etc/passwd'))",
        "select number from numbers(length(file('/etc/passwd')))",
        "with x as (select file('/etc/passwd') as c) select c from x",
        "with file('/etc/passwd') as c select c",
        "select (select file('/etc/passwd'))",
        "select 1 union all select length(file('/etc/passwd'))",
        "select * replace (file('/etc/passwd') as run_id) from steps",
        "select arrayMap(x -> file(x), ['/etc/passwd'])",
        "select arrayMap(file, ['/etc/passwd'])",
        "select arrayMap((file), ['/etc/passwd'])",
        "select arrayMap(`file` as f, ['/etc/passwd'])",
        "select arrayFilter(file, ['/etc/passwd'])",
        "select columns('run_id') apply(file) from steps",
        "select * apply(x -> file(x)) from steps",
        "select count() over (order by length(file('/etc/passwd')))",
        "select sumIf(length(file('/etc/passwd')), 1)",
        "explain select file('/etc/passwd')",
        "explain syntax select file('/etc/passwd')",
        "describe (select file('/etc/passwd') as c)",
        "show tables where file('/etc/passwd') != ''",
        "show tables like 'a' limit length(file('/etc/passwd'))",
    ],
)
def test_no_statement_reads_a_file(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))


def test_a_bound_name_calls_no_forbidden_function(port: Port) -> None:
    refused(port, port.ask("select arrayMap({f:Identifier}, ['/etc/passwd'])", param_f="file"))
    assert port.ask("select arrayMap({f:Identifier}, ['a'])", param_f="upper").text == "['A']\n"


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("select 'file(' || '/etc/passwd)'", "file(/etc/passwd)\n"),
        ("select url from steps where n = 1 /* file('/etc/passwd') */", "http://1\n"),
        ("select max(length(file)) as file from steps", "1\n"),
        ("select arrayMax(arrayMap(x -> length(x), [s.file])) from steps as s limit 1", "1\n"),
        ("select `file` from (select 'mine' as file)", "mine\n"),
        ("with url as (select 2 as a) select a from url", "2\n"),
        ("select arrayMap(upper, tags) from steps limit 1", "['A','B']\n"),
        ("select countIf(n > 4), sumIf(n, n > 4), uniqExactIf(n, n > 4) from steps", "5\t35\t5\n"),
    ],
)
def test_what_only_looks_like_a_file_works(port: Port, statement: str, answer: str) -> None:
    said = port.ask(statement)
    assert (said.status, said.text) == (200, answer)


@pytest.mark.parametrize(
    "source",
    [
        "file('/etc/passwd')",
        "file('/etc/passwd', 'LineAsString')",
        "fileCluster('c', '/etc/passwd')",
        "filesystem('/etc')",
        "url('http://127.0.0.1:{port}/x')",
        "url('http://127.0.0.1:{port}/x', CSV, 'a String')",
        "urlCluster('c', 'http://127.0.0.1:{port}/x')",
        "s3('http://127.0.0.1:{port}/x')",
        "gcs('http://127.0.0.1:{port}/x')",
        "hdfs('hdfs://127.0.0.1:{port}/x')",
        "azureBlobStorage('a', 'b', 'c')",
        "remote('127.0.0.1:{port}', 'other', 'secrets')",
        "remote('127.0.0.1:{port}', other.secrets)",
        "remoteSecure('127.0.0.1:{port}', other.secrets)",
        "cluster('c', 'other', 'secrets')",
        "clusterAllReplicas('c', other.secrets)",
        "mysql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
        "postgresql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
        "mongodb('127.0.0.1:{port}', 'd', 't', 'u', 'p', 'a Int8')",
        "redis('127.0.0.1:{port}', 'k', 'k String')",
        "sqlite('/etc/passwd', 't')",
        "jdbc('x', 'y')",
        "odbc('x', 'y')",
        "deltaLake('http://127.0.0.1:{port}/x')",
        "iceberg('http://127.0.0.1:{port}/x')",
        "icebergLocal('/etc')",
        "executable('cat /etc/passwd', 'TSV', 'a String')",
        "executable('x.sh', TabSeparated, 'a String', (select 1))",
        "python('engine')",
        "Python(engine)",
        "merge('other', '.*')",
        "merge(REGEXP('oth.*'), '.*')",
        "merge('secrets')",
        "dictionary('other.secrets')",
        "loop('other', 'secrets')",
        "loop(other.secrets)",
        "viewIfPermitted(select 1 else null('a Int8'))",
        "viewExplain('EXPLAIN', '', (select 1))",
        "eval('select 1')",
        "input('a Int8')",
        "format('CSV', '1')",
        "generateRandom('a String')",
        "fuzzQuery('select 1')",
        "mergeTreeIndex('other', 'secrets')",
        "mergeTreeProjection('other', 'secrets', 'p')",
        "timeSeriesData(other.secrets)",
        "null('a Int8')",
    ],
)
def test_no_statement_reads_another_source(port: Port, source: str) -> None:
    with nobody_calls() as number:
        source = source.format(port=number)
        refused(port, port.ask(f"select * from {source}"))
        refused(port, port.ask(f"describe table {source}"))
        refused(port, port.ask(f"select 1 where 1 in (select * from {source})"))


@pytest.mark.parametrize(
    "statement",
    [
        "explain table override mysql('127.0.0.1:1', 'd', 't', 'u', 'p') partition by x",
        "explain current transaction",
    ],
)
def test_no_explanation_reaches_outside(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("select sum(number) from numbers(4)", "6\n"),
        ("select a from values('a String', 'url(', 'remote(')", "url(\nremote(\n"),
        ("select count() from view(select 1)", "1\n"),
        ("select max(generate_series) from generate_series(1, 3)", "3\n"),
        ("select format('{} {}', 'a', 'b')", "a b\n"),
    ],
)
def test_the_few_harmless_sources_work(port: Port, statement: str, answer: str) -> None:
    assert port.ask(statement).text == answer


def test_no_statement_writes_a_file(port: Port, tmp_path: Path) -> None:
    target = tmp_path / "written"
    for clause in (
        f"into outfile '{target}'",
        f"into outfile '{target}' format CSV",
        f"INTO/**/OUTFILE '{target}'",
    ):
        refused(port, port.ask(f"select 1 {clause}"))
        refused(port, port.ask(f"(select 1) union all (select 2) {clause}"))
        refused(port, port.ask(f"explain select 1 {clause}"))
    assert list(tmp_path.iterdir()) == []
    assert port.ask("select 'into outfile ' as outfile").text == "into outfile \n"
