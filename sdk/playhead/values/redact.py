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
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from playhead.values.shapes import FIELDS, GATES, HEADERS, SHAPES, TOKEN, opening

_log = logging.getLogger(__name__)

Rule = Callable[[str], str]
"""A function of the user's: a text in, the text without what is to be hidden out."""


class Redactor:
    """The rules of one recording. Immutable, and safe to use from any thread."""

    def __init__(
        self,
        salt: bytes,
        *,
        fields: Iterable[str] = (),
        patterns: Iterable[str | re.Pattern[str]] = (),
        function: Rule | None = None,
    ) -> None:
        self._salt = salt
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._function = function
        self._fields = tuple(fields)
        self._names = {name.lower() for name in self._fields}
        self._opening = opening("|".join(map(re.escape, self._fields)), values=True) if self._fields else None

    @property
    def is_local(self) -> bool:
        """Whether what it hides never depends on what stands further off: of a user's own patterns nobody knows."""
        return not self._patterns and self._function is None

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
        for pattern in self._patterns:
            text = self._replaced("custom", pattern, text)
        return text if self._function is None else self._by_function(self._function, text)

    def _names_one(self, text: str) -> bool:
        lower = text.lower()
        return any(name in lower for name in self._names)

    def named(self, name: str, value: str) -> str:
        """A value that stands under a name: an environment variable, a header, an argument."""
        if name.lower() in self._names:
            return self.token("field", value)
        clean = self.text(value)
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

    def _replaced(self, kind: str, pattern: re.Pattern[str], text: str) -> str:
        group = "secret" if "secret" in pattern.groupindex else 0

        def token(match: re.Match[str]) -> str:
            whole, secret = match[0], match[group]
            if not secret:
                return whole
            start = match.start(group) - match.start()
            return whole[:start] + self.token(kind, secret) + whole[start + len(secret) :]

        made = pattern.sub(token, text)
        return text if made == text else made

    def _without_fields(self, pattern: re.Pattern[str], text: str) -> str:
        """Hides the values of fields in JSON, which may itself be within a JSON text, and so on."""
        made: list[str] = []
        at = 0
        while match := pattern.search(text, at):
            start = match.end()
            end = start
            if (plain := match.groupdict().get("plain")) is not None:
                start -= len(plain)
                token = f'{match["escape"]}"{self.token("field", plain)}{match["escape"]}"'
            else:
                end = _end_of_text(text, start, len(match["escape"]))
                token = self.token("field", text[start:end]) if end > start else ""
            made += [text[at:start], token]
            at = end
        if not made:
            return text
        whole = "".join([*made, text[at:]])
        return text if whole == text else whole

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
