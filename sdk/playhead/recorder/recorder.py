"""The recorder of this process: one journal, one processor, and one thread that ships.

`init` makes it; everything else asks `current()` and does nothing where there is none. A forked child gets a journal of
its own, since two processes in one file would be two truths.
"""

from __future__ import annotations

import atexit
import logging
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from playhead import __version__
from playhead.aside import is_aside
from playhead.journal.endpoint import Endpoint, from_environment
from playhead.journal.folder import Folder, journals_root
from playhead.journal.journal import DEFAULT_LIMIT_BYTES, Journal
from playhead.recorder.beneath import everything_beneath
from playhead.recorder.inherited import Inherited
from playhead.recorder.prices import Price, listed_prices
from playhead.recorder.processor import JournalProcessor
from playhead.recorder.provider import OwnProvider
from playhead.recorder.redaction import Redaction
from playhead.recorder.run import Runs
from playhead.recorder.settings import looked_at
from playhead.recorder.standing_in import stand_in
from playhead.recorder.taking import Taking
from playhead.recorder.tally import made
from playhead.recorder.worker import Worker
from playhead.values.redact import Redactor
from playhead.values.salt import installation_salt

if TYPE_CHECKING:
    from playhead.lanes.engine import Engine
    from playhead.recorder.changes import Changes

log = logging.getLogger("playhead")

