"""Takes secrets out of a span's texts before they are written.

Most texts of a step are the same in every step (its kind, its name), so what was found clean once is not looked at
again: only what is new costs a scan.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from playhead.values.redact import Redactor

_MOST_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 64
# Shorter than this nothing is worth remembering by its hash: a piece of a stream, that never comes again.
_SHORTEST_HASHED = 256
_MESSAGE = ',{"role":'


class Redaction:
    """Safe to use from any thread: what two threads remember at once is the same."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._clean: set[str] = set()
        self._key = os.urandom(16).hex()
        self._clean_messages: set[tuple[int, int]] = set()
        self._keys: dict[str, bool] = {}

    def attributes(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        clean, keys = self._clean, self._keys
        return {
            # As a rule key and text were looked at before: twenty of these a step, so it is said here at full length.
            key: value if type(value) is str and value in clean and keys.get(key) is False else self._value(key, value)
            for key, value in attributes.items()
        }

    def values(self, values: list[Any]) -> list[Any]:
        """The same values, nested ones too, without the secrets in their texts."""
        return [self._nameless(value) for value in values]

    def named(self, name: str, value: Any) -> Any:
        """A value, or what holds it, that stands under a name."""
        if isinstance(value, str):
            if "." not in name and not self._is_secret(name):
                return self.text(value)  # which remembers what was clean
            return self._redactor.named(name, value)
        if isinstance(value, (list, tuple)):
            return [self.named(name, item) if item not in ("=", "!") else item for item in value]
        return value

    def words(self, words: Sequence[str]) -> list[str]:
        """A command line: what stands behind an option that names a secret is one, whatever its shape."""
        said: list[str] = []
        option = ""
        for word in words:
            name, equals, value = word.partition("=")
            if word.startswith("-") and equals:
                said.append(f"{name}={self.named(name.lstrip('-'), self.text(value))}")
            elif option and not word.startswith("-"):
                said.append(self.named(option, self.text(word)))
            else:
                said.append(self.text(word))
            option = word.lstrip("-") if word.startswith("-") and not equals else ""
        return said

    def text(self, text: str) -> str:
        if len(text) > _LONGEST_REMEMBERED:
            again = len(text) >= _SHORTEST_HASHED and self._redactor.is_local(text)
            return self._by_messages(text) if again else self._redactor.text(text)
        if text in self._clean:
            return text
        redacted = self._redactor.text(text)
        if redacted is text:
            if len(self._clean) >= _MOST_REMEMBERED:
                # Dates and ids come once and never again: kept for good, they would leave no room for what comes often.
                self._clean.clear()
            self._clean.add(text)
        return redacted

    def _by_messages(self, text: str) -> str:
        """Each turn of an agent says its conversation again: a message that was found clean is not searched again.

        No secret reaches over a cut, since what is cut at has quotes in it, and every shape ends before one.
        """
        made: list[str] = []
        changed = False
        for message in text.split(_MESSAGE):
            # Python's own hash is the fastest, and with a fixed PYTHONHASHSEED known to anybody. Behind a key that is
            # drawn anew in each process nobody can write a message that is taken for another.
            known = (hash(self._key + message), len(message))
            if known in self._clean_messages:
                made.append(message)
                continue
            redacted = self._redactor.text(message)
            made.append(redacted)
            if redacted is not message:
                changed = True
                continue
            if len(self._clean_messages) >= _MOST_REMEMBERED:
                self._clean_messages.clear()
            self._clean_messages.add(known)
        return _MESSAGE.join(made) if changed else text

    def _nameless(self, value: Any) -> Any:
        """Most of what a recording holds: by its exact type, since each piece of a stream is a dozen of these."""
        kind = type(value)
        if kind is str:
            return value if value in self._clean else self.text(value)
        if kind is int or value is None or kind is bool or kind is float:
            return value
        if kind is list:
            return [self._nameless(item) for item in value]
        return self._value("", value)

    def _value(self, key: str, value: Any) -> Any:
        kind = type(value)
        if kind is int or kind is float or kind is bool or value is None:
            return value
        if isinstance(value, str):
            return self._redactor.named(_last(key), value) if self._is_secret(key) else self.text(value)
        if isinstance(value, (list, tuple)):
            return [self._value(key, item) for item in value]
        if isinstance(value, bytes):
            return self._redactor.data(value)
        if isinstance(value, Mapping):
            return self.attributes(value)
        return value

    def _is_secret(self, key: str) -> bool:
        """Whether the key alone says that its value is one: `http.request.header.authorization`, a field of a rule."""
        known = self._keys.get(key)
        if known is None:
            known = self._redactor.named(_last(key), "a secret") != "a secret"
            if len(self._keys) < _MOST_REMEMBERED:
                self._keys[key] = known
        return known


def _last(key: str) -> str:
    """`authorization` of `http.request.header.authorization`."""
    return key.rpartition(".")[2]
