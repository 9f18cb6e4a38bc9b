"""Writes the dialects' tables into the expressions that the views hold, so that adding a dialect touches no view.

A view knows of each span its `keys`, `types`, `texts` and `numbers`, `known`: what the dialects say of the keys, and
`places`: where the best key of each field is (see 02_spans.sql). Each key was mapped to its field once; an expression
here only looks a field up, in as few words as can be: analysing the views is most of what a small insert costs.
"""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType

from playhead_collector.store.dialect import KINDS, PAYLOAD_FIELDS, SPAN_NAME, Path, Quirk, dialects

# 'other' said on purpose must win over a guess, and 0 means that nothing was said.
SAID_OTHER = 12
# Said where nothing is known.
_UNKNOWN = ("unknown", "none", "null", "undefined", "n/a")
_MAY_BE_UNKNOWN = ("request_model", "response_model", "provider", "agent", "session", "user")
# A piece of a payload starts before each message but the first, and its closing bracket is a piece: a conversation that
# grew by one message shares all pieces but the new one. Cutting text never changes it; a text with the mark in it stays
# whole. Messages begin as these do, in JSON (compact, spaced, or escaped inside a string) or, where they are structured
# values, in protobuf (field 1, length 4, "role"). The two are looked for apart, since a pattern that always begins with
# the same byte is a quarter of the work.
_MESSAGE = r',\s*\{\s*\\*"(?:role|content|parts|type|lc|id|message)\\*"\s*:'
_NO_PROSE = r'^\s*[\[{"\n]'
_STRUCTURED_MESSAGE = "\\n\\x04role"
_ANY_PIECES = (
    r"splitByChar('\x1f', replaceRegexpAll(replaceAll("
    r"overlay(t, if(endsWith(t, '}]'), '\x1f', ''), length(t), 0), "
    f"'{_STRUCTURED_MESSAGE}', '\\x1f{_STRUCTURED_MESSAGE}'), {{message}}, '\\x1f\\\\0'))"
)
# The first entry of each field, of what is known and an entry for each field that says nowhere: one expression for all
# fields, since one for each took 40 ms of every insert.
_PLACES = (
    "arrayMap(x -> (bitAnd(x, 16777215) % 16777215)::UInt32, "
    "arrayFilter((x, before) -> bitShiftRight(x, 32) != bitShiftRight(before, 32), "
    "marked, arrayPushFront(arrayPopBack(marked), 0)))"
)
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "level")
_AMOUNTS = ("reported_cost", "first_token_s")
# Fields that people and machines also say as numbers.
_IDENTITIES = ("session", "user", "version", "response_id", "tool_call_id")


@cache
def expressions() -> MappingProxyType[str, str]:
    """What the schema's files may say in double braces about dialects.

    Once a process: each of 60 statements asks for it, which was four fifths of what opening a store took.
    """
    known = dialects()
    codes = {alias.key: known.code(alias.key) for alias in known.aliases}
    prefix_code = "0"
    for field, prefix in reversed(known.prefixes):
        prefix_code = f"if(startsWith(k, {_quoted(prefix)}), {known.number(field) * 256 + 255}, {prefix_code})"
    found = {
        "dialect_keys": _array([_quoted(key) for key in codes]),
        "dialect_codes": _array([str(code) for code in codes.values()]),
        "prefix_code": f"({prefix_code})::UInt32",
        "first_scalar_code": str((len(PAYLOAD_FIELDS) + 1) * 256),
        "pieces": _pieces(),
        "nowhere": _array([str(number << 32 | 0xFFFFFFFF) for number in range(1, len(known.fields) + 1)]),
        "places": _PLACES,
        "counts": _numbers(_COUNTS, "UInt64"),
        "amounts": _numbers(_AMOUNTS, "Float64"),
        "json_texts": _json_texts(),
        "json_said": _json_said(),
        "said_kind": _said_kind(),
        "finish": _finish(),
        "is_handoff": f"match(name, {_quoted(_affixes('handoff', '^(?:', ')'))})",
    }
    for rule in {quirk.rule for quirk in known.quirks}:
        found[rule] = _any_quirk([quirk for quirk in known.quirks if quirk.rule == rule])
    for field in known.fields:
        found[f"field:{field}"] = str(known.number(field))
        found[f"text:{field}"] = _text(field)
    for field in _COUNTS:
        found[f"count:{field}"] = _number(field, "counts", "UInt64")
    for field in _AMOUNTS:
        found[f"number:{field}"] = _number(field, "amounts", "Float64")
        found[f"seconds:{field}"] = _seconds(field)
    for field in ("tool", "agent", "model"):
        found[f"name:{field}"] = _name(field)
    return MappingProxyType(found)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _array(items: list[str]) -> str:
    return "[" + ", ".join(items) + "]"


