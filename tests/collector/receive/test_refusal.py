from __future__ import annotations

import asyncio
import gc
import weakref

from tests.collector.receive.receiver import RememberingSpool

from playhead_collector.errors import TooLarge
from playhead_collector.receive.export import Exporter
from playhead_collector.receive.refusal import Refusal, refusal_for


class _Body:
    """Stands for bytes, and can be watched."""


def test_what_a_refused_request_held_is_free_when_it_is_answered() -> None:
    """Not when Python next looks for circles: refusals in a row would hold a body each until then."""
    seen: list[weakref.ref[_Body]] = []

    def inflated(packed: bytes) -> bytes:
        body = _Body()
        seen.append(weakref.ref(body))
        raise TooLarge("the body is over 3 bytes")

    async def main() -> Refusal:
        exporter = Exporter(RememberingSpool())
        try:
            await exporter.inflate(exporter.limits.thread_above + 1, inflated, b"abcd")
        except TooLarge as error:
            return refusal_for(error)
        finally:
            exporter.close()
        raise AssertionError("it was not refused")

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(main()).http == 413
        [body] = seen
        assert body() is None
    finally:
        gc.enable()
