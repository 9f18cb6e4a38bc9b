"""Which runs are meant, and that as bound conditions on a row of `run_rows`: no value of it ever becomes SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from playhead_collector.read.search import Search, search_for, tokens
from playhead_collector.store.query import load


@dataclass(frozen=True, slots=True)
class Scored:
    """That a run was given a score of this name: a word, or a number within these bounds."""

    name: str
    word: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs; what is None or empty does not restrict. In names, `*` stands for anything."""

    since: datetime | None = None
    until: datetime | None = None
    run: str = ""
    """How its id begins."""
    agent: str = ""
    status: str = ""
    user: str = ""
    session: str = ""
    version: str = ""
    model: str = ""
    tool: str = ""
    dataset: str = ""
    """The name of a list of runs; see datasets.py."""
    text: str = ""
    texts: tuple[str, ...] = ()
    """More of what `text` is; each has to be somewhere in the run."""
    min_cost: float | None = None
    max_cost: float | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    min_steps: int | None = None
    max_steps: int | None = None
    min_errors: int | None = None
    max_errors: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    scored: tuple[Scored, ...] = ()
    """What it was scored, in the run or from outside."""
    label: str = ""
    note: str = ""
    """What a comment or note holds."""
    on_behalf_of: str = ""
    permission: str = ""
    """One that a step of it had."""
    limit: int = 50

    def anything_of(self, field: str) -> RunFilter:
        """Without what it says of a name."""
        nothing: dict[str, Any] = {field: ""}
        return replace(self, **nothing)


_AS_THEY_ARE = (
    "since", "until", "run", "status", "dataset", "min_cost", "max_cost", "min_tokens", "max_tokens", "min_steps",
    "max_steps", "min_errors", "max_errors", "min_seconds", "max_seconds",
)  # fmt: skip
_PATTERNS = ("agent", "user", "session", "version", "model", "tool")


def asking(name: str, wanted: RunFilter, heard_since: datetime | None = None) -> tuple[str, dict[str, Any]]:
    """A query of store/queries for these runs, with what is bound in it. Raises UsageError for a text without words.

    Of few runs, `since` some moment, it may be known since when their texts arrived: then those of no others are read.
    """
    asked = {name: getattr(wanted, name) for name in _AS_THEY_ARE}
    asked |= {name: _like(getattr(wanted, name)) for name in _PATTERNS}
    conditions = without(load("runs_conditions"), [name for name, value in asked.items() if value in (None, "")])
    bound = {name: value for name, value in asked.items() if value not in (None, "")}
    said = {"label": _like(wanted.label), "note": f"%{_like(wanted.note)}%" if wanted.note else ""}
    said |= {"on_behalf_of": _like(wanted.on_behalf_of)}
    said |= {"permission": f"%,{_like(wanted.permission)},%" if wanted.permission else ""}
    bound |= {name: value for name, value in said.items() if value}
    held = [load(f"runs_with_{name}") for name, value in said.items() if value]
    for number, one in enumerate(wanted.scored):
        condition, values = _scored(one, number)
        held.append(condition)
        bound |= values
    for number, text in enumerate(filter(None, (wanted.text, *wanted.texts))):
        condition, values = _holding(search_for(text), number)
        held.append(condition)
        bound |= values
    texts = "\n".join(held)
    if held and wanted.since:
        since = heard_since or wanted.since - timedelta(days=1)
        bound["arrived_since"] = max(datetime(1970, 1, 1, tzinfo=UTC), since)
    else:
        texts = without(texts, ["arrived_since"])
    if held and heard_since:
        bound["begun_since"] = wanted.since
    else:
        texts = without(texts, ["begun_since"])
    return load(name).replace("-- {conditions}", conditions.replace("-- {texts}", texts)), bound


def without(query: str, names: Sequence[str]) -> str:
    """Leaves out the lines with a value that was not given, each a condition: analysing all of them took 3 ms of 22."""
    return "\n".join(line for line in query.splitlines() if not any(f"{{{name}:" in line for name in names))


def _scored(one: Scored, number: int) -> tuple[str, dict[str, Any]]:
    """The condition on a run that it was given this score, and what is bound in it."""
    given = {"name": one.name, "word": _like(one.word), "least": one.least, "most": one.most}
    query = without(load("runs_with_score"), [f"score_{name}" for name, value in given.items() if value in ("", None)])
    for name in given:
        query = query.replace(f"{{score_{name}:", f"{{score_{name}_{number}:")
    return query, {f"score_{name}_{number}": value for name, value in given.items() if value not in ("", None)}


def naming(text: str) -> tuple[str, dict[str, Any]]:
    """A question to the index: how many texts it names for these words, of those that are worth counting."""
    return _filled("texts_named", search_for(text), 0)


def _holding(search: Search, number: int) -> tuple[str, dict[str, Any]]:
    """The condition on a run that its texts hold what is looked for, and what is bound in it."""
    query, bound = _filled("runs_with_words", search, number)
    own = f"_{number}"
    bound |= {f"plain{own}": search.plain, f"pattern{own}": search.pattern}
    matching = f"match(text, {{pattern{own}:String}})"
    if search.plain:
        matching = f"match(text, {{plain{own}:String}}) OR " + matching
    return query.replace("{matching}", matching), bound


def _filled(name: str, search: Search, number: int) -> tuple[str, dict[str, Any]]:
    """A query with what the index, and a text without one, is asked for."""
    own = f"_{number}"
    bound: dict[str, Any] = {}
    indexed: list[str] = []
    contained: list[str] = []
    for place, part in enumerate((*search.parts, *search.fragments)):
        bound[f"part{place}{own}"] = f"%{part}%"
        contained.append(f"AND text ILIKE {{part{place}{own}:String}}")
        if place < len(search.parts):
            bound[f"tokens{place}{own}"] = tokens(part)
            indexed.append(f"AND hasAnyTokens(words, {{tokens{place}{own}:Array(String)}})")
        else:
            indexed.append(f"AND words LIKE {{part{place}{own}:String}}")
    query = load(name)
    for mark, lines in (("-- {indexed}", indexed), ("-- {contained}", contained)):
        query = query.replace(mark, "\n        ".join(lines))
    return query, bound


def _like(text: str) -> str:
    """A pattern for LIKE: `*` stands for anything, all else for itself; empty matches everything."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
