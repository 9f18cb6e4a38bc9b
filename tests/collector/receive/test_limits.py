from __future__ import annotations

import pytest

from playhead.errors import UsageError
from playhead_collector.errors import TryLater
from playhead_collector.receive.limits import Limits, Room


def test_room_is_given_back_however_a_request_ends() -> None:
    room = Room(10)
    with pytest.raises(ZeroDivisionError), room.lease() as lease:
        lease.take(6)
        lease.take(4)
        lease.give(3)
        assert room.used == 7
        raise ZeroDivisionError
    assert room.used == 0


def test_more_than_the_room_is_later_and_takes_nothing() -> None:
    room = Room(10)
    with room.lease() as one, room.lease() as other:
        one.take(8)
        with pytest.raises(TryLater, match="holds 8 bytes of unanswered requests of 10 it may, and 3 more do not fit"):
            other.take(3)
        other.take(2)
        assert room.used == 10


def test_a_thread_that_outlives_its_request_takes_no_room() -> None:
    room = Room(10)
    with room.lease() as lease:
        lease.take(1)
    with pytest.raises(TryLater):
        lease.take(1)
    assert room.used == 0


def test_limits_that_could_never_take_a_body_are_refused_at_once() -> None:
    with pytest.raises(UsageError, match="raise it to at least 128"):
        Limits(compressed=64, decompressed=64, in_flight=100)
