"""The trace context that clients put into what they send: it names spans, so it is another one in every run.

MCP's client has it in the body of each request, where it would make each of them another request in a replay.
"""

from __future__ import annotations

import re

_WORD = b"traceparent"
_CONTEXT = re.compile(rb'("traceparent"\s*:\s*"00-)[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"')


def without_trace_context(data: bytes) -> bytes:
    """What is the same in each run; to tell requests by, never to be sent."""
    return _CONTEXT.sub(rb'\1"', data) if _WORD in data else data
