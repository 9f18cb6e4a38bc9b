"""Server-sent events: the frames that providers stream their answers in."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.providers.loose import Json, parsed

DONE = "[DONE]"
"""What OpenAI and those who speak like it send last."""


def data_of(body: bytes) -> Iterator[str]:
    """The data of each event. A frame that was cut off is given, too: its reader decides whether it is of use."""
    lines: list[bytes] = []
    # Of bytes, `splitlines` knows LF, CR and CRLF alone, as this format does; of text it would split at U+2028, too.
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines():
        if not line:
            if lines:
                yield _joined(lines)
                lines = []
        elif line.startswith(b"data:"):
            value = line[5:]
            lines.append(value[1:] if value[:1] == b" " else value)
    if lines:
        yield _joined(lines)


def _joined(lines: list[bytes]) -> str:
    return b"\n".join(lines).decode("utf-8", "replace")


def events_of(body: bytes) -> Iterator[Json]:
    """The objects in the events; the closing mark becomes `{"type": "[DONE]"}`."""
    for data in data_of(body):
        if data.strip() == DONE:
            yield {"type": DONE}
        else:
            value = parsed(data)
            if isinstance(value, dict):
                yield value
