"""An error as both protocols say it: a status code, a message, and when to come again.

The codes come from the one table in `playhead_collector.errors`. A defect of ours is logged here and never
shown: its text may hold what another emitter sent.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from google.protobuf import json_format
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from playhead_collector.errors import IngestError, StoreError, TryLater, answer_for

log = logging.getLogger(__name__)

# gRPC clients drop an answer whose metadata is above 8 KiB, and the message is in it twice.
LONGEST_MESSAGE = 512


@dataclass(frozen=True, slots=True)
class Refusal:
    http: int
    grpc: int
    message: str
    retry_after_s: float | None = None
    """None when sending the same again cannot help."""

    def status(self) -> Status:
        status = Status(code=self.grpc, message=self.message)
        if self.retry_after_s is not None:
            status.details.add().Pack(self.retry_info())
        return status

    def retry_info(self) -> RetryInfo:
        info = RetryInfo()
        info.retry_delay.FromNanoseconds(int((self.retry_after_s or 0.0) * 1e9))
        return info

    def encoded(self, *, as_json: bool) -> bytes:
        """The `google.rpc.Status` that every HTTP refusal carries."""
        if as_json:
            return bytes(json_format.MessageToJson(self.status(), indent=None).encode())
        return bytes(self.status().SerializeToString())


def refusal_for(error: Exception) -> Refusal:
    """What to say about an error, in any protocol."""
    answer = answer_for(error)
    if isinstance(error, IngestError | StoreError):
        message = str(error)
    else:
        log.error("a request failed through a defect of the collector", exc_info=error)
        message = "the collector failed at this request; its log says why"
    if len(message) > LONGEST_MESSAGE:
        message = message[: LONGEST_MESSAGE - 1] + "…"
    retry_after_s = None
    if answer.retryable:
        retry_after_s = error.retry_after_s if isinstance(error, TryLater) else 1.0
    _let_go(error)
    return Refusal(http=answer.http, grpc=answer.grpc, message=message, retry_after_s=retry_after_s)


def _let_go(error: BaseException | None) -> None:
    """Free what the failed calls still hold: an error and the future it came through hold each other, and with them
    whole bodies, until Python looks for such circles. A flood of refused requests kept 1.3 GB that way.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
