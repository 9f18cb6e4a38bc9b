"""Python values as JSON that people can read and `decode` can turn back, types included. Never pickle.

What JSON has is written as it is. Everything else is an object whose first key names its kind: `{"$tuple": [1, 2]}`,
`{"$datetime": "2026-11-21T10:00:00+00:00"}`, `{"$dataclass": "shop:Receipt", "fields": {…}}`. A second appearance of a
container is `{"$ref": "/items/0"}`, which keeps shared and circular references. A dict with keys that are no texts, or
that could be taken for a kind, is `{"$dict": [[key, value], …]}`.

A value that cannot come back exactly is written as well as it can be, and the result says so, and why. Encoding reads
data and runs none of the agent's code (an exception's `__str__` apart); it never raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from playhead.values.json_text import writer
from playhead.values.kinds import LEAVES, kind_of, name_of, state_of

MAX_DEPTH = 64
MAX_VALUES = 250_000
# What JSON readers elsewhere hold in 64 bits is written as a number, larger integers as text.
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 64) - 1

_EMPTY = ()

Tree = Any
"""What `json` can write."""


class Encoded(NamedTuple):
    """A named tuple, since one is made for each argument and result: it costs a third of a frozen dataclass."""

    json: str
    exact: bool
    """Decoding gives an equal value of the same type."""
    why: str | None
    """What cannot come back, and where it is; None when exact."""


def _unwritable(value: object) -> Any:
    raise TypeError(f"a {type(value).__name__} is not JSON")


_write = writer(_unwritable, allow_nan=False)


def encode(value: Any, *, max_depth: int = MAX_DEPTH, max_text: int | None = None) -> Encoded:
    """A value as JSON. `max_text` cuts longer texts; nothing is cut where it is not given."""
    try:
        if max_text is None and _is_plain(value, max_depth, None):
            text = _write(value)
            # A key that begins like a kind needs the long way; a text that does so goes there for nothing.
            if '"$' not in text and (text.isascii() or _is_utf8(text)):
                return Encoded(text, True, None)
    except (ValueError, RecursionError, RuntimeError):
        # A number that JSON has not, or a container that another thread is changing.
        pass
    encoder = _Encoder(max_depth, max_text)
    try:
        tree = encoder.value(value)
    except Exception as error:  # noqa: BLE001 - a value of the agent's may be anything, and must not break its call
        encoder.lose(f"it could not be read ({type(error).__name__})")
        tree = {"$opaque": name_of(type(value))[0]}
    return Encoded(_text(tree), encoder.why is None, encoder.why)


def _text(tree: Tree) -> str:
    text = _write(tree)
    # Half of a surrogate pair is no character; as an escape it survives, and so does the file it is written to.
    return text if text.isascii() or _is_utf8(text) else json.dumps(tree, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain(value: Any, depth: int, seen: set[int] | None) -> bool:  # noqa: PLR0911 - each as early as can be
    """Whether a value is what JSON has, each container once: then it is written without being copied."""
    kind = type(value)
    if kind is dict:
        # Only keys that are texts come back as they were.
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is not list:
        return kind is str or kind is bool or value is None or kind is float or _is_small(value)
    if depth <= 0:
        return False
    for item in value:
        inner = type(item)
        if inner is str:
            continue
        if inner is dict or inner is list:
            if seen is None:
                seen = set()
            if id(item) in seen:
                return False
            seen.add(id(item))
            if not _is_plain(item, depth - 1, seen):
                return False
        elif not (inner is bool or item is None or inner is float or _is_small(item)):
            return False
    return True


def _is_small(value: Any) -> bool:
    return type(value) is int and _INT_MIN <= value <= _INT_MAX


class _Encoder:
    """One value on its way: where it is in the tree, what has been seen where, and what was lost."""

    def __init__(self, max_depth: int, max_text: int | None) -> None:
        self.why: str | None = None
        self._max_depth = max_depth
        self._max_text = max_text
        self._path: list[str] = []
        self._values = 0
        self._seen: dict[int, tuple[str, ...]] = {}
        # Made here and walked into: alive until the end, so that no id is used twice.
        self._held: list[Any] = []
        # Those that can only be built when all within them is: a circle through them cannot come back.
        self._closed: set[int] = set()

    def lose(self, what: str) -> None:
        if self.why is None:
            self.why = f"{_pointer(self._path) or 'the value'}: {what}"

    def value(self, value: Any) -> Tree:
        kind = type(value)
        if value is None or kind is bool or _is_small(value):
            return value
        if kind is str:
            return self._str(value)
        self._values += 1
        if self._values > MAX_VALUES:
            return self._cut(f"more than {MAX_VALUES} values")
        if leaf := LEAVES.get(kind):
            written = leaf(value)
            return written if written is not None else self._opaque(value)
        return self._container(value)

    def _str(self, value: str) -> Tree:
        if self._max_text is None or len(value) <= self._max_text:
            return value
        self.lose(f"a text of {len(value)} characters was cut at {self._max_text}")
        return {"$cut": f"{len(value)} characters", "begins": value[: self._max_text]}

    def _cut(self, what: str) -> Tree:
        self.lose(what)
        return {"$cut": what}

    def _container(self, value: Any) -> Tree:
        if len(self._path) >= self._max_depth * 2:
            return self._cut(f"deeper than {self._max_depth}")
        # One of a kind wherever they appear, so never a reference.
        if isinstance(value, Enum) or value is _EMPTY:
            return self._enum(value) if value is not _EMPTY else {"$tuple": []}
        seen = self._seen.get(id(value))
        if seen is not None:
            if id(value) in self._closed:
                return self._cut(f"a circle through a {type(value).__name__}")
            return {"$ref": _pointer(seen)}
        kind = kind_of(value)
        if kind is None:
            return self._opaque(value)
        self._seen[id(value)] = tuple(self._path)
        self._held.append(value)
        if kind.closed:
            self._closed.add(id(value))
        tree = getattr(self, f"_{kind.name}")(value)
        self._closed.discard(id(value))
        return tree

    def _items(self, values: Any, *steps: str) -> list[Tree]:
        path = self._path
        path += steps
        trees = []
        for index, value in enumerate(list(values)):
            path.append(str(index))
            trees.append(self.value(value))
            path.pop()
        del path[len(path) - len(steps) :]
        return trees

    def _pairs(self, values: Any, step: str) -> list[Tree]:
        trees = []
        for index, pair in enumerate(list(values.items())):
            trees.append(self._items(pair, step, str(index)))
        return trees

    def _named(self, values: Any, *steps: str) -> dict[str, Tree]:
        path = self._path
        path += steps
        trees = {}
        for key, value in list(values.items()):
            path.append(key)
            trees[key] = self.value(value)
            path.pop()
        del path[len(path) - len(steps) :]
        return trees

    def _at(self, step: str, value: Any) -> Tree:
        self._path.append(step)
        tree = self.value(value)
        self._path.pop()
        return tree

    def _class(self, value: Any) -> str:
        name, found = name_of(type(value))
        if not found:
            self.lose(f"the class {name} cannot be found by its name")
        return name

    # One method a kind of container, named as `kinds.kind_of` names it.

    def _list(self, value: list[Any]) -> Tree:
        return self._items(value)

    def _dict(self, value: dict[Any, Any]) -> Tree:
        if all(type(key) is str and key[:1] != "$" for key in list(value)):
            return self._named(value)
        return {"$dict": self._pairs(value, "$dict")}

    def _tuple(self, value: tuple[Any, ...]) -> Tree:
        return {"$tuple": self._items(value, "$tuple")}

    def _set(self, value: set[Any] | frozenset[Any]) -> Tree:
        kind = f"${type(value).__name__}"
        # Sets have no order of their own: sorted, equal sets are written alike whatever the hash seed was.
        members = sorted(
            ((_text(_Encoder(self._max_depth, None).value(member)), member) for member in list(value)), key=_first
        )
        return {kind: self._items((member for _, member in members), kind)}

    def _deque(self, value: Any) -> Tree:
        tree: dict[str, Tree] = {"$deque": self._items(value, "$deque")}
        return tree if value.maxlen is None else {**tree, "maxlen": value.maxlen}

    def _mapping(self, value: Any) -> Tree:
        kind = f"${type(value).__name__.lower()}"
        tree: dict[str, Tree] = {kind: self._pairs(value, kind)}
        factory = getattr(value, "default_factory", None)
        if factory is not None:
            if getattr(factory, "__module__", None) != "builtins" or not isinstance(factory, type):
                self.lose("the factory of a defaultdict is no built-in type")
            else:
                tree["factory"] = factory.__name__
        return tree

    def _namedtuple(self, value: Any) -> Tree:
        return {"$namedtuple": self._class(value), "fields": self._items(value, "fields")}

    def _enum(self, value: Any) -> Tree:
        tree: dict[str, Tree] = {"$enum": self._class(value)}
        name = value._name_
        if name is not None and type(value).__members__.get(name) is value:
            return {**tree, "name": name}
        # Several flags at once have no name of their own.
        return {**tree, "value": self._at("value", value._value_)}

    def _dataclass(self, value: Any) -> Tree:
        return {"$dataclass": self._class(value), "fields": self._named(state_of(value), "fields")}

    def _pydantic(self, value: Any) -> Tree:
        tree: dict[str, Tree] = {"$pydantic": self._class(value), "fields": self._named(vars(value), "fields")}
        given = value.__pydantic_fields_set__
        if given != set(vars(value)):
            tree["set"] = sorted(given)
        for key in ("extra", "private"):
            more = getattr(value, f"__pydantic_{key}__", None)
            if more:
                tree[key] = self._named(more, key)
        return tree

    def _exception(self, value: BaseException) -> Tree:
        tree: dict[str, Tree] = {"$exception": self._class(value), "args": self._items(value.args, "args")}
        try:
            tree["message"] = self._str(str(value))
        except Exception:  # noqa: BLE001 - the agent's code
            tree["message"] = ""
        state = state_of(value)
        notes = state.pop("__notes__", None)
        if state:
            tree["fields"] = self._named(state, "fields")
        if isinstance(notes, list):
            tree["notes"] = [note for note in notes if isinstance(note, str)]
        for key, other in (("cause", value.__cause__), ("context", value.__context__)):
            if other is not None:
                tree[key] = self._at(key, other)
        if value.__suppress_context__:
            tree["suppress"] = True
        return tree

    def _like(self, value: Any) -> Tree:
        """A class of the agent's over a built-in one: the built-in value, which is not the same thing."""
        name, _ = name_of(type(value))
        self.lose(f"a {name} is more than the built-in type it extends")
        plain: Any
        if isinstance(value, dict):
            plain = dict(dict.items(value))
        elif isinstance(value, (list, set)):
            plain = [*list.__iter__(value)] if isinstance(value, list) else {*set.__iter__(value)}
        else:
            base: Any = next(base for base in (str, int, float, bytes, tuple, frozenset) if isinstance(value, base))
            plain = base.__new__(base, value)
        self._held.append(plain)
        return {"$like": name, "value": self._at("value", plain)}

    def _opaque(self, value: Any) -> Tree:
        """What cannot be written: its class, and of its public fields those that say something by themselves."""
        name, _ = name_of(type(value))
        self.lose(f"a {name} cannot be written")
        held = getattr(value, "__dict__", None)
        fields = {
            key: item
            for key, item in (list(held.items())[:50] if type(held) is dict else ())
            if isinstance(key, str) and key[:1] not in ("_", "$") and _tells(item)
        }
        return {"$opaque": name, "fields": fields} if fields else {"$opaque": name}


def _pointer(path: Iterable[str]) -> str:
    """A place in the tree, as JSON pointers (RFC 6901) spell it."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _tells(item: Any) -> bool:
    kind = type(item)
    if kind is str:
        return len(item) <= 200
    return kind is bool or (kind is int and _INT_MIN <= item <= _INT_MAX) or (kind is float and item - item == 0)
