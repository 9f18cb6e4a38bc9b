"""The reading port calls the functions of a list, and no others: attacks, each beside a near miss."""

from __future__ import annotations

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.facade.port import Port
from tests.collector.facade.refusal import refused

from playhead_collector.facade.functions import allowed_functions


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
