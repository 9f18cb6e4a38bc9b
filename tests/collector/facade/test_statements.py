"""The reading port takes one statement at a time, of those that only read: attacks, each beside a near miss."""

from __future__ import annotations

import pytest
from tests.collector.facade.port import Port
from tests.collector.facade.refusal import refused


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


@pytest.mark.parametrize("statement", ["select 1\x00; drop table steps", "\x00", "select '\x00'"])
def test_a_zero_byte_ends_no_statement_early(port: Port, statement: str) -> None:
    assert port.ask(statement).status == 400
    assert port.ask("select length('\\0')").text == "1\n"


def test_bytes_that_are_no_text_are_refused(port: Port) -> None:
    assert port.ask(b"select '\xff'").status == 400
    assert port.ask("select 'ｏther.ｓecrets'").text == "ｏther.ｓecrets\n"