def _place(field: str) -> str:
    return f"places[{dialects().number(field)}]"


def _pieces() -> str:
    """A text in pieces. In OpenTelemetry's form every message begins alike, so it is cut neither at its parts nor at a
    message that it quotes; and what stands between messages is a piece of its own, so that an answer and its copy in
    the next input are one piece. That leaves half as many pieces, and a fifth fewer words to index.
    """
    told = []
    for space in ("", " "):
        begins = rf'^\[\{{"role":{space}"[a-z_]*",{space}"parts":{space}\['
        inner = "substring(t, 2, length(t) - 3)"
        for mark, cut in (
            (f'}},{space}{{"role":', f'\\x1f}},{space}\\x1f{{"role":'),
            (f',{space}"finish_reason":', f'\\x1f,{space}"finish_reason":'),
        ):
            inner = f"replaceAll({inner}, '{mark}', '{cut}')"
        told.append(
            f"endsWith(t, '}}]') AND match(t, {_quoted(begins)}), "
            f"splitByChar('\\x1f', concat('[\\x1f', {inner}, '\\x1f}}]'))"
        )
    generic = _ANY_PIECES.replace("{message}", _quoted(_MESSAGE))
    # What begins as no JSON does, nor a structured value, is prose, whatever it quotes; but it must not grow long.
    prose = f"length(t) < 16384 AND NOT match(t, {_quoted(_NO_PROSE)})"
    return rf"multiIf(position(t, '\x1f') > 0 OR {prose}, [t], {', '.join(told)}, {generic})"


def _json_keys() -> list[str]:
    """The keys whose texts are objects that hold fields."""
    return list(dict.fromkeys(path.key for path in dialects().paths))


def _json_texts() -> str:
    """The texts under those keys, empty where they are not there. Some emitters write such an object as Python does."""
    known = dialects()
    texts = []
    for key in _json_keys():
        owner = next(alias.field for alias in known.aliases if alias.key == key)
        place = _place(owner)
        if len(known.keys_of(owner)) > 1:
            place = f"bitAnd(arrayFirst(x -> bitShiftRight(x, 24) = {known.code(key)}, known), 16777215)"
        texts.append(f"texts[{place}]")
    return f"arrayMap(t -> if(startsWith(t, '{{\\''), replaceAll(t, '\\'', '\"'), t), {_array(texts)})"


def _json_said() -> str:
    """What all paths find, as raw JSON, those of a field behind one another; none at all where there is no such text.

    The paths are data in it: as an expression each they were a fifth of what a small insert took.
    """
    by_key = [[path for path in dialects().paths if path.key == key] for key in _json_keys()]
    ways = _array([_array([_way(path) for path in paths]) for paths in by_key])
    by_field = sorted(dialects().paths, key=lambda path: dialects().number(path.field))
    order = _array([str(by_field.index(path)) for paths in by_key for path in paths])
    has_json = "arrayExists(t -> t != '', all_json_texts)"
    step = "if(toUInt8OrZero(step) > 0, JSONExtractRaw(found, toInt64OrZero(step)), JSONExtractRaw(found, step))"
    # `sum:input` adds up where the parts add up to the total; else what stands beside it is not in it.
    counts = "JSONExtractKeysAndValues(t, 'UInt64')"
    whole = f"arraySum(p -> p.2 * (p.1 != 'total'), {counts})"
    parts = f"arraySum(p -> p.2 * (p.1 = way[1] OR startsWith(p.1, concat(way[1], '_'))), {counts})"
    added = f"if({whole} > 0 AND {whole} = JSONExtractUInt(t, 'total'), toString({parts}), JSONExtractRaw(t, way[1]))"
    said = f"if(way[1] = '', arrayFold((found, step) -> {step}, arrayPopFront(way), t), {added})"
    return (
        f"arraySort((found, place) -> place, arrayFlatten(arrayMap((t, ways) -> arrayMap(way -> {said}, ways), "
        f"if({has_json}, all_json_texts, []), if({has_json}, {ways}, []))), if({has_json}, {order}, []))"
    )


