"""Every error that Playhead raises on purpose.

    PlayheadError
    ├── Stop                  what the agent's own code asked to be stopped by; see LimitExceeded
    ├── UsageError            the command line or the configuration is wrong; says what to write instead
    ├── NotServed             a recording from which nothing can be executed again; says why, and what is left
    ├── MissingExtra          a part of Playhead that is not installed; says which extra brings it
    ├── StoreError            see playhead_collector.errors
    └── IngestError           see playhead_collector.errors

A message says what happened, where, and what to do next.
"""


class PlayheadError(Exception):
    """The root: catching it catches everything that Playhead raises on purpose, and nothing else."""


class Stop(PlayheadError):
    """Reaches the agent from wherever it is raised, unlike any other error of Playhead's: its code asked for it."""


class UsageError(PlayheadError):
    """What the user asked for cannot be understood."""


class NotServed(PlayheadError):
    """A recording cannot be served: of another version, or without its beginning."""


class MissingExtra(PlayheadError):
    """A subcommand lives in a package that this installation does not have."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the '{extra}' extra; run: pip install 'playhead[{extra}]'")
