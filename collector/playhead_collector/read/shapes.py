"""Messages in every shape that providers and frameworks give them, as `Message`s.

A payload is a list of messages, one message, a plain text, or a request or a response that holds messages somewhere
known: raw OpenAI (chat and responses), Anthropic, Gemini, Bedrock, LangChain (its own serialisation too), Haystack,
Vercel, LangGraph's updates, LiveKit. What is none of these is one message with the payload as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from playhead_collector.read.conversation import Message, Part
from playhead_collector.read.parts import call_of, first, parts_of, plain_result, result_of
from playhead_collector.read.value import Data, as_text, decoded

_ROLES = {
    "human": "user",
    "humanmessage": "user",
    "humanmessagechunk": "user",
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "systemmessage": "system",
    "toolmessage": "tool",
    "functionmessage": "tool",
    "function": "tool",
    "tool-call": "assistant",
    "tool-response": "tool",
}
_KNOWN_ROLES = {"user", "assistant", "system", "developer", "tool", *_ROLES}
# Where messages are within a request, a response or a state, and whose they are.
_WITHIN = (
    ("messages", "user"),
    ("choices", "assistant"),
    ("generations", "assistant"),
    ("candidates", "assistant"),
    ("replies", "assistant"),
    ("contents", "user"),
    ("update", "assistant"),
    ("new_messages", "assistant"),
    ("items", "user"),
)
# Items of a conversation that are no messages in OpenAI's responses API, but are in all others.
_LONE_ITEMS = {"function_call", "function_call_output", "reasoning", "mcp_call", "web_search_call", "tool_call"}


def messages_of(payload: Data, role: str) -> tuple[Message, ...]:
    """All messages of a payload; `role` is whose they are where they do not say."""
    return tuple(_messages(decoded(payload), role, 0))


def holds_messages(payload: Data) -> bool:
    """Whether a decoded payload is more than parameters."""
    if not isinstance(payload, dict):
        return bool(payload)
    return any(key in payload for key in ("messages", "input", "prompt", "contents", "message", "choices", "content"))


def _messages(payload: Data, role: str, depth: int) -> Iterable[Message]:
    if payload is None or payload == "":
        return
    if isinstance(payload, list):
        yield from _of_list(payload, role, depth)
    elif isinstance(payload, dict):
        yield from _of_dict(payload, role, depth)
    else:
        yield Message(role, (Part("text", as_text(payload)),))


def _of_list(items: list[Data], role: str, depth: int) -> Iterable[Message]:
    if len(items) == 2 and isinstance(items[0], str) and items[0].lower() in _KNOWN_ROLES and isinstance(items[1], str):
        yield Message(_role(items[0]), (Part("text", items[1]),))
        return
    # A list of parts without a role is one message.
    if items and all(isinstance(item, dict) and _is_part(item) for item in items):
        yield Message(role, tuple(parts_of(items)))
        return
    for item in items:
        if depth < 8:
            yield from _messages(decoded(item), role, depth + 1)
        else:
            yield Message(role, (Part("other", as_text(item), value=item),))


def _of_dict(item: dict[str, Data], role: str, depth: int) -> Iterable[Message]:
    if depth > 8:
        yield Message(role, (Part("other", as_text(item), value=item),))
        return
    inner = _inside(item)
    if inner is not None:
        yield from _messages(inner, role, depth + 1)
    elif _is_message(item):
        yield message_of(item, role)
    else:
        yield from _of_envelope(item, role, depth)


def _inside(item: dict[str, Data]) -> Data:
    """What a wrapper around one message holds; null where there is no wrapper."""
    data, kwargs, ident = item.get("data"), item.get("kwargs"), item.get("id")
    if isinstance(data, dict) and "content" in data and str(item.get("type", "")).lower() in _KNOWN_ROLES:
        return {"type": item.get("type"), **data}
    if item.get("lc") == 1 and isinstance(kwargs, dict):
        kind = ident[-1] if isinstance(ident, list) and ident else ""
        return {"type": kind, **kwargs} if "type" not in kwargs else kwargs
    message = item.get("message")
    if message is not None and "role" not in item:
        finish = first(item, "finish_reason", "finishReason", "stop_reason", "stopReason")
        info = item.get("generation_info")
        if finish is None and isinstance(info, dict):
            finish = info.get("finish_reason")
        held = _inside(message) if isinstance(message, dict) else None
        if isinstance(held, dict):
            message = held
        if isinstance(message, dict):
            return {"finish_reason": finish, **message} if finish is not None else message
        return message
    return None


def _is_message(item: dict[str, Data]) -> bool:
    if "role" in item or "_role" in item:
        return True
    kind = str(item.get("type", "")).lower()
    if kind in _KNOWN_ROLES and ("content" in item or "tool_calls" in item):
        return True
    return kind == "message" or "parts" in item or "stop_reason" in item


def _is_part(item: dict[str, Data]) -> bool:
    if _is_message(item) or _inside(item) is not None:
        return False
    kind = str(item.get("type", "")).lower()
    if kind in _LONE_ITEMS or kind in ("text", "input_text", "output_text", "thinking", "tool-call", "tool_use"):
        return kind not in ("function_call", "function_call_output", "reasoning")
    return not kind and len(item) == 1 and next(iter(item)) in ("text", "toolUse", "toolResult", "reasoningContent")


def _of_envelope(item: dict[str, Data], role: str, depth: int) -> Iterable[Message]:
    """A request, a response or a state: its instructions first, then its messages."""
    kind = str(item.get("type", "")).lower()
    if kind in _LONE_ITEMS and not {"messages", "choices"} & set(item):
        yield _lone_item(item, kind)
        return
    found = False
    for key in ("system", "instructions", "system_instruction", "systemInstruction"):
        if item.get(key) and ("messages" in item or "input" in item or "prompt" in item or "contents" in item):
            yield Message("system", tuple(parts_of(_parts_within(item[key]))))
    for key, whose in _WITHIN:
        if item.get(key) and (key != "items" or _is_conversation(decoded(item[key]))):
            found = True
            yield from _messages(decoded(item[key]), whose, depth + 1)
    for key, whose in (("input", "user"), ("prompt", "user"), ("prompts", "user"), ("output", role), ("content", role)):
        if not found and item.get(key):
            found = True
            yield from _messages(decoded(item[key]), whose, depth + 1)
    if not found:
        text = item.get("text")
        if isinstance(text, str) and (text or len(item) == 1):
            finish = first(item, "finish_reason", "stop_reason")
            yield Message(role, tuple(parts_of(text)), finish_reason=as_text(finish))
        else:
            yield Message(role, (Part("other", as_text(item), value=item),))


def _is_conversation(items: Data) -> bool:
    """Anything may be called items; LiveKit's say of what type they are."""
    return isinstance(items, list) and any(isinstance(item, dict) and item.get("type") == "message" for item in items)


