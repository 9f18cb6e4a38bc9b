from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.resources import Resource
from tests.sdk.collector import FakeCollector, collecting

from playhead.journal.endpoint import Endpoint
from playhead.recorder import recorder as module
from playhead.recorder.recorder import Recorder, Settings
from playhead.values.redact import Redactor


@pytest.fixture(scope="session", autouse=True)
def signals_as_at_a_terminal() -> None:
    """What is started in the background of a script ignores these, and so would the programs of the tests."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def recorder(tmp_path: Path, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A recorder as `init` makes one, for the length of a test, with a provider that is nobody else's."""
    settings = Settings(Endpoint(f"{collector.url}/v1/traces"), tmp_path / "journal", redactor=Redactor(b"salt"))
    recorder = Recorder(settings, {"service.name": "test"})
    recorder.use(recorder.own_provider(Resource({"service.name": "test"})))
    monkeypatch.setattr(module, "_current", recorder)
    recorder.worker.start()
    yield recorder
    recorder.worker.finish(5.0)
