"""What is said of alerts by a command: as whom, why, and where to."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.marker import Marker, this_user
from playhead_collector.alerts.marks import Kind
from playhead_collector.commands.common import project_changed, settings_of, source_of
from playhead_collector.config import from_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--note", default="", help="why, for the others")
    parser.add_argument("--by", default="", help="who says so; default: this user")
    parser.add_argument("--admin-token", help="the collector's admin token, where it has tokens (PLAYHEAD_ADMIN_TOKEN)")


def mark(arguments: argparse.Namespace, kind: Kind, **said: object) -> str:
    """Says it; returns the name by which it can be taken back."""
    settings = settings_of(arguments)
    token = from_file(arguments.admin_token)[0] if arguments.admin_token else settings.admin_token

    def ask(question: Callable[[Client], str]) -> str:
        with source_of(arguments) as source:
            return question(source.client)

    marker = Marker(settings.address, project_changed(arguments), token)
    return marker.mark(ask, kind, {"by": arguments.by or this_user(), "note": arguments.note, **said})
