"""Recomputes the rows of runs from their deduplicated steps. Repeating it changes nothing.

Sums are never kept by views: views see inserts, not replacements, and a resent step would count twice. After a
segment's insert the runs that it touched are computed anew, before the segment is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version

from clickhouse_connect.driver.client import Client

from playhead_collector.store.calls import judge, uncounted_across_runs
from playhead_collector.store.query import load
from playhead_collector.store.tellings import Told

# Runs a statement: their ids travel as one parameter.
_AT_ONCE = 2000

# What a handle that computes needs.
RECOMPUTING: Mapping[str, int] = {
    "async_insert": 0,
    "log_queries": 0,
    # Looks for chains of comparisons to complete; there are none, and it takes 30 ms to see that, of 160.
    "optimize_and_compare_chain": 0,
}

Model = tuple[str, str, date]

# Of playhead_collector.store.prices, which is loaded where a price is asked for: it brings a client of the network with
# it, a tenth of what a collector loads to start.
SOURCE = f"genai-prices {version('genai_prices')}"


def recompute(client: Client, run_ids: Iterable[str]) -> int:
    """Computes the given runs anew; returns how many there are."""
    ids = sorted(run_ids)
    for start in range(0, len(ids), _AT_ONCE):
        _recompute(client, ids[start : start + _AT_ONCE])
    return len(ids)


def _recompute(client: Client, run_ids: Sequence[str]) -> None:
    facts = [_Facts(*row) for row in client.query(load("run_facts"), parameters={"runs": run_ids}).result_rows]
    shared: list[Told] = []
    if client.query(load("any_lone_response")).result_rows:
        rows = client.query(load("shared_responses"), parameters={"runs": run_ids}).result_rows
        shared = [_shared(row) for row in rows]
        # Another run's call may be counted otherwise now that this one's is here.
        others = {told.run_id for told in shared} - set(run_ids)
        if others:
            more = client.query(load("run_facts"), parameters={"runs": sorted(others)}).result_rows
            facts += [_Facts(*row) for row in more]
    suspicious = [fact.run_id for fact in facts if fact.suspicious]
    verdict = judge(_told(client, suspicious))
    uncounted = verdict.uncounted | uncounted_across_runs(shared)
    models = {model for fact in facts for model in fact.models}
    resolve_prices(client, models)
    for final, copied in (("", False), ("FINAL", True)):
        counted = [fact for fact in facts if bool(fact.has_copies) is copied]
        if counted:
            client.command(
                load("recompute_runs").replace("{{final}}", final),
                parameters={
                    "runs": [fact.run_id for fact in counted],
                    "steps": [fact.steps for fact in counted],
                    "uncounted": sorted(uncounted),
                    "usage_only": sorted(verdict.usage_only),
                    "covered": sorted(verdict.covered),
                    "models": sorted(models),
                },
            )


@dataclass(frozen=True, slots=True)
class _Facts:
    """A row of run_facts.sql."""

    run_id: str
    models: list[Model]
    steps: int
    has_copies: int
    told: object
    suspicious: int


def resolve_prices(client: Client, models: Iterable[Model]) -> int:
    """Makes price rows for models that have none yet; returns how many models were new."""
    wanted = sorted(set(models))
    if not wanted:
        return 0
    there = set(client.query(load("priced_models"), parameters={"models": wanted}).result_rows)
    new = [model for model in wanted if model not in there]
    _insert_prices(client, new)
    return len(new)


def _insert_prices(client: Client, models: Iterable[Model]) -> None:
    from playhead_collector.store.prices import prices

    now = datetime.now(UTC)
    rows: list[list[object]] = []
    for provider, name, day in models:
        found = prices(provider, name, day)
        if not found:
            rows.append([provider, name, day, 0, 0, 0.0, 0.0, 0.0, 0.0, SOURCE, now])
        rows += [
            [
                provider,
                name,
                day,
                row.from_input_tokens,
                1,
                row.input,
                row.output,
                row.cache_read,
                row.cache_write,
                SOURCE,
                now,
            ]
            for row in found
        ]
    if rows:
        client.insert("prices", rows)


def reprice(client: Client) -> int:
    """Looks again for prices that nobody knew, with this program's prices; recomputes the runs concerned."""
    rows = client.query(load("unknown_prices"), parameters={"source": SOURCE}).result_rows
    if not rows:
        return 0
    from playhead_collector.store.prices import prices

    known = [(provider, model, day) for provider, model, day in rows if prices(provider, model, day)]
    _insert_prices(client, [(provider, model, day) for provider, model, day in rows])
    if known:
        found = client.query(load("runs_of_models"), parameters={"models": known}).result_rows
        recompute(client, [run_id for (run_id,) in found])
    return len(known)


def _told(client: Client, run_ids: Sequence[str]) -> list[Told]:
    if not run_ids:
        return []
    rows = client.query(load("suspicious_steps"), parameters={"runs": run_ids}).result_rows
    return [
        Told(
            run_id=run,
            step_id=step,
            parent_id=parent,
            kind=kind,
            response_id=response,
            start_ns=start,
            end_ns=end,
            usage=usage,
            has_content=bool(content),
            failed=bool(failed),
            is_answer_log=bool(answer),
            scope=scope,
            model=model,
            tool=tool,
            input_hash=input_hash,
            tokens=(input_tokens, output_tokens),
        )
        for (
            run,
            step,
            parent,
            kind,
            response,
            start,
            end,
            usage,
            content,
            failed,
            answer,
            scope,
            model,
            tool,
            input_hash,
            input_tokens,
            output_tokens,
        ) in rows
    ]


def _shared(row: Sequence[object]) -> Told:
    response, run, step, start, end, usage, content, service, lone = row
    return Told(
        run_id=str(run),
        step_id=str(step),
        response_id=str(response),
        start_ns=int(str(start)),
        end_ns=int(str(end)),
        usage=int(str(usage)),
        has_content=bool(content),
        service=str(service),
        lone=bool(lone),
    )
