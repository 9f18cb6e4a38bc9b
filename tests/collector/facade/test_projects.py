"""The reading port shows a project to its own readers alone, wherever it is named: attacks, each beside a near miss."""

from __future__ import annotations

import pytest
from tests.collector.facade.port import Port
from tests.collector.facade.refusal import ACCESS_DENIED, SYNTAX_ERROR, refused

from playhead_collector.facade import ChdbEngine, Guard, Limits


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


def test_the_guard_alone_refuses_database_names_that_cannot_be_read_safely(reading_engine: ChdbEngine) -> None:
    guard = Guard(reading_engine, Limits())
    for name in ("a.b", "a'b", "a`b", "a b", "", "a\n"):
        with pytest.raises(Exception, match="cannot be read safely"):
            guard.admit("select 1", name, {})
