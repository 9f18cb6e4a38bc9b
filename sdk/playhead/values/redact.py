"""Takes secrets out of whatever is about to be written: known shapes always, and what the user's rules name.

A secret becomes a token, `[redacted:api-key:3f2a9c01de]`, whose last part is a keyed hash: the same secret gives the
same token wherever it stands, and nobody without the installation's salt can try guesses against it. Tokens are left
alone when seen again, so a replay that was served a token in place of the secret (from the environment, a tool) sends
requests that are redacted, and fingerprinted, as the recorded ones were: it needs neither the secret nor the salt.

Only the secret's own characters are replaced, and a token needs no escaping: JSON stays JSON, in whatever depth of
texts within texts. A rule of the user's that raises hides the whole text: it fails shut.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, unquote

from playhead.values.personal import DETECTORS, Detector
from playhead.values.shapes import FIELDS, GATES, HEADERS, LISTED, SHAPES, TOKEN, escapes, opening, spelled

_log = logging.getLogger(__name__)

_BRACKET_OR_QUOTE = re.compile(r'[{}\[\]"]')
# Between the last quote and a number that stands in JSON.
_TO_NUMBER = re.compile(r"[\s\\\[\]{},:0-9.eE+truefalsn-]*[:\[,][\s\\n]*")
# What a number may have behind its digits.
_REST_OF_NUMBER = re.compile(r"(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BEHIND_NUMBER = re.compile(r"[\s,}\]\\]|\Z")

Rule = Callable[[str], str]
"""A function of the user's: a text in, the text without what is to be hidden out."""


class Pattern(Protocol):
    """A compiled pattern: Python's, or one of an engine that cannot be made to take long."""

    @property
    def groupindex(self) -> Mapping[str, int]: ...
    def search(self, text: str, /) -> Any: ...
    def sub(self, repl: Callable[[Any], str], text: str, /) -> str: ...


