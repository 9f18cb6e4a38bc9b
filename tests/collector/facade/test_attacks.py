"""The attack list of the reading port (design.md, decision 2), each beside a near miss that works.

Refused means a 4xx that says why, nothing of the target in the body, and a port that answers the next
statement.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.facade.port import Port, Said, nobody_calls, serving

from playhead_collector.facade import ChdbEngine, Guard, Limits
from playhead_collector.facade.functions import allowed_functions

ACCESS_DENIED, SYNTAX_ERROR, TOO_MUCH_MEMORY, TOO_SLOW, TOO_LARGE_RESULT = 497, 62, 241, 159, 396


def refused(port: Port, said: Said, *, code: int = ACCESS_DENIED) -> None:
    assert said.code == code, said.text
    assert 400 <= said.status < 500
    assert said.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "hush" not in said.text
    assert "root:" not in said.text
    assert port.ask("select 'alive'").text == "alive\n"


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


@pytest.mark.parametrize(
    "statement",
    [
        "insert into steps (run_id) values ('forged')",
        "insert into steps select * from steps",
        "insert into function file('/tmp/x', 'CSV', 'a Int8') values (1)",
        "create table mine (a Int8) engine = Memory",
        "create temporary table mine (a Int8)",
        "create database mine",
        "create function mine as (x) -> x",
        "create user mine",
        "create view mine as select 1",
        "drop table steps",
        "drop database other",
        "truncate table steps",
        "alter table steps delete where 1",
        "delete from steps where 1",
        "update steps set url = '' where 1",
        "rename table steps to gone",
        "exchange tables steps and runs",
        "optimize table steps final",
        "attach table x",
        "detach table steps",
        "check table steps",
        "set readonly = 0",
        "set max_memory_usage = 0",
        "use other",
        "system shutdown",
        "system flush logs",
        "system drop mark cache",
        "backup database other to Disk('default', 'x')",
        "restore database other from Disk('default', 'x')",
        "grant all on *.* to default",
        "revoke all on *.* from default",
        "kill query where 1",
        "kill mutation where 1",
        "execute as default select 1",
        "begin transaction",
        "show grants",
        "show processlist",
        "show create user default",
        "show settings like 'x'",
        "show columns from secrets from other",
        "show index from secrets from other",
        "show functions",
        "show access",
        "show clusters",
        "explain insert into steps select * from steps",
        "explain create table x (a Int8) engine = Memory",
        "select 1 parallel with drop table steps",
    ],
)
def test_no_statement_changes_or_governs_anything(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))
    assert port.ask("select count() from steps").text == "10\n"


@pytest.mark.parametrize(
    "statement",
    [
        "select 1; select 2",
        "select 1; drop table steps",
        "select 1;;select 2",
        "select 1 -- x\n; drop table steps",
        "explain ast select 1; drop table steps",
        "select 1 format JSON; drop table steps",
        "select 1;\ninsert into steps (run_id) values ('forged')",
    ],
)
def test_one_statement_at_a_time(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))
    assert port.ask("select count() from steps").text == "10\n"


def test_a_second_statement_in_the_body_is_a_second_statement(port: Port) -> None:
    refused(port, port.ask("; drop table steps", query="select 1"))
    assert port.ask("from steps", query="select count()").text == "10\n"


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("select 1;", "1\n"),
        ("select 1; -- drop table steps", "1\n"),
        ("select '; drop table steps'", "; drop table steps\n"),
        ("select $$; drop table steps$$", "; drop table steps\n"),
        ("select 1 -- { serverError 60 }", "1\n"),
        ("/* kill query */ select 'set readonly = 0'", "set readonly = 0\n"),
    ],
)
def test_what_only_looks_like_several_statements_works(port: Port, statement: str, answer: str) -> None:
    assert port.ask(statement).text == answer


@pytest.mark.parametrize(
    "statement",
    [
        "select * from other.secrets",
        "select * from other . secrets",
        "select * from `other`.`secrets`",
        'select * from "other"."secrets"',
        'select * from "other".`secrets`',
        "select * from other/**/./**/secrets",
        "from other.secrets select *",
        "select * from other.secrets as steps",
        "select * from other.secrets final",
        "select * from steps, other.secrets",
        "select * from steps join other.secrets on 1 = 1",
        "select * from steps left array join tags join other.secrets on 1 = 1",
        "select * from (select * from other.secrets)",
        "with x as (select * from other.secrets) select * from x",
        "with other as (select 1) select * from other.secrets",
        "with recursive x as (select s from other.secrets union all select s from x where 0) select * from x",
        "select (select s from other.secrets)",
        "select exists(select s from other.secrets)",
        "select 'hush' in other.secrets",
        "select 'hush' in (other.secrets)",
        "select 'hush' in `other`.`secrets`",
        "select in('hush', other.secrets)",
        "select IN('hush', other.secrets)",
        "select 'hush' not in other.secrets",
        "select 'hush' global in other.secrets",
        "select nullIn('hush', other.secrets)",
        "select globalNotNullIn('hush', other.secrets)",
        "select inIgnoreSet('hush', other.secrets)",
        "select 'hush' in (select s from other.secrets)",
        "select 'hush' = any(select s from other.secrets)",
        "select arrayMap(x -> x in other.secrets, ['hush'])",
        "select countIf('hush' in other.secrets) from steps",
        "select 1 from numbers(1) order by 'hush' in other.secrets",
        "select number from numbers(1) qualify 'hush' in other.secrets",
        "select 1 union all select length(s) from other.secrets",
        "select 1 except select length(s) from other.secrets",
        "select s from view(select s from other.secrets)",
        "select dictGet('other.secrets', 's', 1)",
        "select dictHas(other.secrets, 1)",
        "select joinGet('other.secrets', 's', 1)",
        "select joinGet(other.secrets, 's', 1)",
        "select hasColumnInTable('other', 'secrets', 's')",
        "select getMaxTableNameLengthForDatabase('other')",
        "explain select * from other.secrets",
        "explain estimate select * from other.secrets",
        "explain query tree select * from other.secrets",
        "describe other.secrets",
        "describe table `other`.`secrets`",
        "describe (select * from other.secrets)",
        "exists other.secrets",
        "exists table other.secrets",
        "exists database other",
        "show create other.secrets",
        "show create table `other`.secrets",
        "show create database other",
        "show create view other.long_steps",
        "show tables from other",
        "show tables in `other`",
        "show tables from other like 'x'",
        "select * from `other.secrets`",
        "select * from `acme`.`x.secrets`",
        "select * from ｏther.secrets",
    ],
)
def test_another_projects_table_is_out_of_reach_in_every_place(port: Port, statement: str) -> None:
    said = port.ask(statement)
    refused(port, said, code=said.code if said.code in (SYNTAX_ERROR,) else ACCESS_DENIED)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("select * from {t:Identifier}", {"t": "other.secrets"}),
        ("select * from {d:Identifier}.secrets", {"d": "other"}),
        ("select * from {d:Identifier}.{t:Identifier}", {"d": "other", "t": "secrets"}),
        ("select * from { d : Identifier } . secrets", {"d": "other"}),
        ("select 'hush' in {d:Identifier}.secrets", {"d": "other"}),
        ("describe {d:Identifier}.secrets", {"d": "other"}),
        ("exists {d:Identifier}.secrets", {"d": "other"}),
        ("select * from {t:Identifier}", {"t": "x`.`y"}),
        ("select * from {t:Identifier}", {"t": "steps\\n   TableIdentifier acme.steps"}),
    ],
)
def test_a_bound_name_reaches_no_other_project(port: Port, statement: str, values: dict[str, str]) -> None:
    refused(port, port.ask(statement, values=values))


def test_a_bound_name_is_looked_at_every_time(port: Port) -> None:
    statement = "select count() from {d:Identifier}.steps"
    assert port.ask(statement, param_d="acme").text == "10\n"
    refused(port, port.ask(statement, param_d="other"))
    assert port.ask(statement, param_d="acme").text == "10\n"


def test_a_verdict_for_one_project_is_none_for_another(port: Port) -> None:
    statement = "select count() from other.secrets"
    assert port.ask(statement, token="other-token").text == "1\n"
    refused(port, port.ask(statement))


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("select count() from acme.steps", "10\n"),
        ("select count() from `acme`.`steps`", "10\n"),
        ("select count() from long_steps", "5\n"),
        ("with secrets as (select 7 as s) select s from secrets", "7\n"),
        ("select other.n from steps as other where other.n = 3", "3\n"),
        ("select secrets.s from (select 8 as s) as secrets", "8\n"),
        ("select count() from steps where run_id in (select run_id from runs where run_id = 'run0')", "5\n"),
        ("select count() from steps where n in (1, 2, 3)", "3\n"),
        ("select 'other.secrets' in ('other.secrets')", "1\n"),
        ("select ('run0', 'x') in runs", "0\n"),
        ("select count() from steps as s join runs as r on s.run_id = r.run_id", "10\n"),
        ("select a.1, b.s from (select (1, 2) as a, cast((3,), 'Tuple(s Int8)') as b)", "1\t3\n"),
        ("exists steps", "1\n"),
        ("exists acme.nothing", "0\n"),
        ("show tables", "long_steps\nruns\nsteps\n"),
        ("show tables from acme like 'r%'", "runs\n"),
        ("show databases", "acme\n"),
        ("explain ast select 1 as settings_ format CSV", None),
        ("explain pipeline select count() from steps", None),
        ("explain indexes = 1 select count() from steps", None),
        ("describe steps", None),
        ("show create table steps", None),
        ("select run_id, count() from steps group by run_id with totals", "run0\t5\nrun1\t5\n\n\t10\n"),
    ],
)
def test_the_callers_own_tables_work_in_every_place(port: Port, statement: str, answer: str | None) -> None:
    said = port.ask(statement)
    if answer is not None:
        assert (said.status, said.text) == (200, answer)
    else:
        assert said.status == 200, said.text


@pytest.mark.parametrize(
    "name",
    [
        "`a\n   TableIdentifier acme.steps`",
        "`a\\n  Literal 1`",
        "`steps (alias x)`",
        "`a (children 1)`",
        "`a\\`b`",
    ],
)
def test_a_name_forges_no_lines_of_the_tree(port: Port, name: str) -> None:
    refused(port, port.ask(f"select 1 as {name} from other.secrets"))
    refused(port, port.ask(f"select {name} from steps"))
    assert port.ask("select 1 as `avg(a b)`, 'a\n   Function file (children 1)'").status == 200


@pytest.mark.parametrize(
    "table",
    [
        *("processes", "query_log", "users", "server_settings", "parts", "clusters", "macros", "disks"),
        *(
            "stack_trace",
            "merge_tree_settings",
            "grants",
            "text_log",
            "errors",
            "dictionaries",
            "environment",
        ),
    ],
)
def test_most_system_tables_are_closed(port: Port, table: str) -> None:
    refused(port, port.ask(f"select * from system.{table}"))
    refused(port, port.ask(f"select 1 in system.{table}"))
    refused(port, port.ask("select * from information_schema.tables"))


@pytest.mark.parametrize(
    "statement",
    [
        "select distinct database from system.tables",
        "select distinct database from system.columns",
        "select name from system.databases",
        "select d.name from system.databases as d join system.tables as t on t.database = d.name limit 1",
        "with x as (select * from system.tables) select distinct database from x",
        "select database from (select database from system.tables union distinct select name from system.databases)",
        "select any(database) from `system`.`tables` where database in (select name from system.databases)",
        "select distinct database from view(select * from system.tables)",
    ],
)
def test_the_open_system_tables_know_the_callers_project_only(port: Port, statement: str) -> None:
    assert port.ask(statement).text == "acme\n"
    assert port.ask(statement, token="other-token").text == "other\n"
    refused(port, port.ask("select 'other' in system.databases"))


def test_no_error_names_another_project(port: Port) -> None:
    for statement in (
        "select * from secrets",
        "select * from secretz",
        "select s from steps",
        "select * from acme.secrets",
    ):
        said = port.ask(statement)
        assert said.status == 404
        assert "other" not in said.text


@pytest.mark.parametrize(
    "statement",
    [
        "select 1 settings readonly = 0",
        "select 1 settings max_memory_usage = 0",
        "select 1 settings max_execution_time = 0",
        "select (select 1 settings max_threads = 64)",
        "select * from (select 1 settings allow_introspection_functions = 1)",
        "select * from numbers(1, settings max_threads = 64)",
        "select name from system.tables settings additional_table_filters = {}",
        "with x as (select 1 settings readonly = 0) select * from x",
        "explain select 1 settings readonly = 0",
        "select 1 settings max_threads = 1 format JSON",
        "select 1 format JSON settings max_threads = 1",
    ],
)
def test_no_statement_sets_anything(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("readonly", "0"),
        ("max_memory_usage", "0"),
        ("max_memory_usage", "99999999999999"),
        ("max_execution_time", "0"),
        ("max_execution_time", "3600"),
        ("max_execution_time", "-1"),
        ("max_execution_time", "nan"),
        ("max_threads", "64"),
        ("max_result_bytes", "0"),
        ("allow_introspection_functions", "1"),
        ("allow_ddl", "1"),
        ("additional_table_filters", "{}"),
        ("output_format_schema", "/tmp/written"),
        ("format_schema", "/etc/passwd"),
        ("format_template_resultset", "/etc/passwd"),
        ("profile", "default"),
        ("max_query_size", "999999999"),
        ("implicit_select", "1"),
        ("dialect", "prql"),
        ("allow_experimental_eval_table_function", "1"),
        ("x') , readonly = ('0", "1"),
    ],
)
def test_no_url_widens_what_a_reader_may_do(port: Port, name: str, value: str) -> None:
    refused(port, port.ask("select 1", settings={name: value}))


def test_a_url_may_ask_for_less(port: Port) -> None:
    said = port.ask("select getSetting('x')", max_threads="1", max_execution_time="5", readonly="2", log_comment="x")
    assert said.code == ACCESS_DENIED
    said = port.ask("select 1", max_threads="1", max_execution_time="0.5", readonly="1", session_id="x", role="y")
    assert said.text == "1\n"
    assert port.ask("select number from numbers(9)", max_result_rows="5", max_block_size="4").code == TOO_LARGE_RESULT
    assert port.ask("select 1", session_timezone="x'; drop table steps").status >= 400
    assert port.ask("select toDateTime(0)", session_timezone="Asia/Tokyo").text == "1970-01-01 09:00:00\n"


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


@pytest.mark.parametrize(
    "name", ["Template", "Protobuf", "CapnProto", "CustomSeparated", "PNG", "SQLInsert", "nonsense"]
)
def test_formats_with_a_life_of_their_own_are_refused(port: Port, name: str) -> None:
    refused(port, port.ask(f"select 1 format {name}"))
    refused(port, port.ask("select 1", default_format=name))
    assert port.ask("select 'format Template' format csv").text == '"format Template"\n'


@pytest.mark.parametrize(
    "call",
    [
        "sleep(3)",
        "sleepEachRow(3)",
        "getSetting('max_threads')",
        "getServerSetting('path')",
        "getMacro('x')",
        "hostName()",
        "FQDN()",
        "fqdn()",
        "serverUUID()",
        "tcpPort()",
        "filesystemCapacity()",
        "addressToLine(1)",
        "addressToSymbol(1)",
        "demangle('x')",
        "logTrace('x')",
        "catboostEvaluate('/etc/passwd', 1)",
        "naiveBayesClassifier('x', 'y')",
        "regionToName(toUInt32(1))",
        "aiGenerate('x')",
        "AIGenerate('x')",
        "formatRow('Protobuf', 1)",
        "structureToProtobufSchema('a Int8')",
        "globalVariable('version')",
        "currentRoles()",
        "showCertificate()",
        "flameGraph([1])",
        "multiMatchAny('x', ['(a{1,1000}){1,1000}'])",
        "arrayLevenshteinDistance(range(9), range(9))",
        "mine(1)",
        "__getScalar('x')",
        "_CAST(file('/etc/passwd'), 'String')",
        "evalMLMethod(1, 2)",
        "editDistance('a', 'b')",
        "levenshteinDistance('a', 'b')",
    ],
)
def test_functions_off_the_list_are_refused(port: Port, call: str) -> None:
    refused(port, port.ask(f"select {call}"))
    refused(port, port.ask(f"select 1 from steps group by {call}"))


@pytest.mark.parametrize(
    "statement",
    [
        "select cast(unhex('05'), 'AggregateFunction(uniqExact, UInt64)')",
        "select cast(unhex('05') as AggregateFunction(uniqExact, UInt64))",
        "select unhex('05')::AggregateFunction(uniqExact, UInt64)",
        "select accurateCast(unhex('05'), 'aggregatefunction(uniqExact, UInt64)')",
        "select cast(unhex('05'), concat('Aggregate', 'Function(uniqExact, UInt64)'))",
        "with 'AggregateFunction(uniqExact, UInt64)' as t select cast(unhex('05'), t)",
        "select cast(['a'], 'Array(AggregateFunction(uniqExact, UInt64))')",
        "select {x:AggregateFunction(uniqExact, UInt64)}",
    ],
)
def test_no_bytes_become_the_state_of_an_aggregate(port: Port, statement: str) -> None:
    refused(port, port.ask(statement, param_x="a"))
    assert port.ask("select 'AggregateFunction' || cast(1, 'String')").text == "AggregateFunction1\n"
    assert port.ask("select finalizeAggregation(uniqExactState(n)) from steps").text == "10\n"


def test_only_array_and_map_functions_take_functions_by_name(store_database: StoreDatabase) -> None:
    names = [row["name"] for row in store_database.rows("select name from system.functions where higher_order")]
    assert [name for name in names if not name.startswith(("array", "map"))] == []


def test_the_list_of_functions_fits_the_engine(store_database: StoreDatabase) -> None:
    known = [row["name"] for row in store_database.rows("select name from system.functions where origin = 'System'")]
    allowed = allowed_functions()
    lower = {name.lower() for name in known}
    syntax_only = {"lambda", "exists", "grouping", "array_concat_agg"}
    assert (allowed.ordinary | allowed.aggregates) - lower - syntax_only == set()
    for name in (
        "file",
        "dictGet",
        "joinGet",
        "sleep",
        "getServerSetting",
        "fileIf",
        "joinGetOrNull",
        "aggThrowIf",
        "",
    ):
        assert not allowed.allows(name), name
    for name in (
        "sumIf",
        "COUNT",
        "uniqExactIfState",
        "groupArrayArray",
        "quantilesTDigestIf",
        "anyLastOrNull",
    ):
        assert allowed.allows(name), name


BOUNDED = Limits(seconds=1, memory_bytes=200_000_000, whole_bytes=4_000_000, concurrent=2, waiting_seconds=30)


@pytest.mark.parametrize(
    "statement",
    [
        "select repeat('a', 900000000)",
        "select length(groupArray(number)) from numbers(1000000000)",
        "select uniqExact(number) from numbers(1000000000)",
        "select length(arrayMap(x -> arrayResize([x], 100000), range(100000)))",
        "select sum(a.number + b.number) from numbers(30000000) as a "
        "join numbers(30000000) as b on a.number = b.number",
    ],
)
def test_a_memory_bomb_is_defused(reading_engine: ChdbEngine, statement: str) -> None:
    with serving(reading_engine, BOUNDED) as port:
        said = port.ask(statement)
        assert said.code in (TOO_MUCH_MEMORY, TOO_SLOW), said.text
        assert "LIMIT" in said.text
        assert port.ask("select repeat('a', 3)").text == "aaa\n"


@pytest.mark.parametrize("format_", ["TabSeparated", "JSON"])
def test_a_time_bomb_is_defused(reading_engine: ChdbEngine, format_: str) -> None:
    with serving(reading_engine, BOUNDED) as port:
        said = port.ask(f"select count() from numbers(1000000000000) where cityHash64(number) = 1 format {format_}")
        assert (said.code, said.status) == (TOO_SLOW, 408)
        assert port.ask("select 1").text == "1\n"


def test_what_the_engine_cannot_interrupt_keeps_no_client_waiting(reading_engine: ChdbEngine) -> None:
    stubborn = Limits(seconds=0.3, grace_seconds=0.1, concurrent=2)
    with serving(reading_engine, stubborn) as port:
        # One block of work of a few seconds, in which the engine looks neither at the clock nor at KILL.
        said = port.ask("select length(arrayMap(x -> has(range(300000), x + 1000000), range(60000)))")
        assert said.code == TOO_SLOW, said.text
        assert "cannot be interrupted" in said.text
        assert port.ask("select 'the other seat'").text == "the other seat\n"


def test_a_huge_whole_result_is_refused_and_a_streamed_one_is_not_held_in_memory(reading_engine: ChdbEngine) -> None:
    with serving(reading_engine, Limits(whole_bytes=4_000_000)) as port:
        huge = "select number, toString(number) from numbers(1000000)"
        for name in ("JSON", "Arrow", "Parquet", "TSVWithNames"):
            said = port.ask(f"{huge} format {name}")
            assert said.code == TOO_LARGE_RESULT
            assert "Add LIMIT" in said.text
        assert len(port.ask(f"{huge} format Native").body) > 10_000_000
        assert port.ask(f"{huge} limit 2 format TSVWithNames").text.count("\n") == 3


@pytest.mark.parametrize(
    "statement",
    [
        "select " + "(" * 20000 + "1" + ")" * 20000,
        "select " + "[" * 5000,
        "select " + "not " * 20000 + "1",
        "select " + "1+" * 100000 + "1",
        "select " + "1," * 100000 + "1",
        "select " + "case when " * 3000,
        "select * from " + "(select * from " * 3000 + "steps" + ")" * 3000,
        "select 1" + " union all select 1" * 30000,
    ],
    ids=["brackets", "arrays", "nots", "sums", "columns", "cases", "subqueries", "unions"],
)
def test_a_statement_that_is_costly_to_parse_is_refused(port: Port, statement: str) -> None:
    said = port.ask(statement)
    assert 400 <= said.status < 500, said.text
    assert port.ask("select 1").text == "1\n"


def test_an_overlong_statement_is_refused_before_it_is_parsed(port: Port) -> None:
    said = port.ask("select '" + "a" * (1024 * 1024) + "'")
    assert said.status == 413
    assert port.ask("select length('" + "a" * 900_000 + "')").text == "900000\n"


@pytest.mark.parametrize("statement", ["select 1\x00; drop table steps", "\x00", "select '\x00'"])
def test_a_zero_byte_ends_no_statement_early(port: Port, statement: str) -> None:
    assert port.ask(statement).status == 400
    assert port.ask("select length('\\0')").text == "1\n"


def test_bytes_that_are_no_text_are_refused(port: Port) -> None:
    assert port.ask(b"select '\xff'").status == 400
    assert port.ask("select 'ｏther.ｓecrets'").text == "ｏther.ｓecrets\n"


def test_the_guard_alone_refuses_database_names_that_cannot_be_read_safely(reading_engine: ChdbEngine) -> None:
    guard = Guard(reading_engine, Limits())
    for name in ("a.b", "a'b", "a`b", "a b", "", "a\n"):
        with pytest.raises(Exception, match="cannot be read safely"):
            guard.admit("select 1", name, {})
