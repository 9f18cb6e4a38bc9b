"""For whom a run acts, and with which permissions, as its steps say."""

from __future__ import annotations

from playhead_collector.read.remarks import Remark
from playhead_collector.read.run import Run


def acting(run: Run) -> list[Remark]:
    """Each in a line; none where no step says anything of it."""
    stored = [node.stored for node in run.nodes if node.stored is not None]
    behalf = sorted({text for one in stored if (text := one.text("playhead.on_behalf_of"))})
    permissions = sorted(
        {
            permission
            for one in stored
            for permission in (
                *one.text("playhead.permissions").split(","),
                *one.text("enduser.scope").split(" "),
            )
            if permission
        }
    )
    said = [f"on behalf of {', '.join(behalf)}"] if behalf else []
    said += [f"with permission {', '.join(permissions)}"] if permissions else []
    return [Remark(line) for line in said]
