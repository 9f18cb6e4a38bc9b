"""What the reading port tells the audit log of a statement."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from playhead_collector.audit.log import AuditLog, Entry
from playhead_collector.facade.reader import Reader
from playhead_collector.facade.request import Asked

# `playhead-export` at the beginning of what a client calls itself. Any other client only reads.
_COMMAND = re.compile(r"playhead-([a-z]{1,20})\b")
# What clients ask by themselves as they connect, to the last letter: what has more to it is a question.
_GREETING = re.compile(
    r"\s*SELECT (?:1|version\(\)|timezone\(\)|version\(\), timezone\(\)"
    r"|name, value, readonly(?: as readonly)? FROM system\.settings(?: LIMIT \d+)?)\s*(?:FORMAT \w+)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AuditOfStatements:
    log: AuditLog

    def asked(self, reader: Reader, asked: Asked, where: str, client: str) -> None:
        if _GREETING.fullmatch(asked.statement):
            return
        command = _COMMAND.match(client)
        values = json.dumps(asked.values, ensure_ascii=False) if asked.values else ""
        role = "read" if reader.figures_of is None else "figures"
        action = command[1] if command else "read"
        self.log.write(Entry(reader.name, action, reader.project, asked.statement, values, where, role))
