"""The security boundary of the reading port: which statements run at all.

`readonly=1` is not one: under it `file('/etc/passwd')`, `desc url(...)`, `kill query` and `merge('other',
...)` all worked. So a statement runs only if the engine itself reads it as exactly one SELECT, EXPLAIN,
DESCRIBE, EXISTS, SHOW TABLES or SHOW CREATE, every function in it is on the list, and every table is one
of the caller's own (clauses.py).

Two readings, neither of which executes anything, and what is executed is what was read:

1. `formatQuerySingleLine` turns the text into its canonical form. It takes one statement only (`EXPLAIN AST
   a; b` runs b), and drops comments (the engine acts on `-- { serverError 1 }`). The canonical text, not
   what was sent, is run.
2. `EXPLAIN AST` of the canonical text, with the values bound, shows calls and tables.

Seen on the way, and held by the tests of attacks (tests/collector/facade): `arrayMap(file, ['/etc/passwd'])`
calls a function by a bare name; `x IN other.secrets` reads a table without FROM; `APPLY f` hides its
function from the tree; `{t:Identifier}` brings a name through a value; a name may contain a line break
and forge lines of the tree; a cast to AggregateFunction hands crafted bytes to code that trusts them;
EXPLAIN applies the SETTINGS of what it explains.

Must never: look a name up by itself, fall back to allowing, or remember a verdict that depends on a bound
name.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from playhead_collector.errors import READING_ONLY, BadRequest, QueryRefused, TooLarge
from playhead_collector.facade.clauses import Walk
from playhead_collector.facade.complaints import QueryFailed
from playhead_collector.facade.engine import Engine, Query, answer_of
from playhead_collector.facade.formats import known_format
from playhead_collector.facade.functions import ForbiddenFunctions
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.syntax import Node, Words, tree_of, without_prewhere, words_of

_DATABASE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
_BOUND_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_READS = re.compile(r"\(*(?:SELECT|WITH|EXPLAIN|DESCRIBE|DESC|EXISTS|SHOW)\b")
FORMAT = re.compile(r" FORMAT (\w+)\Z")
_REMEMBERED, _REMEMBERED_LENGTH = 1024, 32 * 1024


@dataclass(frozen=True, slots=True)
class Admitted:
    """A statement that may run, in the words that it must be run in."""

    text: str
    format: str | None
    """The format that the statement names itself."""
    in_blocks: bool
    """Whether its result may be sent block by block: chDB streams SELECT only, and totals come apart."""
    shows_settings: bool = False
    """Whether it reads `system.settings`, from which clients learn what they may send."""
    binds_names: bool = False
    """Whether a bound value stands for a name, so that the next value has to be looked at, too."""
    writes: bool = False
    takes: str | None = None
    """Of an INSERT, the format of the rows that come with it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Those that stood in the statement."""


class Guard:
    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._forbidden: ForbiddenFunctions | None = None
        self._remembered: OrderedDict[tuple[str, str], Admitted] = OrderedDict()
        self._lock = Lock()

    def admit(self, statement: str, database: str, values: Mapping[str, str], *, views_only: bool = False) -> Admitted:
        """The statement as it may run against `database`; anything else raises.

        Views take no PREWHERE, which is for tables what WHERE is for both: in a database of views it is read so.
        """
        if _DATABASE_NAME.match(database) is None:
            raise QueryRefused(f"the database name {database!r} cannot be read safely; use letters, digits and _")
        key = (database, statement)
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
        self._check_size(statement, values)
        admitted = self._look_at(statement, database, values, views_only=views_only)
        if not admitted.binds_names and len(statement) <= _REMEMBERED_LENGTH:
            self._remember(key, admitted)
        return admitted

    def _look_at(self, statement: str, database: str, values: Mapping[str, str], *, views_only: bool) -> Admitted:
        canonical = self._canonical(statement)
        if views_only:
            canonical = without_prewhere(canonical)
        words = self._words(canonical, values)
        if _READS.match(canonical) is None or "OUTFILE" in words.clauses:
            raise QueryRefused(
                f"{READING_ONLY}, EXPLAIN, DESCRIBE, EXISTS, SHOW TABLES or SHOW CREATE "
                "TABLE, and answers over HTTP only; this statement does something else"
            )
        tree = self._tree(canonical, database, values)
        tables = Walk(database, canonical, words, self._forbidden_functions()).check(tree)
        return self._reads(canonical, words, tree, tables)

    def _words(self, canonical: str, values: Mapping[str, str]) -> Words:
        """Of a statement that can be shown to the engine to be explained."""
        words = words_of(canonical)
        self._check_names(words, values)
        if "STATE" in words.clauses:
            raise QueryRefused("no states of aggregate functions are taken as values; bind what they were made of")
        if "SETTINGS" in words.clauses:
            # Before EXPLAIN AST: the engine's own client applies the settings of what it only explains.
            raise QueryRefused("no SETTINGS in a statement on the reading port; send them as URL parameters")
        return words

    def _tree(self, canonical: str, database: str, values: Mapping[str, str]) -> Node:
        return tree_of(self._ask(f"EXPLAIN AST {canonical}", database, values))

    @staticmethod
    def _reads(canonical: str, words: Words, tree: Node, tables: frozenset[str]) -> Admitted:
        named = FORMAT.search(canonical)
        return Admitted(
            text=canonical,
            format=known_format(named[1]) if named else None,
            in_blocks=tree.kind == "SelectWithUnionQuery" and "TOTALS" not in words.clauses,
            shows_settings=tables == {"system.settings"},
            binds_names=bool(words.identifier_values),
        )

    def _remember(self, key: tuple[str, str], admitted: Admitted) -> None:
        with self._lock:
            self._remembered[key] = admitted
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)

    def _check_size(self, statement: str, values: Mapping[str, str]) -> None:
        if len(statement.encode("utf-8", "surrogatepass")) > self._limits.statement_bytes:
            raise TooLarge(f"the statement is over {self._limits.statement_bytes} bytes; bind long lists as parameters")
        if "\x00" in statement or any("\x00" in part for pair in values.items() for part in pair):
            raise BadRequest("the statement or a bound value holds a zero byte; write it as \\0")

    def _canonical(self, statement: str) -> str:
        escaped = statement.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        try:
            return self._ask("SELECT formatQuerySingleLine({statement:String})", None, {"statement": escaped})
        except QueryFailed as error:
            if "Multi-statements" in str(error):
                raise QueryRefused("one statement at a time; send the others on their own") from None
            raise

    @staticmethod
    def _check_names(words: Words, values: Mapping[str, str]) -> None:
        for name in words.quoted_names:
            if "\\" in name or not name.isprintable() or " (alias " in name or " (children " in name:
                raise QueryRefused(f"the name {name!r} holds characters that cannot be read safely; rename it")
        for name in words.identifier_values:
            if name in values and _BOUND_NAME.match(values[name]) is None:
                raise QueryRefused(f"the value of {{{name}:Identifier}} may hold letters, digits, _ and . only")

    def _forbidden_functions(self) -> ForbiddenFunctions:
        if self._forbidden is None:
            functions = self._ask("SELECT name FROM system.functions")
            table_functions = self._ask("SELECT name FROM system.table_functions")
            self._forbidden = ForbiddenFunctions.among(functions.split("\n"), table_functions.split("\n"))
        return self._forbidden

    def _ask(self, question: str, database: str | None = None, values: Mapping[str, str] | None = None) -> str:
        return answer_of(
            self._engine, Query(question, database, "TSVRaw", dict(values or {}), self._limits.as_settings())
        )
