"""What is done with a store's files on this machine, past any port: it is written down under this user's name."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from typing import Any

from playhead_collector.audit.log import AuditLog, Entry
from playhead_collector.config import Settings
from playhead_collector.store.address import Embedded
from playhead_collector.store.engine import check_owner

# What says where and how, and not what. What ends as a token's name does (`admin_token`) must never stand anywhere.
_NOT_SAID = ("command", "config", "json", "project", "store", "yes")
_NEVER = "token"


def tell_audit(settings: Settings, project: str, action: str, said: Mapping[str, Any], *, synced: bool = False) -> None:
    """Raises AuditFailed; then nothing is to be done. It is often the first file of a command beside a store."""
    if isinstance(settings.address, Embedded):
        check_owner(settings.address.path)
    shown = (name for name in said if name not in _NOT_SAID and not name.endswith(_NEVER))
    given = {name: said[name] for name in shown if said[name]}
    what = json.dumps(given, ensure_ascii=False, default=str)
    log = AuditLog(settings.audit_folder, total_bytes=settings.audit_limit_mb * 1024 * 1024)
    log.write(Entry(f"user:{_user()}", action, project, what, where="this machine"), synced=synced)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