Record = Literal["steps", "wire", "exact"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `init` was told."""

    endpoint: Endpoint | None
    """None: nothing is sent, the journal alone is kept."""
    journal: Path
    limit_bytes: int = DEFAULT_LIMIT_BYTES
    sync: bool = False
    redactor: Redactor | None = None
    """None: what is known to be a secret, and nothing else."""
    price: Price | None = None
    """None: list prices, where this installation has any."""


class Recorder:
    """What this process records with. Made by `init`, by `playhead record` (program.py), or by a test for itself."""

    def __init__(self, settings: Settings, resource: Mapping[str, Any], folder: Folder | None = None) -> None:
        self.settings = settings
        self.resource = dict(resource)
        self.runs = Runs()
        self.journal = self._new_journal(folder)
        self.redaction = Redaction(settings.redactor or Redactor(installation_salt()))
        self.processor = JournalProcessor(self.journal, self.runs, self.redaction, everything=True)
        self.worker = Worker(settings, self.journal)
        self.level: Record = "steps"
        self.engine: Engine | None = None
        self.changes: Changes | None = None
        """What a fork, or the replay of one, does otherwise than the agent's code says."""
        self.fingerprint: Taking | None = None
        self.tracer: trace.Tracer = trace.NoOpTracer()
        """Of our provider, or of the program's own once it has set one."""
        self._own: trace.Tracer | None = None
        self.program: Mapping[str, Any] | None = None
        """What `playhead record` was told of the whole process that it records; None where the code called `init`."""
        self.everything = False
        """Whether spans outside of runs are wanted, too, under a provider of the program's own."""

    @property
    def price(self) -> Price | None:
        """Who knows what a model call costs."""
        return self.settings.price or listed_prices()

    def join(self, provider: Any) -> None:
        """Steps become spans of this provider, so whatever else it feeds sees them, too."""
        if not hasattr(provider, "add_span_processor"):
            return
        self.processor.everything = self.everything
        self.processor.alone = False
        provider.add_span_processor(self.processor)
        self.tracer = provider.get_tracer("playhead", __version__)

    def stand_in(self, provider: TracerProvider) -> None:
        """This provider of ours, until the program sets one for itself."""
        self.use(provider)
        stand_in(provider, self.join)

    def own_provider(self, resource: Resource) -> TracerProvider:
        return OwnProvider(self.processor, resource)

    def use(self, provider: TracerProvider) -> None:
        self.tracer = provider.get_tracer("playhead", __version__)

    def fallback_tracer(self) -> trace.Tracer:
        """For steps that a joined provider's sampler left out: a flight recorder does not sample."""
        if self._own is None:
            self._own = self.own_provider(Resource(self.resource)).get_tracer("playhead", __version__)
        return self._own

    def begin_effects(self, level: Literal["wire", "exact"], lane: str = "0") -> None:
        from playhead.recorder.recording import record_effects

        self.engine = record_effects(self, level, lane)

    def stop_effects(self) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.uninstall()

    def after_fork_in_child(self) -> None:
        self.engine = None  # lanes/forks.py takes it out of this process
        folder = self.journal.folder
        tallies = made(folder.path) if folder is not None else None
        self.journal.abandon_after_fork()
        if "process.pid" in self.resource:
            self.resource["process.pid"] = os.getpid()
        self.journal = self._new_journal()
        self.runs.after_fork(tallies, self.journal.process_id)
        self.processor.begin_anew(self.journal)
        self.worker = Worker(self.settings, self.journal)

    def _new_journal(self, folder: Folder | None = None) -> Journal:
        head = {
            "resource": self.resource,
            "pid": os.getpid(),
            "started": time.time_ns(),
            "python": platform.python_version(),
            "playhead": __version__,
        }
        return Journal(
            self.settings.journal,
            os.urandom(16).hex() if folder is None else folder.path.name,
            head,
            limit_bytes=self.settings.limit_bytes,
            sync=self.settings.sync,
            folder=folder,
        )


_current: Recorder | None = None
_making = threading.Lock()
adjust: Callable[[Settings], Settings] | None = None
"""What has the last word on what `init` was told: a replay keeps its steps to itself."""


def current() -> Recorder | None:
    """The recorder of this process, if `init` was called."""
    return _current


def init(
    service: str | None = None,
    *,
    version: str | None = None,
    endpoint: str | None = None,
    headers: Mapping[str, str] | None = None,
    attributes: Mapping[str, str | bool | int | float] | None = None,
    journal: str | os.PathLike[str] | None = None,
    journal_limit_bytes: int = DEFAULT_LIMIT_BYTES,
    sync: bool = False,
    send: bool = True,
    record: Record = "exact",
    redact_fields: Iterable[str] = (),
    redact_patterns: Iterable[str] = (),
    redact: Callable[[str], str] | None = None,
    price: Price | None = None,
) -> None:
    """Starts recording in this process. Called again, it changes nothing.

    `endpoint` is a collector's base URL (default: the `OTEL_EXPORTER_OTLP_*` variables, else 127.0.0.1:4318).
    Where a TracerProvider is set, before or after, Playhead joins it; else it is its own. `sync=True` has every record
    synced to the disk, so that it survives the machine's death and not only the process's. `send=False` keeps the
    journal only.

    `record` says how much. `exact` holds model calls, every other effect of the agent's own code, and the order in
    which they were told, so that concurrent programs replay exactly; for that it may delay a call, within the figures
    of docs/recorder.md. `wire` holds the effects and never delays one, and replays what does not race. `steps` is what
    the code declares and nothing else.

    Secrets of known shapes are never written. `redact_fields` names more fields to hide, `redact_patterns` more shapes
    (regular expressions), and `redact` may rewrite any text before it is written.

    `price` says what a model call cost, in US dollars, or None where it does not know, for `limits(max_cost_usd=)`;
    without it list prices are taken where genai-prices is installed.
    """
    looked_at(
        endpoint=endpoint,
        headers=headers,
        attributes=attributes,
        journal=journal,
        journal_limit_bytes=journal_limit_bytes,
        record=record,
        patterns=redact_patterns,
        fields=redact_fields,
        functions={"redact": redact, "price": price},
    )
    with _making:
        if _current is not None or os.environ.get("PLAYHEAD_DISABLED", "").lower() in ("1", "true", "yes"):
            return
        provider = trace.get_tracer_provider()
        joined = provider if hasattr(provider, "add_span_processor") else None
        resource = resource_of(joined, service, version, attributes or {})
        settings = Settings(
            from_environment(endpoint, headers) if send else None,
            Path(journal).expanduser() if journal is not None else journals_root(),
            journal_limit_bytes,
            sync,
            Redactor(installation_salt(), fields=redact_fields, patterns=redact_patterns, function=redact),
            price,
        )
        recorder = Recorder(settings if adjust is None else adjust(settings), dict(resource.attributes))
        if joined is not None:
            recorder.join(joined)
        else:
            recorder.stand_in(recorder.own_provider(resource))
        inherited = Inherited.from_environment()
        if inherited is not None and not trace.get_current_span().get_span_context().is_valid:
            everything_beneath(inherited.join(recorder))
        begin(recorder, record, "0" if inherited is None else inherited.lane)


def begin(recorder: Recorder, record: Record, lane: str = "0") -> None:
    """This process records with it from here on."""
    from playhead.recorder import launching

    global _current  # noqa: PLW0603 - a process has one recorder
    _current = recorder
    recorder.level = record
    recorder.worker.start()
    launching.install()
    if record != "steps":
        recorder.begin_effects(record, lane)
    recorder.fingerprint = Taking(recorder, record)


def shutdown(timeout_s: float = 5.0) -> bool:
    """Sends what is left, for at most this long; what remains is sent by the next process, or by `playhead ship`."""
    recorder = _current
    if recorder is None:
        return True
    if recorder.fingerprint is not None:
        recorder.fingerprint.wait(min(timeout_s, 1.0))
    recorder.stop_effects()
    return recorder.worker.finish(timeout_s)


def flush(timeout_s: float = 30.0) -> bool:
    """Waits until all that ended by now has been acknowledged; False when it was not in that time."""
    recorder = _current
    return recorder is None or recorder.worker.flush(timeout_s)


def resource_of(
    joined: Any, service: str | None, version: str | None, attributes: Mapping[str, str | bool | int | float]
) -> Resource:
    theirs = getattr(joined, "resource", None)
    resource = theirs if isinstance(theirs, Resource) else Resource.create()
    said: dict[str, str | bool | int | float] = {**attributes}
    if service is not None:
        said["service.name"] = service
    elif str(resource.attributes.get("service.name", "")).startswith("unknown_service") and joined is None:
        said["service.name"] = Path(sys.argv[0] or "python").stem or "python"
    if version is not None:
        said["service.version"] = version
    said.setdefault("process.pid", os.getpid())
    return resource.merge(Resource(said))


def _forked() -> None:
    if _current is not None and not is_aside():
        _current.after_fork_in_child()
        _current.worker.start()


def _has_forked() -> None:
    if _current is not None and not is_aside():
        _current.worker.children = True


os.register_at_fork(after_in_parent=_has_forked, after_in_child=_forked)
atexit.register(shutdown)
