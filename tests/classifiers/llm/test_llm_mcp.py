"""Calls of tool servers (MCP), by what they say and not by where they are."""

from collections.abc import Callable

import pytest
from llm_requests import FINGERPRINTER, request, seen

from classifiers.llm import recognise
from classifiers.llm.request.recognise import MOST_TOOLS


@pytest.mark.parametrize(
    ("headers", "body", "tool", "evidence"),
    [
        (
            {},
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "search", "arguments": {}},
            },
            ("search",),
            ("mcp:tools/call",),
        ),
        (
            {},
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "initialize",
                "params": {"protocolVersion": "2025-06-18"},
            },
            (),
            ("mcp:initialize",),
        ),
        ({}, [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}], (), ("mcp:tools/list",)),
        (
            {"mcp_protocol_version": "2026-07-28"},
            {"jsonrpc": "2.0", "id": 1, "method": "server/discover"},
            (),
            ("mcp:server/discover",),
        ),
        ({"mcp_session_id": "s"}, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, (), ("mcp:ping",)),
        ({"mcp_session_id": "s"}, {"jsonrpc": "2.0", "id": 1, "result": {}}, (), ("mcp:response",)),
        (
            {"mcp_method": "tools/call", "mcp_name": "search"},
            None,
            ("search",),
            ("mcp:tools/call",),
        ),
        (
            {"mcp_method": "tools/list", "mcp_protocol_version": "2026-07-28"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_all"}},
            ("delete_all",),
            ("mcp:tools/call", "mcp-header-mismatch"),
        ),
        (
            {"mcp_method": "tools/call", "mcp_name": "search"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_all"}},
            ("delete_all",),
            ("mcp:tools/call", "mcp-header-mismatch"),
        ),
    ],
)
def test_tool_servers(
    headers: dict[str, str], body: object, tool: tuple[str, ...], evidence: tuple[str, ...]
) -> None:
    """Calls of tool servers are named in every revision of the protocol, with the tool; a header
    that lies is noted.
    """
    call = seen("https://tools.example/mcp", body, **headers)
    assert call is not None
    assert (call.operation, call.tools, call.evidence) == ("mcp", tool, evidence)


def test_every_tool_of_a_batch_is_named() -> None:
    """A rule on a tool holds wherever in a batch it is called, and behind whatever."""
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": []},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "search"}},
        {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "delete_all"}},
        {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "search"}},
    ]
    call = seen("https://tools.example/mcp", calls)
    assert call is not None
    assert (call.tools, call.evidence) == (("search", "delete_all"), ("mcp:tools/call",))


def test_an_open_tool_server_stream_is_a_call() -> None:
    """Listening to a tool server is seen too, although it sends no body."""
    call = seen("https://tools.example/mcp", None, "GET", mcp_session_id="s")
    assert call is not None
    assert call.operation == "mcp"


def _batch(count: int) -> object:
    return [
        {"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": f"t{n}"}}
        for n in range(count)
    ]


def _prompt(count: int) -> object:
    named = [{"type": "function", "function": {"name": f"t{n}"}} for n in range(count)]
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "tools": named}


@pytest.mark.parametrize("make", [_batch, _prompt])
def test_more_tools_than_rules_compare_are_told_as_unread(make: Callable[[int], object]) -> None:
    """Else a rule on a tool is evaded by as many others before it."""
    for count, reasons in ((MOST_TOOLS, []), (MOST_TOOLS + 1, ["more tools than are read"])):
        exchange, payload = request("https://tools.example/v1/chat/completions", make(count))
        call = recognise(exchange, payload, FINGERPRINTER)
        assert call is not None
        assert len(call.tools) == MOST_TOOLS
        assert [unread.reason for unread in payload.unread] == reasons


def test_tools_are_named_wherever_a_request_defines_them() -> None:
    """The old name for tools beside the new one: which of them the server takes is not known."""
    body = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "search"}}],
        "functions": [{"name": "delete_all"}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "pay"}}]},
    }
    call = seen("https://tools.example/v1/chat/completions", body)
    assert call is not None
    assert call.tools == ("search", "delete_all", "pay")
