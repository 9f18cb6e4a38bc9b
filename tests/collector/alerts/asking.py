"""Runs made for rules, and a rule asked about them, on a real store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector.database import StoreDatabase
from tests.collector.receive.messages import START, traces

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import LONG_AGO, Finding, Moment, ask
from playhead_collector.alerts.changed import changed_runs, store_time
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_file import read_rule
from playhead_collector.alerts.rule_folder import read_rules

SECOND = 1_000_000_000
Attributes = Mapping[str, str | bool | int | float]


@dataclass
class MadeRun:
    """One run, step after step, a second each; its root is an agent's."""

    number: int
    agent: str = "support"
    steps: list[Span] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        return f"{self.number:032x}"

    def step(
        self,
        name: str,
        attributes: Attributes | None = None,
        *,
        ended: bool = True,
        failed: bool = False,
        under: int = 0,
    ) -> MadeRun:
        """`under` counts the steps of the run from its root, 0."""
        at = START + len(self.steps) * SECOND
        self.steps.append(
            Span(
                trace_id=bytes.fromhex(self.run_id),
                span_id=(self.number * 1000 + len(self.steps) + 1).to_bytes(8, "big"),
                parent_span_id=self.steps[under].span_id if self.steps else b"",
                name=name,
                start_time_unix_nano=at,
                end_time_unix_nano=at + SECOND // 2 if ended else 0,
                status=Status(code=Status.STATUS_CODE_ERROR) if failed else None,
                attributes=[_attribute(key, value) for key, value in (attributes or {}).items()],
            )
        )
        return self

    def root(self, more: Attributes | None = None, *, ended: bool = True, failed: bool = False) -> MadeRun:
        given = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self.agent, **(more or {})}
        return self.step("invoke_agent", given, ended=ended, failed=failed)

    def tool(
        self, name: str, arguments: str, more: Attributes | None = None, *, ended: bool = True, failed: bool = False
    ) -> MadeRun:
        given = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.arguments": arguments,
            **(more or {}),
        }
        return self.step(f"execute_tool {name}", given, ended=ended, failed=failed)

    def prompt(self, more: Attributes | None = None, *, ended: bool = True, failed: bool = False) -> MadeRun:
        return self.step("chat", {"gen_ai.operation.name": "chat", **(more or {})}, ended=ended, failed=failed)

    def approval(self, action: str, verdict: str, *, under: int = 0) -> MadeRun:
        given = {
            "playhead.kind": "approval",
            "playhead.approval.action": action,
            "playhead.approval.verdict": verdict,
        }
        return self.step(f"approval {action}", given, under=under)

    def request(self) -> ExportTraceServiceRequest:
        return traces(*self.steps)


def _attribute(key: str, value: str | bool | int | float) -> KeyValue:
    if isinstance(value, bool):
        return KeyValue(key=key, value=AnyValue(bool_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=key, value=AnyValue(double_value=value))
    return KeyValue(key=key, value=AnyValue(string_value=value))


def shipped(name: str) -> Rule:
    return next(rule for rule in read_rules(Path(__file__).parent).rules if rule.name == name)


def written(folder: Path, name: str, text: str) -> Rule:
    """A rule in a file of its own."""
    path = folder / f"{name}.sql"
    path.write_text(text, encoding="utf-8")
    return read_rule(path)


def store(database: StoreDatabase, *runs: MadeRun) -> None:
    """As a collector does: the steps, then the rows of the runs."""
    # Requests one after the other are one request, too; an insert of its own takes each 0.1 s.
    database.insert(b"".join(run.request().SerializeToString() for run in runs))
    database.recompute([run.run_id for run in runs])


def findings(
    database: StoreDatabase, rule: Rule, chosen: Mapping[str, str] | None = None, until: datetime | None = None
) -> list[Finding]:
    """What a rule finds, now or at the moment given, with all runs changed."""
    admitted = Admission(database.client).admit(rule)
    runs = sorted(changed_runs(database.client, LONG_AGO))
    return ask(database.client, admitted, Moment(until or store_time(database.client), runs), chosen)
