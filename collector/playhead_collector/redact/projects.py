"""The redaction of each project of a collector, made when the project is first sent to.

The salt of tokens lies beside the spool: the same secret has the same token for as long as that folder is there.
"""

from __future__ import annotations

from collections.abc import Callable

from playhead.values.salt import installation_salt
from playhead_collector.config import Settings
from playhead_collector.redact.request import RequestRedaction


def redactions_of(settings: Settings) -> Callable[[str], RequestRedaction | None]:
    """By project; None where no rule is for it."""
    rules = settings.redactions()
    salt = installation_salt(settings.spool_folder.parent) if settings.redact else b""
    made: dict[str, RequestRedaction | None] = {}

    def redaction_of(project: str) -> RequestRedaction | None:
        if project not in made:
            found = rules.of(project)
            made[project] = RequestRedaction(found, salt) if found else None
        return made[project]

    return redaction_of
