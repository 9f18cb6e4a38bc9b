"""docs/soak.md and its pictures, written from the figures of one soak and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.proof.soak.account import Account
from tests.proof.soak.picture import picture
from tests.proof.soak.samples import Sample
from tests.proof.soak.sending import Sent
from tests.proof.soak.steady import SHORTEST_S, Verdict


@dataclass(frozen=True, slots=True)
class Soak:
    """One of them, told whole."""

    machine: str
    day: str
    length_s: float
    sent: Sent
    account: Account
    verdicts: tuple[Verdict, ...]
    samples: Mapping[str, Sequence[Sample]]
    events: tuple[tuple[float, str], ...]
    retired: Mapping[str, int]
    """What retention took while it went on: rows or payloads, by what they were."""
    payloads_due_s: float
    """Of the soak; below 0 it was before."""
    told: Mapping[str, int]
    """Messages to the webhook, by rule."""

    @property
    def rate(self) -> float:
        return self.sent.spans / self.sent.seconds

    @property
    def judged(self) -> bool:
        return self.length_s >= SHORTEST_S

    def figures(self) -> dict[str, object]:
        """For a script."""
        of = {
            one.figure.name: {
                "first": one.first, "middle": one.middle, "last": one.last, "highest": one.highest,
                "flat": one.flat if self.judged else None,
            }
            for one in self.verdicts
        }  # fmt: skip
        return {
            "minutes": round(self.length_s / 60, 1), "spans_per_s": round(self.rate), "machine": self.machine,
            "sent": asdict(self.sent), "account": asdict(self.account), "retired": dict(self.retired),
            "payloads_due_s": round(self.payloads_due_s),
            "webhook": dict(self.told), "figures": of,
        }  # fmt: skip


def write(soak: Soak, docs: Path) -> None:
    folder = docs / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    for one in soak.verdicts:
        drawn = picture(one, soak.samples[one.figure.name], soak.length_s, soak.events)
        (folder / f"{one.figure.name}.svg").write_text(drawn, encoding="utf-8")
    (folder / "figures.json").write_text(json.dumps(soak.figures(), indent=1) + "\n", encoding="utf-8")
    (docs / "soak.md").write_text(_page(soak), encoding="utf-8")


def _page(soak: Soak) -> str:
    sent, found = soak.sent, soak.account
    head = _HEAD.format(
        day=soak.day, machine=soak.machine, minutes=soak.length_s / 60, rate=soak.rate, sent=sent, found=found,
        megabytes=found.bytes / 1e6, said=_said(soak), messages=sum(soak.told.values()), rules=len(soak.told),
        retired=", ".join(f"{count:,} {what}" for what, count in soak.retired.items()),
        due=f"{soak.payloads_due_s / 60:.0f} minutes in" if soak.payloads_due_s > 0 else "before it began",
    )  # fmt: skip
    rows = [_row(one, soak.judged) for one in soak.verdicts]
    pictures = [f"![{one.figure.title}](soak/{one.figure.name}.svg)" for one in soak.verdicts]
    return "\n".join([head, *rows, ""]) + "\n" + "\n\n".join(pictures) + "\n"


def _said(soak: Soak) -> str:
    not_flat = [one.figure.title for one in soak.verdicts if one.flat is False]
    if not soak.judged:
        return "It was too short to say whether a figure is flat."
    return f"Not flat: {'; '.join(not_flat)}. All others are." if not_flat else "All of them are flat."


def _row(one: Verdict, judged: bool) -> str:
    figure = one.figure
    margin = "" if figure.margin is None else f"{figure.margin:.0%} or {figure.least:g} {figure.unit}"
    flat = "" if one.flat is None or not judged else ("yes" if one.flat else "**no**")
    values = " | ".join(f"{value:,.4g}" for value in (one.first, one.middle, one.last, one.highest))
    return f"| {figure.title} ({figure.unit}) | {values} | {margin} | {flat} |"


_HEAD = """\
# A collector under everything at once

One collector with the embedded store, and at once: OTLP at a steady rate through OpenTelemetry's own exporters (HTTP
with gzip, and gRPC), with tools that fail, texts as large as files and steps that come late; the questions of people
and of dashboards; all shipped rules of alerts, with a webhook; retention, of runs and of payloads; a backup halfway.

    make proof-soak                         half an hour; prints its figures as JSON
    PROOF_SOAK_MINUTES=3 PROOF_SOAK_RATE=200 make proof-soak
    PROOF_SOAK_INTO=docs make proof-soak    writes this page and its pictures

**This one**: {day}, {machine}; {minutes:.0f} minutes at {rate:,.0f} spans/s, which were {sent.runs:,} runs and
{sent.spans:,} spans, {sent.late_spans:,} of them 20 to 60 s late. The sender was at most {sent.behind_s:.1f} s behind
its rate. The load of the machine, with all else that ran on it, is the last picture.

**Stored**: {found.spans:,} spans were read back afterwards, and are there once and equal in every field, with resource
and scope ({megabytes:,.0f} MB of OTLP); {found.missing} missing, {found.twice} twice, {found.other} not as sent,
{found.rows_wrong} rows of runs wrong. Meanwhile retention took {retired}; what was not due is whole. Payloads
were due at the full hour, {due}. The webhook had {messages:,} messages of {rules} rules. The backup's checksums
are right.

**{said}** Flat is: the median of the last third is above that of the middle third by no more than the margin, or by no
more than can be told apart. The first third is the time in which caches fill. Orange lines are the medians.

| figure | first third | middle | last | highest | margin | flat |
| --- | --- | --- | --- | --- | --- | --- |"""