def _parts_within(content: Data) -> Data:
    if isinstance(content, dict) and "parts" in content:
        return content["parts"]
    return content


def _lone_item(item: dict[str, Data], kind: str) -> Message:
    if kind == "function_call_output":
        return Message("tool", (result_of(item),))
    return Message("assistant", tuple(parts_of(item)))


def message_of(item: dict[str, Data], role: str) -> Message:
    """One message, whatever its fields are called."""
    said_role = first(item, "role", "_role", "author")
    if said_role is None and str(item.get("type", "")).lower() in _KNOWN_ROLES:
        said_role = item.get("type")
    whose = _role(as_text(said_role)) if said_role else role
    content = first(item, "parts", "content", "_content", "text", "message")
    if isinstance(content, str) and content[:2] in ("[{", "[]"):
        inner = decoded(content)
        content = inner if isinstance(inner, list) and all(isinstance(part, dict) for part in inner) else content
    call_id = as_text(first(item, "tool_call_id", "tool_use_id"))
    parts = parts_of(content)
    if whose == "tool" and not any(part.kind in ("tool_result", "tool_call") for part in parts):
        call_id = call_id or as_text(item.get("id"))
        result = plain_result(content)
        parts = [Part("tool_result", as_text(result), as_text(item.get("name")), call_id, result)]
    for key in ("reasoning_content", "reasoning", "thinking"):
        thought = item.get(key)
        if isinstance(thought, str) and thought:
            parts.insert(0, Part("reasoning", thought))
            break
    parts += _calls(item, parts)
    finish = first(item, "finish_reason", "stop_reason", "finishReason", "stopReason")
    return Message(whose, tuple(parts), name=as_text(item.get("name")), finish_reason=as_text(finish))


def _calls(item: dict[str, Data], parts: list[Part]) -> list[Part]:
    """Tool calls that stand beside the content, without those that the content has too."""
    extra = item.get("additional_kwargs")
    listed = decoded(first(item, "tool_calls", "toolCalls"))
    if not listed and isinstance(extra, dict):
        listed = extra.get("tool_calls")
    calls = [call_of(call) for call in listed if isinstance(call, dict)] if isinstance(listed, list) else []
    function = item.get("function_call")
    if isinstance(function, dict):
        calls.append(call_of(function))
    there = {part.call_id for part in parts if part.kind == "tool_call"}
    return [call for call in calls if not call.call_id or call.call_id not in there]


def _role(said: str) -> str:
    plain = said.lower().removeprefix("messagerole.").removeprefix("chatrole.")
    return _ROLES.get(plain, plain)
