"""What administrators may besides reading: the second boundary of the port.

It takes what a collector says to a ClickHouse server, so that several can share an embedded store, and nothing that an
administrator of a database could wish for besides. Three kinds of statements write:

1. What this program's own schema is made of, to the letter (store/shaping.py).
2. INSERT into a table of the store, of rows that came with it, or of a SELECT.
3. ALTER TABLE … DELETE of such a table.

What they read is looked at as readers' statements are: every function on the list, every table one of the store's. So
no statement leaves the store: no file, no URL, no other server, no users, nothing of the process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import takewhile

from playhead_collector.errors import QueryRefused
from playhead_collector.facade.clauses import Walk
from playhead_collector.facade.engine import SEGMENTS, Engine
from playhead_collector.facade.guard import FORMAT, Admitted, Guard
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.reader import Administrator
from playhead_collector.facade.syntax import Node
from playhead_collector.store.shaping import makes_database, shapes

_FORMATS = ("Native", SEGMENTS)
# Of the whole store: what a backup and an erasure ask, and the guard of rules.
_MORE_SYSTEM_TABLES = frozenset(
    f"system.{name}" for name in ("parts", "detached_parts", "processes", "settings_changes", "table_functions")
)
_MORE_FUNCTIONS = frozenset({"hostname"})
# The one setting that stands in a statement, at its end. No text and no name ends in a bare digit there.
_SETTING = re.compile(r" SETTINGS (\w+) = (\d+)\Z")
_TAKES = (
    "besides what readers may ask, administrators INSERT, DELETE rows, and make what this version's schema is made of "
    "(run the same version in all collectors of a store)"
)


class WritingGuard(Guard):
    """For one administrator's door."""

    def __init__(self, engine: Engine, limits: Limits, who: Administrator) -> None:
        super().__init__(engine, limits)
        self._who = who

    def _look_at(self, statement: str, database: str, values: Mapping[str, str], *, views_only: bool) -> Admitted:
        made = makes_database(statement)
        if (made is not None and self._who.owns(made)) or (self._who.owns(database) and shapes(statement)):
            return Admitted(statement.strip(), None, in_blocks=False, writes=True)
        canonical = self._canonical(statement)
        setting = _SETTING.search(canonical)
        if setting is not None:
            canonical = canonical[: setting.start()]
        words = self._words(canonical, values)
        if "OUTFILE" in words.clauses:
            raise QueryRefused("INTO OUTFILE writes on the collector's machine; take the result from the answer")
        tree = self._tree(canonical, database, values)
        tables = _Walk(database, canonical, words, self._forbidden_functions(), self._who).check(tree)
        settings = {setting[1]: setting[2]} if setting is not None else {}
        if tree.kind not in ("InsertQuery", "AlterQuery"):
            return replace(self._reads(canonical, words, tree, tables), settings=settings)
        takes = FORMAT.search(canonical) if tree.kind == "InsertQuery" and not words.selects else None
        return Admitted(
            text=canonical[: takes.start()] if takes else canonical,
            format=None,
            in_blocks=False,
            binds_names=bool(words.identifier_values),
            writes=True,
            takes=takes[1] if takes else None,
            settings=settings,
        )


@dataclass(frozen=True, slots=True)
class _Walk(Walk):
    who: Administrator

    def _owns(self, database: str) -> bool:
        return self.who.owns(database)

    def _reads_system(self, table: str) -> bool:
        return table in _MORE_SYSTEM_TABLES or Walk._reads_system(self, table)

    def _calls_as_well(self, function: str) -> bool:
        return function.lower() in _MORE_FUNCTIONS

    def _something_else(self, root: Node) -> None:
        match root.kind:
            case "InsertQuery":
                self._insert(root)
            case "AlterQuery":
                self._delete(root)
            case kind:
                raise QueryRefused(f"{_TAKES}; this is a {kind}")

    def _insert(self, root: Node) -> None:
        names = [node.name for node in takewhile(lambda node: node.kind == "Identifier", root.children)]
        rest = root.children[len(names) :]
        self._own_table(names)
        if rest and rest[0].kind == "ExpressionList":
            columns = rest.pop(0)
            if any(column.kind != "Identifier" for column in columns.children):
                raise QueryRefused("INSERT takes columns by their names")
        named = FORMAT.search(self.canonical)
        if [node.kind for node in rest] == ["SelectWithUnionQuery"]:
            self._query(rest[0])
        elif rest or named is None or named[1] not in _FORMATS:
            raise QueryRefused(f"what is inserted is asked for, or comes along in the format {' or '.join(_FORMATS)}")

    def _delete(self, root: Node) -> None:
        commands, *names = root.children
        match [(command.name, command.children) for command in commands.children]:
            case [("DELETE", [condition])] if all(node.kind == "Identifier" for node in names):
                self._own_table([node.name for node in names])
                self._expression(condition, root)
            case _:
                raise QueryRefused(_TAKES)

    def _own_table(self, names: list[str]) -> None:
        """A table by its name, or a database and a table."""
        database = names[0] if len(names) == 2 else self.database
        if len(names) not in (1, 2) or any("." in name for name in names) or not self.who.owns(database):
            raise QueryRefused(f"{'.'.join(names)} is no table of the store's projects: {self.who.database}, …")
