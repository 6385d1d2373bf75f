"""Heads that leave with their bodies: the same bytes, in fewer pieces, and never late."""

from typing import Any

import pytest
from mitmproxy import options
from mitmproxy.proxy import commands
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)
from mitmproxy.test import tflow, tutils

from proxy.far_side import GateHttp1Client
from proxy.joined_heads import MOST
from proxy.trailers import GateHttp1Server

CHUNKED = ((b"Transfer-Encoding", b"chunked"),)


def sent(body: bytes | None, pieces: list[bytes], *, answer: bool, chunked: bool) -> list[bytes]:
    """Return what leaves for a message with this body, sent in these pieces. None: it streams."""
    size = b"%d" % len(b"".join(pieces))
    fields = CHUNKED if chunked else ((b"Content-Length", size),)
    context = Context(tflow.tclient_conn(), options.Options())
    to: Any
    if answer:
        to = GateHttp1Server(context)
        to.request = tutils.treq(http_version=b"HTTP/1.1")
        message: Any = tutils.tresp(http_version=b"HTTP/1.1", headers=fields, content=body)
        events: list[Any] = [
            ResponseHeaders(1, message, end_stream=not pieces),
            *(ResponseData(1, piece) for piece in pieces),
            ResponseEndOfMessage(1),
        ]
    else:
        to = GateHttp1Client(context)
        message = tutils.treq(http_version=b"HTTP/1.1", headers=fields, content=body)
        events = [
            RequestHeaders(1, message, end_stream=not pieces),
            *(RequestData(1, piece) for piece in pieces),
            RequestEndOfMessage(1),
        ]
    return [
        command.data
        for event in events
        for command in to.send(event)
        if isinstance(command, commands.SendData)
    ]


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
def test_head_and_body_leave_together(answer: bool, chunked: bool) -> None:
    """A message whose body is held leaves as the very bytes that a streamed one leaves as, its head
    with its body."""
    for body in (b"x", b"hello" * 100, b"m" * MOST):
        apart = sent(None, [body], answer=answer, chunked=chunked)
        together = sent(body, [body], answer=answer, chunked=chunked)
        assert b"".join(together) == b"".join(apart)
        assert apart[0].endswith(b"\r\n\r\n")
        assert len(together) == len(apart) - 1


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize(
    ("body", "pieces"),
    [(None, [b"one", b"two"]), (None, []), (b"", []), (b"m" * (MOST + 1), [b"m" * (MOST + 1)])],
    ids=["it streams", "it streams nothing", "it has none", "it is large"],
)
def test_a_head_that_nothing_follows_at_once_leaves_alone(
    answer: bool, body: bytes | None, pieces: list[bytes]
) -> None:
    """A head is never kept for a body that may be long in coming, is none, or is large."""
    pieces_sent = sent(body, pieces, answer=answer, chunked=False)
    assert pieces_sent[0].endswith(b"\r\n\r\n")
    assert pieces_sent[1:] == pieces


def test_each_message_of_a_connection_has_its_own_head() -> None:
    """Nothing of one message is left over for the next."""
    for _ in range(2):
        assert sent(b"x", [b"x"], answer=True, chunked=False)[0].count(b"HTTP/1.1 200") == 1
