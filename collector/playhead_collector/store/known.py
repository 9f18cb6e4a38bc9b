"""Tells the store which pieces of messages it has already, so that an insert does not write them again.

Every turn of an agent sends its conversation again, each in a segment of its own. Copies within a segment are one row,
and merges remove the others, but they leave several parts, each with its own copies: a run of 200 turns took 4 to 6
times its messages on disk. So before each insert, the pieces of the runs that it continues are read from where they are
stored, and the view `keep_messages` leaves those out.

Nothing can be lost by this: only what was just read from `message_rows` is left out; whatever is not known (a restart,
another collector) is written again, and `message_rows` takes every block, also one that it has seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set

from clickhouse_connect.driver.client import Client

from playhead_collector.store.query import load

NONE_KNOWN = "TRUNCATE TABLE known_pieces"
# Runs that were stored lately. One that is not among them is taken for new, which costs a copy, never a piece.
_REMEMBERED = 50_000


class KnownPieces:
    """Belongs to the thread that inserts, and to one database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recent: OrderedDict[bytes, None] = OrderedDict()

    def prepare(self, runs: Set[bytes]) -> None:
        """To be called right before an insert that touches these runs."""
        self._client.command(NONE_KNOWN)
        continued = [run.hex() for run in runs if run in self._recent]
        if continued:
            self._client.command(load("known_pieces"), parameters={"runs": continued})

    def stored(self, runs: Set[bytes]) -> None:
        """These runs have pieces now."""
        for run in runs:
            self._recent[run] = None
            self._recent.move_to_end(run)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
