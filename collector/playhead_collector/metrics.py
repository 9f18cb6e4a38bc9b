"""What the collector tells Prometheus about itself. Reading it must never wait for the store."""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from playhead_collector.alerts.evaluator import Evaluator, Look
from playhead_collector.receive.signal import Signal
from playhead_collector.slo.measured import Measured, gauges
from playhead_collector.spool.drain import Drain
from playhead_collector.spool.segment import Sealed
from playhead_collector.spool.spool import Spool

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Implements receive's Observer, and is called by the drain for each segment stored."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._received = Counter(
            "playhead_received_items",
            "Spans, log records and data points received",
            ["signal", "protocol"],
            registry=registry,
        )
        self._received_bytes = Counter(
            "playhead_received_bytes", "Bytes received, after decompression", ["signal", "protocol"], registry=registry
        )
        self._rejected = Counter(
            "playhead_rejected_items", "Items rejected, named to the emitter", ["signal"], registry=registry
        )
        self._refused = Counter(
            "playhead_refused_requests",
            "Requests refused as a whole",
            ["signal", "protocol", "reason"],
            registry=registry,
        )
        self._answered = Histogram(
            "playhead_answer_seconds",
            "From request to answer",
            ["signal", "protocol"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stored_bytes = Counter("playhead_stored_bytes", "Bytes of OTLP stored", ["signal"], registry=registry)
        self._stored_segments = Counter("playhead_stored_segments", "Segments stored", ["signal"], registry=registry)
        self._store_seconds = Histogram(
            "playhead_store_seconds", "To insert segments and recompute their runs", buckets=_SECONDS, registry=registry
        )
        self._lag = Gauge(
            "playhead_lag_seconds", "Age of the oldest body that the store does not have yet", registry=registry
        )
        self._spooled = Gauge("playhead_spool_bytes", "Bytes waiting for the store", registry=registry)
        self._segments = Gauge("playhead_spool_segments", "Segments waiting for the store", registry=registry)
        self._trouble = Gauge(
            "playhead_store_trouble", "1 while the store refuses, or does not answer", registry=registry
        )
        self._quarantined = Gauge(
            "playhead_quarantined_bodies", "Bodies that the store refused for good", registry=registry
        )
        self._uncomputed = Gauge(
            "playhead_uncomputed_runs",
            "Runs whose steps are stored and whose row cannot be computed",
            registry=registry,
        )
        self._alerts = Gauge(
            "playhead_alerts", "Alerts that stand", ["project", "rule", "severity", "state"], registry=registry
        )
        self._rules_failing = Gauge(
            "playhead_alert_rules_failing",
            "Rules that could not be asked the last time",
            ["project"],
            registry=registry,
        )
        self._look_seconds = Histogram(
            "playhead_alert_look_seconds",
            "To ask the rules that were due about what was new",
            ["project"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._notices = Counter(
            "playhead_alert_notices", "Attempts to tell a receiver", ["receiver", "outcome"], registry=registry
        )
        self._levels = _Levels()
        registry.register(self._levels)
        self._standing: set[tuple[str, str, str, str]] = set()
        self._started = Gauge("playhead_start_time_seconds", "When the collector started", registry=registry)
        self._started.set(time.time())

    def watch(self, spool: Spool, drain: Drain) -> None:
        self._lag.set_function(spool.oldest_age_s)
        self._spooled.set_function(lambda: spool.size)
        self._segments.set_function(lambda: spool.segments)
        self._trouble.set_function(lambda: drain.trouble is not None)
        self._quarantined.set_function(lambda: drain.quarantined)
        self._uncomputed.set_function(lambda: drain.uncomputed)

    def received(self, signal: Signal, protocol: str, items: int, size: int) -> None:
        self._received.labels(signal.value, protocol).inc(items)
        self._received_bytes.labels(signal.value, protocol).inc(size)

    def rejected(self, signal: Signal, items: int) -> None:
        self._rejected.labels(signal.value).inc(items)

    def refused(self, signal: Signal | None, protocol: str, reason: str) -> None:
        self._refused.labels(signal.value if signal else "none", protocol, reason).inc()

    def answered(self, signal: Signal, protocol: str, seconds: float) -> None:
        self._answered.labels(signal.value, protocol).observe(seconds)

    def stored(self, segment: Sealed, seconds: float) -> None:
        self._stored_bytes.labels(segment.signal.value).inc(segment.size)
        self._stored_segments.labels(segment.signal.value).inc()
        self._store_seconds.observe(seconds)

    def looked(self, project: str, look: Look, evaluator: Evaluator) -> None:
        """Called by the watch over alerts after each look."""
        if look.asked:
            self._look_seconds.labels(project).observe(look.seconds)
        self._rules_failing.labels(project).set(len(evaluator.failures))
        standing = Counts(
            (project, alert.rule, alert.severity, alert.state.value)
            for alert in evaluator.alerts.values()
            if alert.stands
        )
        for told in {*self._standing, *standing}:
            if told[0] == project:
                self._alerts.labels(*told).set(standing[told])
        self._standing |= set(standing)

    def told(self, receiver: str, outcome: str) -> None:
        self._notices.labels(receiver, outcome).inc()

    def measured(self, project: str, measured: Measured | None) -> None:
        """Called with a project's service levels; None where another process has them."""
        self._levels.of(project, measured)

    def text(self, sees: Callable[[str], bool] = lambda project: True) -> bytes:
        """What is said of a project's runs (alerts, service levels) is said to who sees that project's figures."""
        return generate_latest(_Seen(self.registry, sees))


class _Seen(Collector):
    """A registry without the samples of projects that are not seen."""

    def __init__(self, registry: CollectorRegistry, sees: Callable[[str], bool]) -> None:
        self._registry = registry
        self._sees = sees

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [
                one for one in metric.samples if "project" not in one.labels or self._sees(one.labels["project"])
            ]
            yield metric


class _Levels(Collector):
    """The service levels measured last: what is unknown now is gone, which a `Gauge` with labels cannot be."""

    def __init__(self) -> None:
        self._measured: dict[str, Measured] = {}

    def of(self, project: str, measured: Measured | None) -> None:
        others = {name: one for name, one in self._measured.items() if name != project}
        # Replaced as a whole, as another thread may be reading it.
        self._measured = others if measured is None else {**others, project: measured}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from gauges(self._measured)
