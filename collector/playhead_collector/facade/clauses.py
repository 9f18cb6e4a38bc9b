"""The walk over a statement's tree: every call on the list, every table the caller's own, nothing else
besides.

Works on the engine's reading alone (syntax.py). Whatever it does not know, it refuses: a new kind of node
in a newer engine must be looked at by a person before it is let through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playhead_collector.errors import QueryRefused
from playhead_collector.facade.functions import (
    CASTS,
    IN_FAMILY,
    TABLE_FUNCTIONS,
    ForbiddenFunctions,
    allowed_functions,
)
from playhead_collector.facade.listed import listed
from playhead_collector.facade.syntax import Node, Words

# The engine shows only the caller's own rows of these three (system_filters).
_FILTERED = {"tables": "database", "columns": "database", "databases": "name"}
SYSTEM_TABLES = frozenset(
    f"system.{name}"
    for name in (*_FILTERED, "one", "numbers", "settings", "functions", "formats", "data_type_families")
)
_EXPRESSIONS = listed("""
    SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Subquery WithElement
    Identifier Literal Function TablesInSelectQuery TablesInSelectQueryElement TableExpression
    TableIdentifier TableJoin ArrayJoin SampleRatio Asterisk QualifiedAsterisk ColumnsTransformerList
    ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
    ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher
    OrderByElement InterpolateElement WindowListElement WindowDefinition
""")
_EXPLAINS = frozenset(
    f"EXPLAIN{kind}" for kind in ("", " AST", " SYNTAX", " QUERY TREE", " PIPELINE", " ESTIMATE", " ANALYZE")
)
_ABOUT_ONE_TABLE = listed("ExistsTableQuery ExistsViewQuery ShowCreateTableQuery ShowCreateViewQuery")
_SHOW = re.compile(
    r"SHOW (?:DATABASES|TABLES(?: FROM `?(?P<database>[\w-]+)`?)?)(?: I?LIKE '[^'\\]*')?(?: FORMAT \w+)?\Z"
)
_TAKES = "the reading port takes one SELECT, EXPLAIN, DESCRIBE, EXISTS, SHOW TABLES or SHOW CREATE TABLE"


def system_filters(database: str) -> str:
    """The value of `additional_table_filters` that keeps other projects' names out of the system tables."""
    pairs = (f"'system.{table}': '{column} = \\'{database}\\''" for table, column in _FILTERED.items())
    return "{" + ", ".join(pairs) + "}"