def _way(path: Path) -> str:
    """What to add up, if anything, and the steps to a value: an array, which is one constant where a tuple is none."""
    form, _, part = path.path.partition(":")
    return _array([_quoted(step) for step in ((part,) if form == "sum" else ("", *path.path.split(".")))])


def _found_in_json(field: str) -> str:
    """What the paths of a field found."""
    first = sum(1 for path in dialects().paths if dialects().number(path.field) < dialects().number(field))
    return f"arraySlice(json_said, {first + 1}, {len(_paths(field))})"


def _paths(field: str) -> list[Path]:
    return [path for path in dialects().paths if path.field == field]


def _text(field: str) -> str:
    """The best key of a field that is there; else the first of its JSON paths."""
    place = _place(field)
    best = f"texts[{place}]"
    if field in _IDENTITIES:
        best = f"if(types[{place}] = 3, toString(numbers[{place}]), {best})"
    if field not in PAYLOAD_FIELDS:
        # Some write every value as JSON.
        best = f"trim(BOTH '\"' FROM {best})"
    if _paths(field):
        in_json = f"arrayMap(found -> JSONExtractString(found), {_found_in_json(field)})"
        best = f"arrayFirst(t -> t != '', arrayPushFront({in_json}, {best}))"
    if field in _MAY_BE_UNKNOWN:
        words = ", ".join(_quoted(word) for word in _UNKNOWN)
        best = f"arrayFirst(t -> lower(t) NOT IN ({words}), [{best}])"
    return best


def _numbers(fields: tuple[str, ...], kind: str) -> str:
    """Of each attribute that is one of these fields its number, said as an integer, a double or a string."""
    these = ", ".join(str(dialects().number(field)) for field in fields)
    return (
        f"arrayMap((c, y, n, t) -> multiIf(intDiv(c, 256) NOT IN ({these}), NULL, "
        f"y = 3, accurateCastOrNull(n, '{kind}'), y = 4, accurateCastOrNull(reinterpretAsFloat64(n), '{kind}'), "
        f"y = 1, accurateCastOrNull(toFloat64OrNull(t), '{kind}'), NULL), codes, types, numbers, texts)"
    )


def _number(field: str, numbers: str, kind: str) -> str:
    """The number of the best key of a field; else of the first of its JSON paths that leads to one; else null."""
    said = f"{numbers}[{_place(field)}]"
    if not _paths(field):
        return said
    in_json = f"arrayMap(found -> JSONExtract(found, 'Nullable({kind})'), {_found_in_json(field)})"
    return f"coalesce({said}, arrayFirst(n -> n IS NOT NULL, {in_json}))"


def _seconds(field: str) -> str:
    """A duration in seconds, whatever its key's unit."""
    ranks: dict[str, list[str]] = {"ms": [], "ms if integer": []}
    for place, alias in enumerate(dialects().keys_of(field)):
        if alias.unit in ranks:
            ranks[alias.unit].append(str(place))
    entry = f"arrayFirst(x -> bitShiftRight(x, 32) = {dialects().number(field)}, known)"
    rank = f"bitAnd(bitShiftRight({entry}, 24), 255)"
    in_ms = [f"{rank} IN ({', '.join(ranks['ms'])})"] if ranks["ms"] else []
    if ranks["ms if integer"]:
        in_ms.append(f"({rank} IN ({', '.join(ranks['ms if integer'])}) AND types[{_place(field)}] = 3)")
    number = _number(field, "amounts", "Float64")
    return f"{number} / if({' OR '.join(in_ms)}, 1000, 1)" if in_ms else number


