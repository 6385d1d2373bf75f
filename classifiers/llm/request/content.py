"""What a model call carries, read from its JSON: tools, attachments, number of messages. Holds
payload: never log it.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from classifiers.llm.one_of import one_of
from core.classification import Attachment

MAX_ATTACHMENTS = 200
_MAX_DEPTH = 12
_DATA_KEYS = (
    "data",
    "bytes",
    "file_data",
    "bytesBase64Encoded",
    "bytes_base64_encoded",
    "b64_json",
    "blob",
)
_TYPE_KEYS = ("media_type", "mimeType", "mime_type", "format")
_INSIDE = tuple(
    (
        "source inlineData inline_data image_url input_audio file image document video audio"
        " content video_url blob file_url toolResult functionResponse function_response response"
        " parts images result results output outputs json resource resources tool_results contents"
    ).split()
)
_ANSWERS = frozenset({"output", "result", "response"})
_RESULT_ROLES = frozenset({"tool", "function", "TOOL", "ipython"})
RESULT_TYPES = frozenset(
    (
        "tool_result function_call_output custom_tool_call_output mcp_call computer_call_output"
        " mcp_tool_result web_fetch_tool_result code_execution_tool_result"
    ).split()
)
_MAX_TEXT = 16 * 1024 * 1024
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\r\n]*+={0,2}+\s*+")
_CHECKED = 2048
_OUTER = frozenset({"image", "images", "instances", "inputs"})
_FORMATS = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "html": "text/html",
    "md": "text/markdown",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def turns(body: Mapping[str, Any]) -> list[Any] | None:
    """Return the list of messages, contents or input items, or None."""
    for key in ("messages", "contents", "input", "chat_history"):
        value = body.get(key)
        if isinstance(value, list):
            return value
        if isinstance(value, dict) and isinstance(value.get("messages"), list):
            return list(value["messages"])
    request = body.get("request")
    return turns(request) if isinstance(request, dict) and request is not body else None


def message_count(body: Mapping[str, Any]) -> int | None:
    """Return how many messages the call carries, or None where it has none."""
    found = turns(body)
    if found is not None:
        if "message" in body:
            return len(found) + 1
        return len(found)
    return (
        1
        if any(key in body for key in ("prompt", "message", "inputs", "inputText", "input"))
        else None
    )


def tools(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the tools that the model may call, in order, each once."""
    config = body.get("toolConfig")
    inner = config.get("tools") if isinstance(config, dict) else None
    names: dict[str, None] = {}
    for defined in (body.get("tools"), body.get("functions"), inner):
        for tool in defined if isinstance(defined, list) else ():
            if isinstance(tool, dict):
                names.update(dict.fromkeys(_tool_names(tool)))
    return tuple(names)


def _tool_names(tool: Mapping[str, Any]) -> Iterator[str]:
    for inner in (tool.get("function"), tool.get("toolSpec"), tool):
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            yield inner["name"][:200]
            return
    declared = tool.get("functionDeclarations") or tool.get("function_declarations")
    if isinstance(declared, list):
        yield from (
            d["name"][:200]
            for d in declared
            if isinstance(d, dict) and isinstance(d.get("name"), str)
        )
    elif isinstance(tool.get("type"), str):
        yield tool["type"][:200]
    else:
        yield from (key for key in tool if isinstance(key, str) and len(tool) == 1)


def attachments(body: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the files and images inside the messages: media type, size and SHA-256 of the decoded
    bytes.
    """
    found: list[Attachment] = []
    for turn in turns(body) or ():
        if isinstance(turn, dict) and not _is_plain(turn):
            _from_turn(turn, found)
    for key in _OUTER & body.keys():
        if not isinstance(body[key], str):
            _walk(body[key], found, 0)
    return tuple(found[:MAX_ATTACHMENTS])


def _is_plain(turn: Mapping[str, Any]) -> bool:
    """Return True for a turn of words alone."""
    return type(turn.get("content")) is str and "images" not in turn and not _is_result(turn)


def _from_turn(turn: Mapping[str, Any], found: list[Attachment]) -> None:
    if "type" in turn and "role" not in turn:
        _walk(turn, found, 0)
        return
    told = _is_result(turn)
    for key in ("content", "parts", "images", "output", "tool_results", "outputs"):
        value = turn.get(key)
        if isinstance(value, list | dict):
            _walk(value, found, 0)
        elif told and isinstance(value, str):
            _from_text(value, found, 0)


def _walk(value: object, found: list[Attachment], depth: int) -> None:
    if depth > _MAX_DEPTH or len(found) >= MAX_ATTACHMENTS:
        return
    if isinstance(value, dict):
        _from_part(value, found, depth)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                _add(found, item, None)
            elif isinstance(item, dict):
                _walk(item, found, depth + 1)


def _from_part(part: Mapping[str, Any], found: list[Attachment], depth: int) -> None:
    """Take what a part of a message holds itself, then what is inside it."""
    for key in _DATA_KEYS:
        if isinstance(data := part.get(key), str):
            _add(found, data, _media_type(part))
    url = part.get("url") or part.get("image_url") or part.get("file_url")
    if isinstance(url, str) and url.startswith("data:"):
        _add(found, url, None)
    told = _is_result(part)
    for key in _INSIDE:
        inner = part.get(key)
        if isinstance(inner, str) and (told or key in _ANSWERS):
            _from_text(inner, found, depth + 1)
        if key == "source" and isinstance(inner, dict) and "format" in part:
            inner = {**inner, "format": part["format"]}  # Bedrock states it beside the source
        if isinstance(inner, dict | list):
            _walk(inner, found, depth + 1)


def _is_result(part: Mapping[str, Any]) -> bool:
    """Return True for what a tool gave back."""
    return one_of(part.get("role"), _RESULT_ROLES) or one_of(part.get("type"), RESULT_TYPES)


def _from_text(text: str, found: list[Attachment], depth: int) -> None:
    """Tools often give back JSON as text: a file in it is an attachment like any other."""
    if len(text) > _MAX_TEXT or text.lstrip()[:1] not in {"{", "["}:
        return
    if ";base64," not in text and not any(f'"{key}"' in text for key in _DATA_KEYS):
        return
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    _walk(value, found, depth + 1)


def _media_type(value: Mapping[str, Any]) -> str | None:
    for key in _TYPE_KEYS:
        stated = value.get(key)
        if isinstance(stated, str) and stated:
            return stated[:100] if "/" in stated else _FORMATS.get(stated.lower(), stated[:100])
    return None


def _add(found: list[Attachment], text: str, media_type: str | None) -> None:
    if text.startswith("data:"):
        head, comma, text = text.partition(",")
        if not comma or not head.endswith(";base64"):
            return
        media_type = head[5:].partition(";")[0][:100] or media_type
    elif media_type is None and len(text) < 64:
        return
    data = _decoded(text)
    if data is not None:
        found.append(
            Attachment(
                media_type=media_type, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
            )
        )


def _decoded(text: str) -> bytes | None:
    """Decode base64, either alphabet; large texts are checked at both ends only, since decoding is
    the larger cost.
    """
    sample = text if len(text) <= 2 * _CHECKED else text[:_CHECKED] + text[-_CHECKED:]
    if _BASE64.fullmatch(sample) is None:
        return None
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
    if len(text) % 4 and "\n" not in text:
        text += "=" * (-len(text) % 4)
    try:
        return binascii.a2b_base64(text)
    except ValueError:
        return None
