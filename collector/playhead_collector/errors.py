"""The collector's errors, and the one table that turns them into protocol answers.

PlayheadError
├── StoreError
│   ├── StoreUnavailable      the store does not answer; trying again later may work
│   ├── StoreLocked           another process has the embedded folder open
│   ├── SchemaTooNew          the store was written by a newer Playhead
│   ├── StoreUnsuitable       this ClickHouse lacks something the schema needs
│   └── QueryRefused          a statement that the reading port does not allow
├── AuditFailed               the audit log cannot be written, so what was asked for was not done
├── RuleRefused               a rule of alerts is wrong; says in which line of its file, and what to write instead
└── IngestError
    ├── BadRequest            malformed; sending it again cannot help
    ├── TooLarge              over a size limit; sending it again cannot help
    ├── Unauthenticated       no token, or an unknown one
    ├── Forbidden             the token may not do this
    ├── RedactionFailed       the redaction rules could not be applied, so nothing was kept; again cannot help
    └── TryLater              spool full, store down, too many at once; the client keeps the data and retries
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import PlayheadError

# urllib3 says a refused connection in four layers of which the innermost is what happened.
_CAUSE = re.compile(r"\(Caused by .*?\[Errno -?\d+\] ([^\"')]+)", re.DOTALL)
_LONGEST_LINE = 300


def first_line(error: BaseException) -> str:
    """What an error of the store, its client or the system says, in one line of a log."""
    text = str(error).strip()
    if found := _CAUSE.search(text):
        return found[1]
    return (text.splitlines() or [type(error).__name__])[0][:_LONGEST_LINE]


class StoreError(PlayheadError):
    """Something about the store."""


class StoreUnavailable(StoreError):
    """The store does not answer."""


class StoreLocked(StoreError):
    """Another process has the embedded store's folder open."""


class SchemaTooNew(StoreError):
    """The store holds migrations that this program does not know."""


class StoreUnsuitable(StoreError):
    """This ClickHouse lacks something that the schema needs."""


# How the reading port begins a refusal of what is no question: who speaks to it as to a server knows it by these words.
READING_ONLY = "the reading port takes one SELECT"


class QueryRefused(StoreError):
    """A statement that the reading port does not allow."""


class AuditFailed(PlayheadError):
    """What cannot be written down is not done."""


class RuleRefused(PlayheadError):
    """A rule's file cannot be a rule; the others are none the worse for it."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class IngestError(PlayheadError):
    """Something about what an emitter sent."""


class BadRequest(IngestError):
    """The body is malformed."""


class TooLarge(IngestError):
    """The body is over a limit, before or after decompression."""


class Unauthenticated(IngestError):
    """No token, or one that nobody was given."""


class Forbidden(IngestError):
    """A token that is not for this."""


class RedactionFailed(IngestError):
    """What was to be hidden could not be, so nothing was kept."""


class TryLater(IngestError):
    """Nothing is wrong with the data; there is no room for it at the moment."""

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """How an error is said in each protocol. `http` and `grpc` are the numeric status codes."""

    http: int
    grpc: int
    retryable: bool


ANSWERS: dict[type[Exception], Answer] = {
    BadRequest: Answer(http=400, grpc=3, retryable=False),
    # Without RetryInfo a client must not retry RESOURCE_EXHAUSTED, which is what is meant here.
    TooLarge: Answer(http=413, grpc=8, retryable=False),
    Unauthenticated: Answer(http=401, grpc=16, retryable=False),
    Forbidden: Answer(http=403, grpc=7, retryable=False),
    RedactionFailed: Answer(http=500, grpc=13, retryable=False),
    TryLater: Answer(http=503, grpc=14, retryable=True),
    StoreUnavailable: Answer(http=503, grpc=14, retryable=True),
}
UNEXPECTED = Answer(http=500, grpc=13, retryable=False)


def answer_for(error: BaseException) -> Answer:
    """The protocol answer for an error; a defect of ours is a 500 and never looks like the client's fault."""
    for kind in type(error).__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind]
    return UNEXPECTED
