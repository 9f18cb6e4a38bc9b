"""`make bench-scroll`: what one waits for in a list of a million runs: a page, the end, a leap, another order.

Filled by a real collector with runs of two steps, then scrolled as the terminal does. PLAYHEAD_BENCH_RUNS=50000 gives a
quick look.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.bench.folder import measure
from tests.bench.recent import DAYS, START_NS
from tests.bench.sender import send_http
from tests.bench.subject import running
from tests.bench.tui import Watched, until
from tests.collector.dialects.spans import key_values
from textual.pilot import Pilot

from playhead_tui.runs.screen import RunsScreen
from playhead_tui.runs.table import RunTable

_RUNS = int(os.environ.get("PLAYHEAD_BENCH_RUNS", "1000000"))
_PAGES = 100
_A_REQUEST = 1_000
_PATIENCE_S = 3_600.0


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, float]:
    with running(folder) as subject:
        send_http(subject.http, _bodies())
        subject.wait_for_steps(2 * _RUNS, _PATIENCE_S)
        subject.settle()
        print(f"{_RUNS:,} runs stored", flush=True)
        return asyncio.run(_scroll(f"chdb://{folder / 'store'}"))


def _bodies() -> Iterator[bytes]:
    every = DAYS * 86_400 * 1_000_000_000 // _RUNS
    agents = [
        list(key_values({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}))
        for name in ("support", "researcher", "coder", "planner", "billing")
    ]
    prompt = list(key_values({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}))
    for first in range(1, _RUNS + 1, _A_REQUEST):
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        for number in range(first, min(first + _A_REQUEST, _RUNS + 1)):
            # Ids are spread, as random ones are.
            run_id = (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8) + number.to_bytes(8)
            began = START_NS + number * every
            took = (1 + number % 50) * 1_000_000_000
            root, call = (2 * number).to_bytes(8), (2 * number + 1).to_bytes(8)
            spans.add(
                trace_id=run_id, span_id=root, name="agent", start_time_unix_nano=began,
                end_time_unix_nano=began + took, attributes=agents[number % len(agents)],
            )  # fmt: skip
            spans.add(
                trace_id=run_id, span_id=call, parent_span_id=root, name="chat", start_time_unix_nano=began,
                end_time_unix_nano=began + took // 2, attributes=prompt,
            )  # fmt: skip
        yield request.SerializeToString()


async def _scroll(store: str) -> dict[str, float]:
    app = Watched(store)
    found: dict[str, float] = {"runs": _RUNS}
    began = time.perf_counter()
    async with app.run_test(size=(120, 36)) as pilot:
        await app.rows()
        found["first_rows_ms"] = round((time.perf_counter() - began) * 1000, 1)
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        table = screen.query_one(RunTable)

        async def timed(name: str, move: Callable[[], object], times: int = 1) -> None:
            taken = [await _ms(pilot, table, move) for _ in range(times)]
            found[f"{name}_ms"] = round(statistics.median(taken), 1)
            print(f"{name:14} {found[f'{name}_ms']:8.1f} ms, slowest {max(taken):8.1f}", flush=True)

        await timed("page", lambda: table.action_page(1), _PAGES)
        await timed("end", table.action_last)
        await timed("page_back", lambda: table.action_page(-1), _PAGES)
        await timed("leap", lambda: table.go_to(table.count // 2))
        for order in ("cost", "steps", "agent"):
            await timed(f"by_{order}", lambda order=order: screen.sort(order))  # type: ignore[misc]
    return found


async def _ms(pilot: Pilot[None], table: RunTable, move: Callable[[], object]) -> float:
    """Until all lines on the screen are there, and nothing is asked for."""
    began = time.perf_counter()
    move()
    await pilot.pause()
    await until(lambda: all(worker.is_finished for worker in pilot.app.workers))
    await until(lambda: all(table.windows.row(line) is not None for line in table.visible_lines))
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
