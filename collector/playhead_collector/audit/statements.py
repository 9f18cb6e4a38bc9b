"""What the reading port tells the audit log of a statement."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from playhead_collector.audit.log import AuditLog, Entry
from playhead_collector.facade.reader import Administrator, Reader
from playhead_collector.facade.request import Asked
from playhead_collector.store.address import DEFAULT_PROJECT
from playhead_collector.store.engine import A_COMMAND, COLLECTOR

# `playhead-export` at the beginning of what a client calls itself. Any other client only reads.
_COMMAND = re.compile(r"playhead-([a-z]{1,20})\b")
_WRITES = re.compile(r"\b(?:INSERT\s+INTO|ALTER\s+TABLE)\b", re.IGNORECASE)
# What clients ask by themselves as they connect, to the last letter: what has more to it is a question.
_GREETING = re.compile(
    r"\s*SELECT (?:1|version\(\)|timezone\(\)|version\(\), timezone\(\)"
    r"|name, value, readonly(?: as readonly)? FROM system\.settings(?: LIMIT \d+)?)\s*(?:FORMAT \w+)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AuditOfStatements:
    log: AuditLog

    def asked(self, reader: Reader | Administrator, asked: Asked, where: str, client: str) -> None:
        if _GREETING.fullmatch(asked.statement):
            return
        if isinstance(reader, Administrator):
            self._administered(reader, asked, where, client)
            return
        command = _COMMAND.match(client)
        values = json.dumps(asked.values, ensure_ascii=False) if asked.values else ""
        role = "read" if reader.figures_of is None else "figures"
        action = command[1] if command else "read"
        self.log.write(Entry(reader.name, action, reader.project, asked.statement, values, where, role))

    def _administered(self, who: Administrator, asked: Asked, where: str, client: str) -> None:
        """Of another collector's some ten statements a second only that it is there, once a minute."""
        database = asked.database or who.database
        project = DEFAULT_PROJECT if database in ("default", who.database) else database[len(who.database) + 1 :]
        command = _COMMAND.match(client)
        action = command[1] if command else "administer"
        what = "" if client.startswith(COLLECTOR) else asked.statement
        # What is bound in a statement that writes, or that an erasure asks before, names whom it erases.
        told = what and asked.values and not client.startswith(A_COMMAND) and not _WRITES.search(asked.statement)
        values = json.dumps(asked.values, ensure_ascii=False) if told else ""
        self.log.write(Entry("admin", action, project, what, values, where, "admin"))
