"""Administrators' statements: admitted by a guard of their own, answered on seats of their own.

Whoever has the admin token may do all of this over the collector's other ports, too (read, erase, restore); what is new
here is that another collector can, with what it says to a ClickHouse server.
"""

from __future__ import annotations

from playhead_collector.errors import BadRequest
from playhead_collector.facade.answer import Answer, Manner, Means, Opened, opened
from playhead_collector.facade.complaints import UNKNOWN_DATABASE, QueryFailed
from playhead_collector.facade.query import blank_query, query_of
from playhead_collector.facade.reader import Administrator
from playhead_collector.facade.request import Asked
from playhead_collector.facade.settings import settings_to_write
from playhead_collector.facade.writing import WritingGuard


class Administration:
    def __init__(self, means: Means) -> None:
        self._means = means
        self._guards: dict[Administrator, WritingGuard] = {}

    def answer(self, asked: Asked, who: Administrator) -> Answer:
        if not who.may_name(asked.database):
            raise QueryFailed(
                UNKNOWN_DATABASE,
                "UNKNOWN_DATABASE",
                f"this store's projects are {who.database} and {who.database}_PROJECT, and {asked.database} is none",
            )
        database = asked.database or who.database
        blank = blank_query(asked, database)
        guard = self._guards.setdefault(who, WritingGuard(self._means.engine, self._means.limits, who))
        limits = self._means.limits

        def begin() -> Opened:
            admitted = guard.admit(asked.statement, database, asked.values)
            settings = settings_to_write({**asked.settings, **admitted.settings}, limits)
            if (admitted.takes is None) != (asked.rows is None):
                raise BadRequest("rows come behind INSERT INTO table (columns) FORMAT Native and a line's end")
            return opened(self._means.engine, query_of(admitted, blank, settings, limits))

        zone = asked.settings.get("session_timezone")
        return Answer(self._means, begin, Manner(blank.id, asked.query_id, asked.accepts, zone))

    def close(self) -> None:
        self._means.seats.close()
