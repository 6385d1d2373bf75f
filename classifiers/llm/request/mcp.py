"""Model Context Protocol: recognises its JSON-RPC calls in every revision, and keeps Agent2Agent
apart.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

_METHODS = frozenset(
    (
        "tools/call tools/list resources/list resources/read resources/subscribe"
        " resources/unsubscribe resources/templates/list prompts/list prompts/get"
        " completion/complete logging/setLevel sampling/createMessage elicitation/create"
        " roots/list server/discover notifications/initialized notifications/cancelled"
        " notifications/progress notifications/message notifications/roots/list_changed"
        " notifications/tools/list_changed notifications/elicitation/complete"
    ).split()
)
_SHARED = frozenset({"ping", "tasks/get", "tasks/list", "tasks/cancel", "tasks/result"})
"""Methods that other JSON-RPC protocols have as well: the protocol's own headers must say that it
is MCP."""
_CALL = "tools/call"
_HEADERS = ("mcp-protocol-version", "mcp-session-id", "mcp-method")


class McpCall(NamedTuple):
    """What is asked of an MCP server: one call, or the calls of a batch."""

    method: str
    """Of the first that calls a tool, else of the first."""
    tools: tuple[str, ...]
    mismatch: bool
    """True when the headers name another method or tool than the body: somebody hides what is
    called."""


def announced(headers: Mapping[str, str]) -> bool:
    """Return True when the headers say that this is MCP."""
    return any(name in headers for name in _HEADERS)


def from_headers(headers: Mapping[str, str]) -> McpCall | None:
    """Return the call that the headers name before the body is read (revision 2026-07-28 and later
    name it).
    """
    if not announced(headers):
        return None
    method = headers.get("mcp-method", "")
    name = headers.get("mcp-name") if method == _CALL else None
    return McpCall(method, (name,) if name else (), False)


def from_body(body: object, headers: Mapping[str, str]) -> McpCall | None:
    """Return what a JSON-RPC message, or a batch of such, calls; None when nothing of it is MCP."""
    messages = body if isinstance(body, list) else [body]
    calls = [call for one in messages if (call := _of_message(one, headers)) is not None]
    if not calls:
        return None
    tools = tuple(dict.fromkeys(name for call in calls for name in call.tools))
    first = next((call for call in calls if call.method == _CALL), calls[0])
    return McpCall(first.method, tools, any(call.mismatch for call in calls))


def _of_message(message: object, headers: Mapping[str, str]) -> McpCall | None:
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return None
    method = message.get("method")
    if method is None:
        answers = announced(headers) and ("result" in message or "error" in message)
        return McpCall("response", (), False) if answers else None
    if not isinstance(method, str) or not _is_method(method, message, headers):
        return None
    tool = _tool_of(message) if method == _CALL else None
    return McpCall(method, (tool,) if tool else (), _mismatch(headers, method, tool))


def _is_method(method: str, message: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    shared = method in _SHARED and announced(headers)
    return method in _METHODS or shared or _is_handshake(message)


def _tool_of(message: Mapping[str, Any]) -> str | None:
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name[:200] if isinstance(name, str) else None


def _is_handshake(message: Mapping[str, Any]) -> bool:
    params = message.get("params")
    return (
        message.get("method") == "initialize"
        and isinstance(params, dict)
        and "protocolVersion" in params
    )


def _mismatch(headers: Mapping[str, str], method: str, tool: str | None) -> bool:
    named = headers.get("mcp-method")
    if named is not None and named != method:
        return True
    return tool is not None and headers.get("mcp-name") not in {None, tool}