@dataclass(frozen=True, slots=True)
class Walk:
    database: str
    canonical: str
    words: Words
    forbidden: ForbiddenFunctions

    def check(self, root: Node) -> frozenset[str]:
        """The tables that the statement names, once all of it is known to be harmless."""
        for name in self.words.called:
            if self.forbidden.called(name) and not self._calls_as_well(name):
                raise self._no_function(name)
        match root.kind:
            case "SelectWithUnionQuery":
                self._query(root)
            case "Explain":
                self._explain(root)
            case "DescribeQuery":
                table, *rest = root.children
                self._expression(table, root)
                self._only_a_format(rest)
            case "ShowTables":
                self._show()
            case kind if kind in _ABOUT_ONE_TABLE:
                self._about_one_table(root)
            case _:
                self._something_else(root)
        if sum(node.kind == "SelectQuery" for node in root.walk()) != self.words.selects:
            raise QueryRefused("the engine does not show every SELECT in this statement; write it in a plainer form")
        return frozenset(node.name for node in root.walk() if node.kind == "TableIdentifier")

    def _owns(self, database: str) -> bool:
        return database == self.database

    def _reads_system(self, table: str) -> bool:
        return table in SYSTEM_TABLES

    def _calls_as_well(self, function: str) -> bool:
        """Besides those on the list."""
        return False

    def _something_else(self, root: Node) -> None:
        raise QueryRefused(f"{_TAKES}; this is a {root.kind}")

    def _explain(self, root: Node) -> None:
        if root.name not in _EXPLAINS:
            raise QueryRefused(f"{root.name} is not available on the reading port; use EXPLAIN or EXPLAIN PIPELINE")
        children = [child for child in root.children if child.kind != "Set"]
        if not children or children[0].kind != "SelectWithUnionQuery":
            raise QueryRefused("EXPLAIN takes a SELECT on the reading port")
        self._query(children[0])
        self._only_a_format(children[1:])

    def _query(self, root: Node) -> None:
        """A whole SELECT, which may only name its format besides: no INTO OUTFILE, no SETTINGS."""
        selects, *rest = root.children
        self._expression(selects, root)
        self._only_a_format(rest)

    def _only_a_format(self, rest: list[Node]) -> None:
        for node in rest:
            if node.kind == "Literal":
                raise QueryRefused("INTO OUTFILE writes on the collector's machine; take the result from the answer")
            if node.kind != "Identifier":
                self._expression(node, node)

    def _expression(self, node: Node, parent: Node) -> None:
        waiting = [(node, parent)]
        while waiting:
            node, parent = waiting.pop()
            if node.kind == "Set":
                raise QueryRefused("no SETTINGS in a statement on the reading port; send them as URL parameters")
            if node.kind == "ColumnsApplyTransformer":
                raise QueryRefused("APPLY is not available on the reading port; write the call for each column")
            if node.kind not in _EXPRESSIONS:
                raise QueryRefused(f"the reading port does not know the clause {node.kind}; leave it out")
            if node.kind == "Function":
                self._function(node, is_table=parent.kind == "TableExpression")
            elif node.kind == "TableIdentifier":
                self._table(node.name, or_system=True)
            waiting.extend((child, node) for child in node.children)

    def _function(self, node: Node, *, is_table: bool) -> None:
        name = node.name.lower()
        if is_table:
            if name not in TABLE_FUNCTIONS:
                raise QueryRefused(
                    f"the table function {node.name} is not available on the reading port, which reads "
                    f"the tables and views of {self.database} only"
                )
            return
        if not (allowed_functions().allows(name) or self._calls_as_well(name)):
            raise self._no_function(node.name)
        arguments = [child for given in node.children if given.kind == "ExpressionList" for child in given.children]
        if name in IN_FAMILY:
            for right in arguments[1:]:
                if right.kind == "Identifier" and "." in right.name:
                    self._table(right.name, or_system=False)
        elif name in CASTS:
            if len(arguments) > 1 and (
                arguments[1].kind != "Literal" or "aggregatefunction" in arguments[1].name.lower()
            ):
                raise QueryRefused(
                    f"{node.name} takes a plain type name on the reading port, and makes no states of "
                    "aggregate functions"
                )
        elif name.startswith(("array", "map")):
            # Higher-order functions take a function by its bare name as well as a lambda.
            for given in arguments:
                if given.kind == "Identifier" and given.name.lower() in self.forbidden.functions | IN_FAMILY:
                    raise QueryRefused(
                        f"{node.name}({given.name}, …) could call the function {given.name}; if a column is "
                        f"meant, qualify it: table.{given.name}"
                    )

    def _table(self, name: str, *, or_system: bool) -> None:
        database, dot, table = name.rpartition(".")
        if not dot or (self._owns(database) and table):
            return
        if or_system and self._reads_system(name):
            return
        raise QueryRefused(
            f"{name} is outside {self.database}, the only database that this token reads; of the system "
            f"tables there are {', '.join(sorted(SYSTEM_TABLES))}"
        )

    def _show(self) -> None:
        found = _SHOW.match(self.canonical)
        if found is None or not (found["database"] is None or self._owns(found["database"])):
            raise QueryRefused(
                f"of SHOW there are SHOW DATABASES and SHOW TABLES for {self.database} on the reading port; "
                "for the rest, SELECT from system.tables or system.columns"
            )

    def _about_one_table(self, root: Node) -> None:
        names = [child.name for child in root.children if child.kind == "Identifier"]
        asked = root.name.split()
        if any("." in name for name in names) or names[: len(asked)] != asked:
            raise QueryRefused(f"{_TAKES}, about a table of {self.database}")
        if len(asked) > 1 and not self._owns(asked[0]):
            raise QueryRefused(f"{asked[0]} is not {self.database}, the only database that this token reads")

    def _no_function(self, name: str) -> QueryRefused:
        return QueryRefused(f"the function {name} is not available on the reading port")
