"""The dialects of agent traces, as data: which attribute key means which field of a step.

`dialects/*.csv` are the tables, and adding a dialect is adding rows:
- `fields.csv`: field, key, unit. The first key of a field is the best; a unit other than the field's own is
  converted.
- `prefixes.csv`: keys of flattened lists of messages.
- `paths.csv`: fields inside a JSON attribute. A path is names joined by points, places in lists counted from 1;
  `sum:input` adds up `input` and every `input_…` of an object whose parts add up to its total.
- `kinds.csv`: the words that name a step's kind, for one key or for all; under `span name` whole names of spans that
  say it nowhere else.
- `names.csv`: what may stand before or after a tool's or an agent's name in the name of a span, and keys by whose
  emitter an agent's or a model's span has its name.
- `finishes.csv`: the words for why a model stopped.
- `emitters.csv`: what one emitter counts otherwise than all others: its scope (a star stands for any ending), a part
  of the model's name, a key that says it does not, and the rule.

This module reads them; `expressions.py` writes them into the views. It must never look at a span itself.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Fields whose values are payloads (messages, arguments, results): stored once a run, searchable. Their order is the
# Enum `piece_fields` of the schema.
PAYLOAD_FIELDS = ("input", "output", "system", "tools", "arguments", "result", "input_any", "output_any")
# In the order of the Enum `kind` of the schema.
KINDS = (
    "other",
    "agent",
    "prompt",
    "tool",
    "state",
    "decision",
    "approval",
    "retrieval",
    "guardrail",
    "effect",
    "score",
)


@dataclass(frozen=True, slots=True)
class Alias:
    """A key that means a field, in its own unit."""

    field: str
    key: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A field inside a JSON attribute."""

    field: str
    key: str
    path: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A word for a kind, as one key says it, or any where the key is empty."""

    key: str
    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Quirk:
    """Where one emitter counts otherwise."""

    scope: str
    model: str
    unless: str
    rule: str


@dataclass(frozen=True, slots=True)
class Affix:
    """What stands before or after a name in the name of a span; or a key by which a span's whole name is it."""

    field: str
    where: str
    text: str


# The key of kinds that a span's name alone says.
SPAN_NAME = "span name"


@dataclass(frozen=True, slots=True)
class Dialects:
    """The tables, read. Fields are numbered from 1, payloads first, JSON attributes that are no field's key last."""

    fields: tuple[str, ...]
    aliases: tuple[Alias, ...]
    prefixes: tuple[tuple[str, str], ...]
    paths: tuple[Path, ...]
    kinds: tuple[Kind, ...]
    affixes: tuple[Affix, ...]
    finishes: tuple[tuple[str, str], ...]
    quirks: tuple[Quirk, ...]

    def number(self, field: str) -> int:
        return self.fields.index(field) + 1

    def keys_of(self, field: str) -> list[Alias]:
        """The keys of a field, the best first."""
        return [alias for alias in self.aliases if alias.field == field]

    def code(self, key: str) -> int:
        """What a key is known by in the store: field * 256 + its rank among the field's keys."""
        owner = next(alias.field for alias in self.aliases if alias.key == key)
        return self.number(owner) * 256 + [alias.key for alias in self.keys_of(owner)].index(key)


def _rows(name: str) -> list[dict[str, str]]:
    with (files("playhead_collector.store") / "dialects" / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@cache
def dialects() -> Dialects:
    aliases = [Alias(**row) for row in _rows("fields.csv")]
    paths = tuple(Path(**row) for row in _rows("paths.csv"))
    # A JSON attribute that holds several fields is looked up like any other key, as a field of its own.
    known = {alias.key for alias in aliases}
    aliases += [Alias(f"json:{key}", key) for key in dict.fromkeys(path.key for path in paths) if key not in known]
    scalars = dict.fromkeys(alias.field for alias in aliases if alias.field not in PAYLOAD_FIELDS)
    return Dialects(
        fields=(*PAYLOAD_FIELDS, *scalars),
        aliases=tuple(aliases),
        prefixes=tuple((row["field"], row["prefix"]) for row in _rows("prefixes.csv")),
        paths=paths,
        kinds=tuple(Kind(**row) for row in _rows("kinds.csv")),
        affixes=tuple(Affix(**row) for row in _rows("names.csv")),
        finishes=tuple((row["value"], row["finish"]) for row in _rows("finishes.csv")),
        quirks=tuple(Quirk(**row) for row in _rows("emitters.csv")),
    )
