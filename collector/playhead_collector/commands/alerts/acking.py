"""`playhead alerts ack ID`: somebody saw it, and says so."""

from __future__ import annotations

import argparse

from playhead.errors import UsageError
from playhead_collector.alerts.marks import Kind
from playhead_collector.commands.alerts import marking
from playhead_collector.commands.common import add_store_arguments, say, source_of
from playhead_collector.store.query import load

_FOR_S = 30 * 86400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    marking.add_arguments(parser)
    parser.add_argument("alert", help="the alert's id, or how it begins; 'playhead alerts history' shows it")


def run(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        rows = source.client.query(load("alerts_by_prefix"), parameters={"prefix": arguments.alert}).result_rows
    if len(rows) != 1:
        what = "there is no alert whose id begins" if not rows else f"{len(rows)} alerts' ids begin"
        raise UsageError(f"{what} with {arguments.alert!r}; 'playhead alerts history' shows them")
    ((alert_id, rule, state),) = rows
    marking.mark(arguments, Kind.ACK, alert_id=alert_id, seconds=_FOR_S)
    say(f"{rule} ({state}): acknowledged")
    return 0
