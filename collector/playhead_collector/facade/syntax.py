"""The engine's own reading of a statement, as a tree: the output of `EXPLAIN AST`, and the words of its
canonical text.

Nothing here parses SQL: the engine does, once, and what it says is what it will run. The tree shows every
call and every table (checked clause by clause; the one exception is `APPLY`, whose function it hides),
but not the names of CTEs, and it does not escape names, so `quoted_names` must be looked at before the
tree is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from playhead_collector.errors import QueryRefused
from playhead_collector.facade.listed import listed

_CHILDREN = re.compile(r" \(children (\d+)\)$")
_WORD = re.compile(
    r"'(?:[^'\\]|\\.)*'|`(?P<quoted>(?:[^`\\]|\\.)*)`|\{(?P<value>[^{}]*)\}|(?P<bare>[A-Za-z_]\w*)", re.DOTALL
)
_WORD_OR_BRACKET = re.compile(_WORD.pattern + "|(?P<bracket>[()])", re.DOTALL)
_AFTER_CONDITIONS = listed("""
    GROUP HAVING WINDOW QUALIFY ORDER LIMIT OFFSET SETTINGS UNION INTERSECT EXCEPT PARALLEL INTO FORMAT
""")


@dataclass(slots=True)
class Node:
    kind: str
    name: str
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children)


@dataclass(frozen=True, slots=True)
class Words:
    """What the canonical text holds outside its string literals."""

    called: frozenset[str]
    """Names followed by a bracket: function calls, and a few that only look like one."""
    selects: int
    quoted_names: frozenset[str]
    identifier_values: frozenset[str]
    """The bound values that stand for a name: `{table:Identifier}`."""
    clauses: frozenset[str]
    """Which clauses that matter are there: TOTALS, OUTFILE, SETTINGS, and a bound STATE."""


def words_of(canonical: str) -> Words:
    called, quoted, bound, clauses = set[str](), set[str](), set[str](), set[str]()
    selects = 0
    for found in _WORD.finditer(canonical):
        if (value := found["value"]) is not None:
            name, _, kind = value.partition(":")
            if "identifier" in kind.lower():
                bound.add(name.strip())
            if "aggregatefunction" in kind.lower():
                clauses.add("STATE")
            continue
        if (name := found["quoted"]) is not None:
            quoted.add(name)
        elif (name := found["bare"]) is None:
            continue
        elif name == "SELECT":
            selects += 1
        elif name in ("TOTALS", "OUTFILE", "SETTINGS"):
            clauses.add(name)
        if canonical.startswith("(", found.end()):
            called.add(name)
    return Words(frozenset(called), selects, frozenset(quoted), frozenset(bound), frozenset(clauses))


def without_prewhere(canonical: str) -> str:
    """WHERE in place of it, and of both where a WHERE follows.

    To be read by the engine again: what this makes of a statement is not known to be one.
    """
    made: list[str] = []
    taken = 0
    is_open = [False]
    """At each depth of brackets, whether a condition that was a PREWHERE's goes on."""
    for found in _WORD_OR_BRACKET.finditer(canonical):
        word, said = found["bare"] or found["bracket"], ""
        if word == "PREWHERE":
            said, is_open[-1] = "WHERE (", True
        elif word == "WHERE" and is_open[-1]:
            said = ") AND ("
        elif (word == ")" or word in _AFTER_CONDITIONS) and is_open[-1]:
            said, is_open[-1] = f") {word}", False
        if word == "(":
            is_open.append(False)
        elif word == ")" and len(is_open) > 1:
            is_open.pop()
        if said:
            made += [canonical[taken : found.start()].rstrip(" "), " ", said]
            taken = found.end()
    made += [canonical[taken:], ")" if is_open[-1] else ""]
    return "".join(made)


def tree_of(explained: str) -> Node:
    """The tree out of the indented lines, each of which must have the children that it claims."""
    root: Node | None = None
    path: list[tuple[Node, int]] = []
    for line in explained.rstrip("\n").split("\n"):
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        claimed = _CHILDREN.search(text)
        node = _node(text[: claimed.start()] if claimed else text)
        while len(path) > depth:
            _complete(*path.pop())
        if len(path) != depth or (root is not None and not path):
            raise QueryRefused("this statement's structure cannot be read with certainty; name things in plain letters")
        if path:
            path[-1][0].children.append(node)
        root = root or node
        path.append((node, int(claimed[1]) if claimed else 0))
    while path:
        _complete(*path.pop())
    assert root is not None
    return root


def _node(text: str) -> Node:
    kind, _, name = text.partition(" ")
    if kind != "Literal":
        name = name.partition(" (alias ")[0] if not name.startswith("(alias ") else ""
    return Node(kind, name.strip())


def _complete(node: Node, claimed: int) -> None:
    if len(node.children) != claimed:
        raise QueryRefused("this statement's structure cannot be read with certainty; name things in plain letters")