class Redactor:
    """The rules of one recording. Immutable, and safe to use from any thread."""

    def __init__(
        self,
        salt: bytes,
        *,
        fields: Iterable[str] = (),
        patterns: Iterable[str | Pattern] = (),
        detectors: Iterable[str] = (),
        function: Rule | None = None,
    ) -> None:
        self._salt = salt
        self._patterns: tuple[Pattern, ...] = tuple(
            re.compile(pattern) if isinstance(pattern, str) else pattern for pattern in patterns
        )
        self._detectors = tuple(DETECTORS[name] for name in detectors)
        self._function = function
        self._fields = tuple(fields)
        self._names = {name.lower() for name in self._fields}
        # What is in a text that has one of the names, in small letters: `ö`, or `\u00f6` as JSON may write it.
        self._gates = self._names | {
            escape.rpartition("\\")[2].lower() for name in self._names for letter in name for escape in escapes(letter)
        }
        self._opening = opening("|".join(map(spelled, self._fields))) if self._fields else None

    def is_local(self, text: str) -> bool:
        """Whether what it hides of a text never depends on what stands further off: of a user's own patterns nobody
        knows, and an object under a name of the user's is hidden up to its end.
        """
        return not self._patterns and self._function is None and (self._opening is None or not self._names_one(text))

    def token(self, kind: str, secret: str) -> str:
        """What stands for a secret."""
        if TOKEN.fullmatch(secret) or TOKEN.fullmatch(unquote(secret)):
            return secret
        digest = hmac.new(self._salt, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"[redacted:{kind}:{digest[:10]}]"

    def text(self, text: str) -> str:
        """A text without the secrets in it; the same object where there are none."""
        found = _found(text)
        if found:
            for gate, kind, pattern in SHAPES:
                if gate in found:
                    text = self._replaced(kind, pattern, text)
            if "field" in found:
                text = self._without_fields(FIELDS, text)
        if self._opening is not None and self._names_one(text):
            text = self._without_fields(self._opening, text)
        for detector in self._detectors:
            if detector.gate.search(text):
                text = self._detected(detector, text)
        for own in self._patterns:
            text = self._replaced("custom", own, text)
        return text if self._function is None else self._by_function(self._function, text)

    def _names_one(self, text: str) -> bool:
        lower = text.lower()
        return any(gate in lower for gate in self._gates)

    def named(self, name: str, value: str) -> str:
        """A value that stands under a name: an environment variable, a header, an argument."""
        if name.lower() in self._names:
            return self.token("field", value)
        # Of cookies all is hidden, however much of it has a shape.
        clean = value if name.lower().endswith("cookie") else self.text(value)
        if clean is value and value and HEADERS.search(name):
            # Of "Basic dXNlcjpw" the first word is no secret, and says what kind the rest is.
            scheme, space, rest = value.partition(" ")
            secret = scheme.isalpha() and space and name.lower().endswith("authorization")
            return f"{scheme} {self.token('credential', rest)}" if secret else self.token("credential", value)
        return clean

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.named(name, value)) for name, value in headers)

    def url(self, url: str) -> str:
        """An address without its password and without the values of what is a credential by its name."""
        head, mark, query = url.partition("?")
        if mark:
            query, hash_mark, fragment = query.partition("#")
            pairs = [self._pair(pair) for pair in query.split("&")]
            return self.text(head) + mark + "&".join(pairs) + hash_mark + fragment
        return self.text(url)

    def _pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        plain = unquote(value)
        clean = self.named(unquote(name), plain)
        if unquote(name).lower() in ("key", "sig", "token") and clean == plain and plain:
            clean = self.token("credential", plain)
        # As a client would have written it, so that a token that comes back in a replay's address is the same.
        return pair if clean == plain and not TOKEN.search(plain) else f"{name}{mark}{quote(clean, safe='')}"

    def data(self, data: bytes) -> bytes:
        """Bytes that may be text; the same object where nothing is to be hidden."""
        try:
            encoding = "utf-8"
            text = data.decode()
        except UnicodeDecodeError:
            # Every byte a character, and back again: secrets are ASCII.
            encoding = "latin-1"
            text = data.decode(encoding)
        clean = self.text(text)
        return data if clean is text else clean.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")

    def body(self, body: bytes, content_type: str | None = None, content_encoding: str | None = None) -> bytes:
        """A body in whatever it is packed in. What nothing here can unpack is left as it is."""
        # Here and not above: readers of bodies are for whoever has one, and half of what `init` would import.
        from playhead.providers.content_encoding import decoded, encoded
        from playhead.providers.eventstream import CONTENT_TYPE

        plain = decoded(body, content_encoding)
        if not plain:
            return body
        framed = (content_type or "").lower().startswith(CONTENT_TYPE)
        clean = self._frames(plain) if framed else self.data(plain)
        if clean is plain or clean == plain:
            return body
        packed = clean if plain is body else encoded(clean, content_encoding)
        # Better a body that cannot be read than one with a secret in it.
        return packed if packed is not None else b""

    def _frames(self, body: bytes) -> bytes:
        from playhead.providers.eventstream import frame, frames_of

        made = []
        length = 0
        for one in frames_of(body):
            clean = self.data(one.payload)
            made.append(frame(one.headers, clean))
            length += len(made[-1]) + len(one.payload) - len(clean)
        # What follows the last whole frame is kept as it came.
        return b"".join(made) + body[length:] if made else body

    def _replaced(self, kind: str, pattern: Pattern, text: str) -> str:
        group = pattern.groupindex.get("secret", 0)

        def token(match: Any) -> str:
            whole: str = match[0]
            secret: str | None = match[group]
            if not secret:
                return whole
            start: int = match.start(group) - match.start()
            return whole[:start] + self.token(kind, secret) + whole[start + len(secret) :]

        made: str = pattern.sub(token, text)
        return text if made == text else made

    def _detected(self, detector: Detector, text: str) -> str:
        made: list[str] = []
        at = 0
        while match := detector.pattern.search(text, at):
            start = match.start("secret")
            length = detector.length(match["secret"])
            end = start + length
            token = self.token(detector.kind, text[start:end]) if length else text[start : start + 1]
            # What is none may have one in it that begins later.
            next_at = end if length else start + 1
            if length and (number := _number_of_json(text, start, end)) is not None:
                # The whole of it: of its sign or its fraction alone JSON can make nothing.
                start, next_at, quote = number
                token = f"{quote}{token}{quote}"
            made += [text[at:start], token]
            at = next_at
        clean = "".join([*made, text[at:]])
        return text if clean == text else clean

    def _without_fields(self, pattern: re.Pattern[str], text: str) -> str:
        """Hides the values of fields in JSON, which may itself be within a JSON text, and so on."""
        made: list[str] = []
        at = 0
        while match := pattern.search(text, at):
            start = match.end()
            end = start
            named = match.groupdict()
            if named.get("within") is not None:
                start -= 1
                end = _end_of_brackets(text, start, len(match["escape"]))
                token = f'{match["escape"]}"{self.token("field", text[start:end])}{match["escape"]}"'
            elif (plain := named.get("plain")) is not None:
                start -= len(plain)
                token = f'{match["escape"]}"{self.token("field", plain)}{match["escape"]}"'
            elif named.get("listed") is not None:
                end, token = self._without_listed(text, start, match["escape"])
            else:
                end = _end_of_text(text, start, len(match["escape"]))
                token = self.token("field", text[start:end]) if end > start else ""
            made += [text[at:start], token]
            at = end
        if not made:
            return text
        whole = "".join([*made, text[at:]])
        return text if whole == text else whole

    def _without_listed(self, text: str, at: int, escape: str) -> tuple[int, str]:
        """Hides a list's texts and long numbers, each by itself, up to what is neither: so it never runs past a cut
        between messages, which are searched one by one. Returns how far it came, and what stands there then.
        """
        made: list[str] = []
        quote = f'{escape}"'
        while (match := LISTED.match(text, at)) and match["escape"] in (escape, None):
            if (plain := match["plain"]) is not None:
                made += [text[at : match.start("plain")], quote, self.token("field", plain), quote]
                at = match.end()
            else:
                start = match.end()
                end = _end_of_text(text, start, len(escape))
                made += [text[at:start], self.token("field", text[start:end]) if end > start else ""]
                made += [text[end : end + len(quote)]]
                at = end + len(quote)
        return at, "".join(made)

    def _by_function(self, function: Rule, text: str) -> str:
        try:
            made = function(text)
        except Exception:  # noqa: BLE001 - the user's code: whatever it raises, nothing unseen is written
            _log.warning("a redaction rule raised, so the whole text is hidden", exc_info=True)
            return self.token("rule-failed", text)
        return text if made == text else made


