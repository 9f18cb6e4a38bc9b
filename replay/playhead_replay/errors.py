"""What keeps a run from being replayed.

PlayheadError
└── NotReplayable         the recording, or this machine, does not allow it; says what to do instead
"""

from playhead.errors import PlayheadError


class NotReplayable(PlayheadError):
    """Nothing was started."""
