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
_HEADERS = ("mcp-protocol-version", "mcp-session-id", "mcp-method")


class McpCall(NamedTuple):
    """One call of an MCP server."""

    method: str
    tool: str | None
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
    return McpCall(method, headers.get("mcp-name") if method == "tools/call" else None, False)


def from_body(body: object, headers: Mapping[str, str]) -> McpCall | None:
    """Return the call in a JSON-RPC message or batch, or None when it is not MCP."""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict) or first.get("jsonrpc") != "2.0":
        return None
    method = first.get("method")
    if method is None:
        answers = announced(headers) and ("result" in first or "error" in first)
        return McpCall("response", None, False) if answers else None
    if not isinstance(method, str) or not _is_method(method, first, headers):
        return None
    tool = _tool_of(first) if method == "tools/call" else None
    return McpCall(method, tool, _mismatch(headers, method, tool))


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