def _said_kind() -> str:
    """The first known word among the keys that name a kind; under one key it may mean another thing than elsewhere."""
    known = dialects()
    ranks = {alias.key: chr(ord("A") + rank) for rank, alias in enumerate(known.keys_of("kind"))}
    anywhere: dict[str, int] = {}
    under_one_key: dict[str, int] = {}
    names: dict[str, int] = {}
    for row in known.kinds:
        code = SAID_OTHER if row.kind == "other" else KINDS.index(row.kind)
        if row.key == "":
            anywhere[row.value] = code
        elif row.key == SPAN_NAME:
            names[row.value] = code
        else:
            under_one_key[ranks[row.key] + row.value] = code
    word = "lower(trim(BOTH '\"' FROM texts[bitAnd(x, 16777215)]))"
    rank = "char(65 + bitAnd(bitShiftRight(x, 24), 255))"
    said = f"arrayFilter(x -> bitShiftRight(x, 32) = {known.number('kind')}, known)"
    code_of_word = _transform(f"concat({rank}, {word})", under_one_key, _transform(word, anywhere, "0"))
    by_name = _transform("lower(name)", names, "0")
    return f"arrayFirst(k -> k > 0, arrayPushBack(arrayMap(x -> {code_of_word}, {said}), {by_name}))"


def _transform(value: str, codes: dict[str, int], otherwise: str) -> str:
    words, numbers = _array([_quoted(word) for word in codes]), _array([str(code) for code in codes.values()])
    return f"transform({value}, {words}, {numbers}, {otherwise})"


def _finish() -> str:
    """Why the model stopped, in one word: of a list, of a list as JSON, or of a plain text, the first."""
    place = _place("finish_reason")
    text = f"texts[{place}]"
    # A list of strings as protobuf: tag and length of the first value, tag and length of its text, the text.
    first = (
        f"multiIf(types[{place}] = 5, substring({text}, 5, ascii(substring({text}, 4, 1))), "
        f"startsWith({text}, '['), JSONExtractString({text}, 1), splitByChar(',', {text})[1])"
    )
    # Some print the name of an enumeration with it.
    first = f"splitByChar('.', {first})[-1]"
    finishes = dialects().finishes
    values, words = _array([_quoted(value) for value, _ in finishes]), _array([_quoted(word) for _, word in finishes])
    return f"transform(lower({first}), {values}, {words})"


def _any_quirk(quirks: list[Quirk]) -> str:
    """Whether one of some rows of emitters.csv holds of a step."""
    tests = []
    for quirk in quirks:
        scope = _quoted(quirk.scope.removesuffix("*"))
        is_scope = f"startsWith(scope_name, {scope})" if quirk.scope.endswith("*") else f"scope_name = {scope}"
        unless = f" AND NOT has(keys, {_quoted(quirk.unless)})" if quirk.unless else ""
        is_model = f" AND position(models, {_quoted(quirk.model)}) > 0" if quirk.model else ""
        tests.append(f"({is_scope}{is_model}{unless})")
    return f"({' OR '.join(tests)})"


def _affixes(field: str, start: str, end: str, where: str = "before") -> str:
    texts = [re.escape(affix.text) for affix in dialects().affixes if (affix.field, affix.where) == (field, where)]
    return start + "|".join(texts) + end


def _name(field: str) -> str:
    """The name of a tool, an agent or a model, from the name of a span that has no better place for it."""
    after = _affixes(field, "(?:", ")", "after")
    if field != "tool":
        # Without its mark a span's name may be anything.
        marked = f"extract(name, {_quoted(f'^(.*){after}$')})" if field == "agent" else "''"
        keys = [
            _quoted(affix.text) for affix in dialects().affixes if (affix.field, affix.where) == (field, "whole by")
        ]
        return f"if(hasAny(keys, {_array(keys)}), name, {marked})"
    before = _affixes(field, "^(?:", ") *")
    return f"replaceRegexpOne(replaceRegexpOne(name, {_quoted(before)}, ''), {_quoted(f'{after}$')}, '')"
