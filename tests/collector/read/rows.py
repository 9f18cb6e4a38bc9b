"""Rows of runs and steps as the store would give them, for what is worked out from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playhead_collector.read.run import Node, Run, Step
from playhead_collector.read.runs import RunRow

BEGAN = datetime(2026, 11, 21, tzinfo=UTC)


def row(run_id: str = "r", **figures: Any) -> RunRow:
    """A run of which nothing else is known."""
    names = ("name", "error", "agent", "version", "service", "session", "user", "shape", "first_step")
    counts = ("steps", "prompts", "tool_calls", "errors", "unpriced_calls", "calls_without_usage", "open_steps")
    nothing: dict[str, Any] = {
        **dict.fromkeys(names, ""), **dict.fromkeys(counts, 0), "missing_parents": 0,
        "status": "ok", "start_time": BEGAN, "seconds": None,
        "models": [], "tools": [], "input_tokens": None, "output_tokens": None, "cost_usd": None,
    }  # fmt: skip
    return RunRow(run_id, **{**nothing, **figures})


def step(number: int, at: tuple[float, float | None], **figures: Any) -> Step:
    """A tool's step, from and to in seconds; without an end it is open."""
    start, end = at
    names = ("parent_id", "error", "tool", "finish_reason", "state")
    unknown = (
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "reasoning_tokens",
        "first_token_seconds",
        "cost_usd",
    )
    given: dict[str, Any] = {
        **dict.fromkeys(names, ""), **dict.fromkeys(unknown), "run_id": "r", "step_id": str(number), "kind": "tool",
        "name": f"step {number}", "start_time": BEGAN + timedelta(seconds=start),
        "seconds": None if end is None else end - start, "status": "open" if end is None else "ok",
        "provider": "openai", "model": "gpt-4o-mini", "arguments_hash": 0, "from_outside": False, "counted": False,
    }  # fmt: skip
    return Step(**{**given, **figures})


def run_of(*steps: tuple[int, Step]) -> Run:
    """Steps, each with its depth."""
    return Run(row(steps=len(steps)), [Node(one, None, depth, False) for depth, one in steps], [])
