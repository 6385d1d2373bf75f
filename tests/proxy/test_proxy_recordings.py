"""Recordings of browsers and of mitmproxy are read whole: WebSocket messages, too."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.exchange import Message
from proxy.recordings import read_recording


def recorded(
    path: Path, *messages: Any, key: str = "_webSocketMessages", url: str = "wss://x.example/live"
) -> Path:
    entry = {
        "startedDateTime": "2026-11-01T10:00:00Z",
        "request": {"url": url, "method": "GET", "headers": []},
        "response": {"status": 101, "headers": [], "content": {}},
        key: list(messages),
    }
    path.write_text(json.dumps({"log": {"entries": [entry]}}))
    return path


@pytest.mark.parametrize("key", ["_webSocketMessages", "webSocketMessages"])
@pytest.mark.parametrize("url", ["wss://x.example/live", "https://x.example/live"])
def test_messages_of_both_ways_are_read_in_order(tmp_path: Path, key: str, url: str) -> None:
    """What the client and the server said stands in the recording, text and bytes alike."""
    sound = b"\x00\xff\x80sound"
    path = recorded(
        tmp_path / "a.har",
        {"type": "send", "opcode": 1, "time": 1.0, "data": '{"a":"ü"}'},
        {"type": "receive", "opcode": 1, "time": 1.1, "data": "ok"},
        {"type": "send", "opcode": 2, "time": 1.2, "data": base64.b64encode(sound).decode()},
        key=key,
        url=url,
    )
    ((exchange, heard),) = read_recording(path)
    assert exchange.scheme == "wss"
    assert heard.messages == (
        Message(from_client=True, text=True, data='{"a":"ü"}'.encode()),
        Message(from_client=False, text=True, data=b"ok"),
        Message(from_client=True, text=False, data=sound),
    )


def test_a_request_without_messages_is_none_of_a_socket(tmp_path: Path) -> None:
    """An empty list of messages changes nothing."""
    ((exchange, heard),) = read_recording(recorded(tmp_path / "a.har", url="https://x.example/"))
    assert (exchange.scheme, heard.messages) == ("https", ())


@pytest.mark.parametrize("message", [7, {}, {"type": "send"}, {"type": "send", "data": 9}, None])
def test_a_message_that_is_none_is_told(tmp_path: Path, message: object) -> None:
    """A recording whose messages cannot be read is not said to be clean."""
    with pytest.raises(InputError, match="Entry 0 of"):
        list(read_recording(recorded(tmp_path / "a.har", message)))


def test_flow_files_keep_their_messages(tmp_path: Path) -> None:
    """mitmproxy's own files hold the messages of a WebSocket in the flow."""
    from mitmproxy.io import FlowWriter
    from mitmproxy.test import tflow
    from mitmproxy.websocket import WebSocketMessage
    from wsproto.frame_protocol import Opcode

    flow = tflow.twebsocketflow()
    assert flow.websocket is not None
    flow.websocket.messages = [
        WebSocketMessage(Opcode.TEXT, True, b"hello"),
        WebSocketMessage(Opcode.BINARY, False, b"\x00back"),
    ]
    path = tmp_path / "flows"
    with path.open("wb") as stream:
        FlowWriter(stream).add(flow)
    ((_, heard),) = read_recording(path)
    assert heard.messages == (
        Message(from_client=True, text=True, data=b"hello"),
        Message(from_client=False, text=False, data=b"\x00back"),
    )