def _found(text: str) -> set[str | None]:
    """What a text may hold: nothing, as a rule."""
    # Looked for first: an iterator that finds nothing costs twice the look, and there are 17 of them for a short text.
    return {match.lastgroup for gate in GATES if gate.search(text) for match in gate.finditer(text)}


def _number_of_json(text: str, start: int, end: int) -> tuple[int, int, str] | None:
    """From where to where the number goes that has these digits in JSON, and with which quotes a text takes its place;
    None where there is no number of JSON's.
    """
    rest = _REST_OF_NUMBER.match(text, end)
    end = rest.end() if rest else end
    if text[max(0, start - 1) : start] == "-":
        start -= 1
    if _BEHIND_NUMBER.match(text, end) is None:
        return None
    # Before this there may be a long array of numbers; then what stands for one is left without quotes.
    before = text[max(0, start - 256) : start]
    head, quote, between = before.rpartition('"')
    if _TO_NUMBER.fullmatch(between) is None:
        return None
    if not quote:
        return (start, end, '"') if len(before) == start else None
    escapes = len(head) - len(head.rstrip("\\"))
    # What it closed was beside the number; what it opened is a text that the number is in.
    closed = between.lstrip(" \t\r\n\\n")[:1] in (":", ",", "]", "}")
    return start, end, "\\" * (escapes if closed else 2 * escapes + 1) + '"'


def _end_of_brackets(text: str, at: int, escapes: int) -> int:
    """Where an object or an array ends whose texts have so many backslashes before their quotes."""
    depth = 0
    while match := _BRACKET_OR_QUOTE.search(text, at):
        at = match.end()
        if match[0] in "{[":
            depth += 1
        elif match[0] in "}]":
            depth -= 1
            if depth == 0:
                return at
        else:
            at = min(len(text), _end_of_text(text, at, escapes) + escapes + 1)
    return len(text)


def _end_of_text(text: str, at: int, escapes: int) -> int:
    """Where a JSON text ends whose quotes have so many backslashes before them.

    Each level of nesting doubles backslashes and adds one to a quote's, so a quote ends the text when the run before it
    is that of its own level, plus whole backslashes of the value's own.
    """
    while (end := text.find('"', at)) >= 0:
        run = 0
        while text[end - run - 1] == "\\":
            run += 1
        if run % (2 * (escapes + 1)) == escapes:
            return end - escapes
        at = end + 1
    return len(text)
