"""A request with another trace context is the same request; with another word it is another."""

from __future__ import annotations

from playhead.wire.trace_context import without_trace_context


def body(trace: str, tool: str = "roll") -> bytes:
    context = f"00-{trace * 32}-{trace * 16}-01"
    return f'{{"method":"{tool}","params":{{"_meta":{{"traceparent":"{context}"}}}}}}'.encode()


def test_only_the_trace_context_is_left_out() -> None:
    assert body("a") != body("b")
    assert without_trace_context(body("a")) == without_trace_context(body("b"))
    assert without_trace_context(body("a")) != without_trace_context(body("a", "throw"))


def test_what_has_none_is_itself() -> None:
    data = b'{"content": "what is a traceparent?"}'
    assert without_trace_context(data) == data
