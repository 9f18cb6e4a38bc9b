"""How a failure is said to a ClickHouse client: a code, an HTTP status, and the text that clients look for.

The statuses are ClickHouse's own, so a client cannot tell the difference. What is said must never name
another project: the engine's "Maybe you meant other.secrets?" looks through every database, and is cut
out.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from playhead_collector.errors import (
    AuditFailed,
    BadRequest,
    Forbidden,
    QueryRefused,
    StoreError,
    StoreUnavailable,
    TooLarge,
    TryLater,
    Unauthenticated,
)
from playhead_collector.store.figures import NOT_PERMITTED

logger = logging.getLogger(__name__)

TIMEOUT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES, MEMORY_LIMIT_EXCEEDED, UNKNOWN_DATABASE = 159, 396, 241, 81

_OURS: dict[type[Exception], tuple[int, int, str]] = {
    AuditFailed: (500, 243, "NOT_ENOUGH_SPACE"),
    QueryRefused: (403, 497, "ACCESS_DENIED"),
    Forbidden: (403, 497, "ACCESS_DENIED"),
    Unauthenticated: (401, 516, "AUTHENTICATION_FAILED"),
    TooLarge: (413, 223, "QUERY_IS_TOO_LARGE"),
    BadRequest: (400, 36, "BAD_ARGUMENTS"),
    TryLater: (503, 202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
    StoreUnavailable: (503, 210, "NETWORK_ERROR"),
}
# ClickHouse's own exceptionCodeToHTTPStatus, with results and limits that a client can mend as its fault.
_STATUS = {194: 401, 192: 403, 193: 403, 516: 403, 512: 403, 497: 403, 223: 413, 48: 501, 209: 503, 76: 503}
_STATUS |= {159: 408, 439: 503, 202: 503, 210: 503}
_STATUS |= dict.fromkeys((36, 427, 6, 25, 26, 38, 41, 72, 441, 27, 675, 676, 376, 15, 44, 8, 57, 167, 168), 400)
_STATUS |= dict.fromkeys((224, 62, 117, 53, 321, 69, 16, 456, 457, 396, 43, 42, 386, 306, 307), 400)
_STATUS |= dict.fromkeys((60, 46, 47, 50, 56, 81, 115, 118, 63, 73, 336, 78, 511), 404)

_ADVICE = {
    TOO_MANY_ROWS_OR_BYTES: "Add LIMIT, name fewer columns, or use a streaming format (Native, JSONEachRow)",
    MEMORY_LIMIT_EXCEEDED: "Narrow the statement by run, time or project's part, or add LIMIT",
    TIMEOUT_EXCEEDED: "Narrow the statement by run or time, or add LIMIT",
}
_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_NAME = re.compile(r"\s*\(([A-Z][A-Z0-9_]+)\)\s*$")
_OTHER_NAMES = re.compile(r"\s*Maybe you meant [^?]*\?")
# The engine lists every word that could have stood there, three kilobytes of them.
_EXPECTED = re.compile(r"(Expected one of: [^\n]{300}[^,\n]*),[^\n]*")
_GUARD_SCOPE = re.compile(r": In scope SELECT formatQuerySingleLine\(.*", re.DOTALL)


class QueryFailed(StoreError):
    """What the engine itself said about a statement, with its number and name."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name

    @classmethod
    def from_engine(cls, said: str) -> QueryFailed:
        found = _CODE.search(said)
        if found is None:
            return cls(1001, "STD_EXCEPTION", said.strip() or "the engine failed without a word")
        rest = said[found.end() :].strip()
        name = _NAME.search(rest)
        text = rest[: name.start()] if name else rest
        text = _EXPECTED.sub(r"\1, …", _GUARD_SCOPE.sub("", _OTHER_NAMES.sub("", text)))
        return cls(int(found[1]), name[1] if name else "", text.strip())


# An unknown column, table or identifier.
_NOT_THERE = (16, 47, 60)


def not_among_figures(error: QueryFailed) -> StoreError:
    """What is not there for a reader of figures may well be there: they are told that, and not that there is none."""
    if error.code not in _NOT_THERE:
        return error
    said = str(error).partition(". In scope ")[0].rstrip(".")
    return QueryRefused(f"{NOT_PERMITTED}: this token reads figures, and these do not have it. {said}")


@dataclass(frozen=True, slots=True)
class Complaint:
    status: int
    code: int
    text: str


def complaint_for(error: BaseException) -> Complaint:
    """What to answer; a defect of ours is a 500 with nothing of the inside in it."""
    if isinstance(error, QueryFailed):
        message = str(error)
        if error.code in _ADVICE:
            message = f"{message.rstrip('.')}. {_ADVICE[error.code]}"
        return _complaint(_STATUS.get(error.code, 500), error.code, error.name, message)
    for kind, (status, code, name) in _OURS.items():
        if isinstance(error, kind):
            return _complaint(status, code, name, str(error))
    logger.error("the reading port failed on a request", exc_info=error)
    return _complaint(500, 1001, "STD_EXCEPTION", "the collector failed on this request; its log says where")


def _complaint(status: int, code: int, name: str, message: str) -> Complaint:
    named = f" ({name})" if name else ""
    return Complaint(status, code, f"Code: {code}. DB::Exception: {message.rstrip('.')}.{named}\n")
