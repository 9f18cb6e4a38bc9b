"""Reads HTTP exchanges with model providers: pure functions from bytes to GenAI attributes.

Nothing here touches a socket, a client library or the recorder. A module a dialect, each saying how its requests and
answers are read and how the events of a stream become one answer; `recognise` picks the dialect, `read` does the rest.
"""

from playhead.providers.prompt import Answered, Asked, Call, Failure, Prompt, Usage
from playhead.providers.read import read_answer, read_exchange, read_request

__all__ = ["Answered", "Asked", "Call", "Failure", "Prompt", "Usage", "read_answer", "read_exchange", "read_request"]
