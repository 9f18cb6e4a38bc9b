"""What is there of a project for those who may read figures and no payloads: a database of views beside its own.

A reader of figures is let into that database and no other, by what keeps projects apart (facade/guard.py). So no rule
looks at a statement's columns: a payload is not in any table that it can name, whatever it makes of what it finds.
Where a text would stand, a reader finds words that say why it does not. A test names every column that is in here, so
one that a later schema brings is looked at first.

The views are made anew at each start: they are this program's.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from clickhouse_connect.driver.client import Client

NOT_PERMITTED = "not permitted to read payloads"
# No project's database has a - in its name.
_SUFFIX = "-figures"


def figures_name(database: str) -> str:
    return database + _SUFFIX


def make_figures(client: Client, database: str) -> str:
    """Makes the views of a database that is there, and returns in which database they are."""
    name = figures_name(database)
    client.command(f"CREATE DATABASE IF NOT EXISTS `{name}`")
    for table, query in views(database).items():
        client.command(f"CREATE OR REPLACE VIEW `{name}`.{table} AS {query}")
    return name


def views(database: str) -> dict[str, str]:
    """The query of each view."""
    folder = files("playhead_collector.store") / "figures"
    texts = {
        file.name.removesuffix(".sql"): file.read_text("utf-8").strip()
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }
    # Some are another of them, or more of it.
    whole = {table: _filled(query, texts) for table, query in texts.items()}
    return {
        table: _filled(query, {"source": f"`{database}`", "said": f"'{NOT_PERMITTED}'"})
        for table, query in whole.items()
    }


def _filled(text: str, placeholders: Mapping[str, str]) -> str:
    for name, what in placeholders.items():
        text = text.replace(f"{{{{{name}}}}}", what)
    return text
