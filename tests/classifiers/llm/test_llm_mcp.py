"""Calls of tool servers (MCP), by what they say and not by where they are."""

import pytest
from llm_requests import seen


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
