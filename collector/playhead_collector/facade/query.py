"""What is run of a statement once a guard admitted it: for readers and administrators alike."""

from __future__ import annotations

from dataclasses import replace

from playhead_collector.facade.engine import Query
from playhead_collector.facade.formats import DEFAULT, STREAMED, known_format
from playhead_collector.facade.guard import Admitted
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.request import Asked


def blank_query(asked: Asked, database: str) -> Query:
    """What is known before it is admitted: its id, by which it can be stopped."""
    return Query("", database, known_format(asked.format or DEFAULT), asked.values, {}, rows=asked.rows)


def query_of(admitted: Admitted, blank: Query, settings: dict[str, str], limits: Limits) -> Query:
    output = admitted.takes or admitted.format or blank.format
    streamed = output in STREAMED and admitted.in_blocks
    if not streamed:
        settings.setdefault("max_result_bytes", str(limits.whole_bytes))
    return replace(
        blank,
        text=admitted.text,
        format=output,
        settings=settings,
        streamed=streamed,
        shows_settings=admitted.shows_settings,
        writes=admitted.writes,
    )
