"""Large texts, written once a process: a request that repeats its conversation costs references only.

A text is cut before every `,{"role":`, or where there is none before every `, {"role":` as requests and `json.dumps`
write it (bytes, not JSON values: white space and escapes stay), so a turn of an agent adds the pieces of its new
messages. Cutting never changes a byte: joined, the pieces are the text.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import OrderedDict
from typing import Any

from playhead.lanes.actor import allocate_lock
from playhead.lanes.sink import Sink

SMALLEST = 256
MARK = b',{"role":'
SPACED = b', {"role":'
# Beyond this many the oldest are forgotten, and written again if they come back: memory is bounded, nothing is lost.
MOST_REMEMBERED = 50_000


class Pieces:
    def __init__(self, sink: Sink | None = None, known: Pieces | None = None) -> None:
        """`known`: those of a recording that is served, while another is made."""
        self._sink = sink
        self._key = os.urandom(16)
        self._written: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._texts: dict[str, Any] = {} if known is None else known._texts
        self._passed: set[str] = set()
        self._mutex = allocate_lock()

    def fold(self, data: bytes) -> Any:
        """`data` as JSON: itself where it is short, else references to pieces that are now written."""
        if len(data) < SMALLEST or self._sink is None:
            return _plain(data)
        mark = MARK if MARK in data else SPACED
        head, *rest = data.split(mark)
        with self._mutex:
            return {"pieces": [self._write(piece) for piece in [head, *(mark + part for part in rest)]]}

    def _write(self, piece: bytes) -> str:
        # Python's own hash takes a fifth of the time, and most of a request has been written before. Behind a key that
        # nobody knows, since with a fixed PYTHONHASHSEED a piece could be written that is taken for another.
        known = (hash(self._key + piece), len(piece))
        key = self._written.get(known)
        if key is not None:
            self._written.move_to_end(known)
            return key
        key = hashlib.blake2b(piece, digest_size=12).hexdigest()
        assert self._sink is not None
        self._sink.append(["p", key, _plain(piece)])
        self._written[known] = key
        if len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)
        return key

    def pass_on(self, folded: Any) -> None:
        """The pieces that an outcome of the old recording refers to go into the new one, each once."""
        if isinstance(folded, dict):
            for key in folded.get("pieces", ()):
                if key in self._texts and key not in self._passed and self._sink is not None:
                    self._passed.add(key)
                    self._sink.append(["p", key, self._texts[key]])
            for value in folded.values():
                self.pass_on(value)
        elif isinstance(folded, list):
            for value in folded:
                self.pass_on(value)

    def keep(self, key: str, text: Any) -> None:
        self._texts[key] = text

    def whole(self, folded: Any) -> bytes:
        if isinstance(folded, dict) and "pieces" in folded:
            return b"".join(_bytes(self._texts[key]) for key in folded["pieces"])
        return _bytes(folded)

    def unfold(self, detail: Any) -> Any:
        """A detail with its pieces put in, for people."""
        if isinstance(detail, dict):
            if "pieces" in detail:
                # A run that wrote a piece first may have been erased, and the piece with it.
                texts = (self._texts.get(key, "[not in the recording]") for key in detail["pieces"])
                return b"".join(map(_bytes, texts)).decode("utf-8", "replace")
            return {key: self.unfold(value) for key, value in detail.items()}
        return [self.unfold(value) for value in detail] if isinstance(detail, list) else detail


def _plain(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(text: Any) -> bytes:
    return base64.b64decode(text["base64"]) if isinstance(text, dict) else str(text).encode()
