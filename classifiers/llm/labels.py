"""Names the role and part of a model call that a segment stands in: `system prompt`, `user message
3`, `tool result 2`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from classifiers.llm.one_of import one_of
from classifiers.llm.request.content import RESULT_TYPES
from classifiers.payload import Path, Payload

_SYSTEM_KEYS = frozenset(
    {"system", "instructions", "systemInstruction", "system_instruction", "preamble"}
)
_PROMPT_KEYS = frozenset({"prompt", "message", "inputs", "inputText", "texts"})
_TOOL_KEYS = frozenset({"tools", "functions", "toolConfig"})
_CALL_TYPES = frozenset({"tool_use", "function_call", "custom_tool_call", "server_tool_use"})
_FILE_KEYS = frozenset(
    ("source inlineData inline_data image_url input_audio file image document file_data").split()
)
_ROLE_NAMES = {
    "system": "system prompt",
    "developer": "system prompt",
    "user": "user message",
    "human": "user message",
    "USER": "user message",
    "SYSTEM": "system prompt",
    "CHATBOT": "assistant message",
    "assistant": "assistant message",
    "model": "assistant message",
    "ai": "assistant message",
    "tool": "tool result",
    "function": "tool result",
    "TOOL": "tool result",
    "ipython": "tool result",
}


def label(payload: Payload, wanted: Iterable[int] | None = None) -> None:
    """Set the labels of the wanted segments (all, when not said which), and of all tables and
    documents, in place.

    Call it once something was found, with the segments that hits stand in: labels cost time that
    clean calls need not pay. Segments that have a label keep it.
    """
    if not isinstance(payload.json, dict):
        return
    body = payload.json
    segments = payload.segments
    numbers: dict[str, list[tuple[str, int]]] = {}
    for index in range(len(segments)) if wanted is None else wanted:
        segment = segments[index]
        if (
            segment.label is None
            and segment.path
            and (name := of_path(body, segment.path, numbers))
        ):
            segments[index] = segment._replace(label=name)
    for index, table in enumerate(payload.tables):
        if table.label is None and table.path and (name := of_path(body, table.path, numbers)):
            payload.tables[index] = table._replace(label=name)
    for index, document in enumerate(payload.documents):
        if document.label is None and document.path:
            name = (
                f"attachment {document.name}"
                if document.name
                else of_path(body, document.path, numbers)
            )
            payload.documents[index] = document._replace(label=name)


def of_path(
    body: Mapping[str, Any], path: Path, numbers: dict[str, list[tuple[str, int]]] | None = None
) -> str | None:
    """Return what the place means in this call, or None. `numbers` remembers the numbering between
    calls.
    """
    root = path[0]
    if root == "request" and isinstance(body.get("request"), dict):
        return of_path(body["request"], path[1:], numbers) if len(path) > 1 else None
    if root in _TOOL_KEYS:
        return _tool_name(body, path)
    if root == "params":
        return _mcp_name(body)
    if not isinstance(root, str):
        return None
    return _field_name(body, root) or _turn_name(body.get(root), path, numbers)


def _field_name(body: Mapping[str, Any], root: str) -> str | None:
    """Return what a field of the call itself means."""
    if root in _SYSTEM_KEYS:
        return "system prompt"
    if root == "texts":
        return "text to embed"
    if root in _PROMPT_KEYS or (root == "input" and isinstance(body.get("input"), str)):
        return "prompt"
    return None


def _turn_name(
    messages: object, path: Path, numbers: dict[str, list[tuple[str, int]]] | None
) -> str | None:
    """Return what a place in a list of messages means."""
    at = path[1] if len(path) > 1 else None
    if not isinstance(messages, list) or not isinstance(at, int) or at >= len(messages):
        return None
    if isinstance(messages[at], dict):
        return _message_name(messages, path, {} if numbers is None else numbers)
    return "text to embed" if path[0] == "input" else None


def _message_name(
    messages: list[Any], path: Path, numbers: dict[str, list[tuple[str, int]]]
) -> str:
    key = str(path[0])
    if key not in numbers:
        numbers[key] = _numbered(messages)
    at = path[1]
    name, number = numbers[key][at] if isinstance(at, int) else ("message", 1)
    whole = name if name == "system prompt" else f"{name} {number}"
    part = _part(messages[at], path[2:]) if isinstance(at, int) else None
    if part is None:
        return whole
    return f"{part} in {whole}" if part.startswith("attachment") else part


def _numbered(messages: list[Any]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    named: list[tuple[str, int]] = []
    for message in messages:
        name = _name_of(message)
        counts[name] = counts.get(name, 0) + 1
        named.append((name, counts[name]))
    return named


def _name_of(message: object) -> str:
    if not isinstance(message, dict):
        return "message"
    kind = message.get("type")
    if kind in RESULT_TYPES:
        return "tool result"
    if kind in _CALL_TYPES:
        return "tool call"
    for key in ("content", "parts"):
        inner = message.get(key)
        if (
            isinstance(inner, list)
            and inner
            and all(isinstance(p, dict) and _is_result(p) for p in inner)
        ):
            return "tool result"
    author = message.get("author")
    role = message.get("role") or (author.get("role") if isinstance(author, dict) else None)
    return _ROLE_NAMES.get(str(role), "message")


def _is_result(part: Mapping[str, Any]) -> bool:
    return (
        one_of(part.get("type"), RESULT_TYPES) or "functionResponse" in part or "toolResult" in part
    )


def _part(message: Mapping[str, Any], rest: Path) -> str | None:
    """Name a part of a message that is not its own text: an attachment or the arguments of a tool
    call.
    """
    value: object = message
    for depth, step in enumerate(rest):
        if step in {"tool_calls", "functionCall", "function_call", "toolUse"}:
            return "tool call " + _call_number(rest[depth + 1 : depth + 2])
        if step in _FILE_KEYS and isinstance(value, dict):
            return _file_name(value, step)
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
        if isinstance(value, dict) and one_of(value.get("type"), _CALL_TYPES):
            return "tool call"
    return None


def _call_number(step: Path) -> str:
    return str(step[0] + 1) if step and isinstance(step[0], int) else "1"


def _file_name(part: Mapping[str, Any], step: object) -> str:
    inner = part.get(step) if isinstance(step, str) else None
    for holder in (inner, part):
        if isinstance(holder, dict):
            for key in ("filename", "file_name", "name", "title", "displayName"):
                if isinstance(holder.get(key), str) and holder[key]:
                    return f"attachment {holder[key][:100]}"
    return "attachment"


def _at(value: object, step: object) -> object:
    """Return what stands in a value under this name or number; None where it has none such."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _tool_name(body: Mapping[str, Any], path: Path) -> str:
    value: object = body
    for step in path[:5]:
        value = _at(value, step)
        if isinstance(value, dict):
            inner = value.get("function") or value.get("toolSpec") or value
            if isinstance(inner, dict) and isinstance(inner.get("name"), str):
                return f"definition of tool {inner['name'][:100]}"
    return "tool definitions"


def _mcp_name(body: Mapping[str, Any]) -> str | None:
    if body.get("jsonrpc") != "2.0" or not isinstance(body.get("params"), dict):
        return None
    name = body["params"].get("name")
    if body.get("method") == "tools/call" and isinstance(name, str):
        return f"arguments of tool {name[:100]}"
    return "parameters of " + str(body.get("method"))[:60]
