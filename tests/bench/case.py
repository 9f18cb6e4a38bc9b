"""One case of `make bench-ingest`: a file of requests through a real collector, and the same segments by other ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.floor import Segment, floor, write_segment
from tests.bench.sender import Sender, read_bodies
from tests.bench.subject import Subject, running
from tests.bench.usual import usual

from playhead_collector.receive.check import check
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import body_hash
from playhead_collector.store.engine import Engine


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case's JSON holds; the issue's six first."""

    spans_per_s: int
    """From the first byte sent to the last span readable in `steps`."""
    floor_ratio: float
    usual_ratio: float
    cpu_s_per_1k: float
    """Of the whole collector, background merges included."""
    peak_rss_mb: int
    bytes_per_span: float
    """On disk, all tables with their indexes, after background merges."""
    spans: int
    megabytes: float
    segments: int
    floor_spans_per_s: int
    usual_spans_per_s: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the collector did with a file of requests."""

    spans: int
    sent_bytes: int
    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    bytes_on_disk: int
    segments: list[list[bytes]]


def store(
    folder: Path, protocol: str, file: Path, spans: int, verify: Callable[[Subject], None], flags: Sequence[str] = ()
) -> Stored:
    """Sends everything, waits until it is readable and merges are over, and lets `verify` compare it."""
    with running(folder, flags) as subject:
        sender = Sender(protocol, subject.http if protocol == "http" else subject.grpc, file)
        cpu = subject.cpu_s()
        sent = sender.send()
        readable = subject.wait_for_steps(spans)
        subject.settle()
        stored = Stored(
            spans=spans,
            sent_bytes=file.stat().st_size,
            wall_s=readable - sent.first_byte,
            cpu_s=subject.cpu_s() - cpu,
            peak_rss_mb=subject.peak_rss_mb(),
            bytes_on_disk=sum(subject.bytes_on_disk().values()),
            segments=subject.segments(),
        )
        verify(subject)
        return stored


def segments_of(stored: Stored, file: Path, folder: Path) -> list[Segment]:
    """The segments that the collector stored, made again from the requests."""
    bodies = {body_hash(check(Signal.TRACES, body).body): body for body in read_bodies(file)}
    return [write_segment(folder, [bodies[digest] for digest in segment]) for segment in stored.segments]


def judge(engine: Engine, stored: Stored, segments: Sequence[Segment], folder: Path) -> Figures:
    lowest, common = floor(engine, segments, folder), usual(engine, segments)
    rate = stored.spans / stored.wall_s
    return Figures(
        spans_per_s=round(rate),
        floor_ratio=round(rate / lowest.spans_per_s, 3),
        usual_ratio=round(rate / common.spans_per_s, 3),
        cpu_s_per_1k=round(stored.cpu_s / stored.spans * 1000, 4),
        peak_rss_mb=round(stored.peak_rss_mb),
        bytes_per_span=round(stored.bytes_on_disk / stored.spans, 1),
        spans=stored.spans,
        megabytes=round(stored.sent_bytes / 1e6, 1),
        segments=len(segments),
        floor_spans_per_s=round(lowest.spans_per_s),
        usual_spans_per_s=round(common.spans_per_s),
    )
