from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.receive.receiver import Receiver, receiving


@pytest.fixture(scope="module")
def _shared_receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(_shared_receiver: Receiver) -> Receiver:
    """A collector's way in without tokens and with the usual limits, and nothing kept yet."""
    _shared_receiver.spool.kept.clear()
    _shared_receiver.spool.refuse_with.clear()
    _shared_receiver.notes.lines.clear()
    return _shared_receiver
