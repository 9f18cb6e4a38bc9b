"""What was said in one conversation, as each dialect's test expects to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.collector.dialects.spans import span

from playhead_collector.read.messages import Conversation, Message, Part, conversation

CALL = Part("tool_call", '{"city": "Paris"}', "get_weather", "c1", {"city": "Paris"})
SUNNY = Part("text", "sunny")
ASKED = Message("user", (Part("text", "Weather in Paris?"),))
TOLD = Message("tool", (Part("tool_result", "21C", "", "c1", "21C"),))


def read(attributes: Mapping[str, Any], events: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> Conversation:
    return conversation(span("step", attributes, events=events))


GENAI_READ = (ASKED, Message("assistant", (CALL,)), TOLD)
