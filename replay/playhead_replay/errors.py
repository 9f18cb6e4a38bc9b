"""What keeps a run from being replayed.

PlayheadError
└── NotReplayable         the recording, or this machine, does not allow it; says what to do instead
    └── NotHere           its program is not in this folder; each command has its own way to name another
"""

from playhead.errors import PlayheadError


class NotReplayable(PlayheadError):
    """Nothing was started."""


class NotHere(NotReplayable):
    """`where_to` says what is missing and where it is; `how` names it to the command that replays one run."""

    def __init__(self, where_to: str, how: str) -> None:
        super().__init__(f"{where_to} {how}")
        self.where_to = where_to
