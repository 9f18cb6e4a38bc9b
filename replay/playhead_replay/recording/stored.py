"""The stored steps of any run as a recording without records: what a playback walks through, in whatever dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.trace.v1 import trace_pb2 as pb

from playhead_collector.read.run import Node, Step, find_run, read_run
from playhead_replay.recording.recording import Recording
from playhead_replay.recording.steps import RecordedStep, from_otlp, in_order


def stored_steps(client: Client, prefix: str) -> Recording:
    """Raises UsageError where there is no such run."""
    run = find_run(client, prefix)
    steps = in_order(_step(node) for node in read_run(client, run).nodes if not node.step.from_outside)
    return Recording("", run, steps, (), {}, {}, (run,))


def _step(node: Node) -> RecordedStep:
    """With what the store knows of it, under the names by which a session knows it."""
    span = pb.Span() if node.stored is None else node.stored.span
    known = node.step
    (read,) = from_otlp([span])
    start_ns = read.start_ns or round(known.start_time.timestamp() * 1e9)
    return replace(
        read,
        run=known.run_id,
        id=known.step_id,
        parent=known.parent_id or None,
        name=read.name or known.name,
        kind=known.kind,
        start_ns=start_ns,
        end_ns=read.end_ns or (0 if known.seconds is None else start_ns + round(known.seconds * 1e9)),
        ended=known.seconds is not None,
        failed=known.status == "error",
        error=known.error,
        attributes={**_figures(known), **read.attributes},
    )


def _figures(step: Step) -> Mapping[str, Any]:
    found = {
        "gen_ai.tool.name": step.tool,
        "gen_ai.request.model": step.model,
        "gen_ai.provider.name": step.provider,
        "gen_ai.usage.input_tokens": step.input_tokens,
        "gen_ai.usage.output_tokens": step.output_tokens,
        "gen_ai.usage.cost": step.cost_usd,
        "playhead.transition.to": step.state if step.kind == "state" else "",
    }
    return {name: value for name, value in found.items() if value not in ("", None)}
