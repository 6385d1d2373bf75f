"""Servers that fail or are odd: the client meets what it would meet without the gate.

A server that cannot be reached, or breaks its connection, is a broken connection to the client, not
a page that it might take for data. A name that nobody knows is said in an answer: a client that
asks a proxy looks up no name, and would blame the proxy.
"""

import time

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from h11._readers import ChunkedReader, Http10Reader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.connection import ConnectionState, Server
from mitmproxy.net.http import http1, status_codes
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    HttpEvent,
    RequestHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Client

from proxy.answers import SWITCHING
from proxy.fault_causes import ITSELF, NAMES_NOBODY, cause_of
from proxy.framing import framed
from proxy.joined_heads import HeadJoined
from proxy.quick_headers import is_one_there
from proxy.quick_tls import Read, has_something_to_send, taken
from proxy.turns import HEAD_BYTES, by_turns

_SAID = ErrorCode.RESPONSE_TOO_LARGE
"""Of mitmproxy's reasons the one for which the gate has no other use; it answers 502 by it."""
_THEIR_STATUS = ErrorCode.http_status_code
_THEIR_DATA = tls.TLSLayer.receive_data
_BROKEN = frozenset(
    {
        ErrorCode.CONNECT_FAILED,
        ErrorCode.GENERIC_SERVER_ERROR,
        ErrorCode.RESPONSE_VALIDATION_FAILED,
    }
)
_NO_CONTENT, _NOT_MODIFIED = 204, 304
_TELL_THE_END = frozenset({b"content-length", b"transfer-encoding"})
_BY_US = "answered by Outgate"
_ABOUT = (
    b"Outgate is an HTTP proxy that tells and decides what the programs of this machine send.\n"
    b"Programs come to it by `outgate run -- PROGRAM`, or by HTTP_PROXY and HTTPS_PROXY.\n"
    b"`outgate status` says how it is, `outgate doctor` what goes past it, `outgate --help` more.\n"
)
"""For whoever came here by accident."""
_LINE_END = b"\r\n"
_LAST_STATUS = 999


def status_of(code: ErrorCode) -> int | None:
    """Return the status of an answer that the gate makes itself; None: the connection breaks."""
    return None if code in _BROKEN else _THEIR_STATUS(code)


def said_in_words[Event: HttpEvent](event: Event, *, proxied: bool) -> Event:
    """Have a request whose host's name is not known, or is the gate's own, answered instead of
    broken off. `proxied`: it is another proxy that looks names up, or whose own name it is.
    """
    if isinstance(event, ResponseProtocolError) and event.code is ErrorCode.CONNECT_FAILED:
        cause = cause_of(event.message)
        if cause == ITSELF:
            event.code = ErrorCode.DESTINATION_UNKNOWN
        elif not proxied and cause in NAMES_NOBODY:
            event.code = _SAID
    return event


def refused_words(status: int, message: str) -> bytes:
    """Return what to say to a request that is none, or leads nowhere, instead of mitmproxy's own
    message: that one may quote the request, and nothing of it is passed on.
    """
    if status == status_codes.BAD_GATEWAY:
        return f"Outgate sent nothing of this request: {_cause(message)}.\n".encode()
    if cause_of(message) == ITSELF:
        return (
            b"This is Outgate itself, and no website: nothing of this request was sent on.\n"
            + _ABOUT
        )
    return b"Outgate cannot read this request as HTTP, so nothing of it was sent on.\n" + _ABOUT


def refused_head(status: int, message: str = "") -> bytes:
    """Return the whole answer to such a request."""
    fields = http.Headers(connection="close", content_type="text/plain; charset=utf-8")
    answer = http.Response.make(status, refused_words(status, message), fields)
    by = f"Outgate: {_cause(message)}" if status == status_codes.BAD_GATEWAY else _BY_US
    answer.reason = f"{status_codes.RESPONSES.get(status, 'Error')} ({by})"
    return bytes(http1.assemble_response(answer))


def _cause(message: str) -> str:
    return f"the destination: {cause_of(message) or 'it was not reached'}"


def was_reached(flow: http.HTTPFlow) -> bool:
    """Return True when there was a connection over which a request can have left."""
    server = flow.server_conn
    return bool(server.timestamp_tls_setup if server.tls else server.timestamp_tcp_setup)


def mark_end(flow: http.HTTPFlow) -> None:
    """Have a client of HTTP/1.1 see where the answer ends: without a length or chunks, one that
    broke off would look like a whole one. An answer of HTTP/1.0 becomes one of HTTP/1.1, as that
    one knows no chunks (RFC 9112, 6.1): many clients would take their sizes for data.
    """
    answer, request = flow.response, flow.request
    if answer is None or request.http_version != "HTTP/1.1" or request.method == "HEAD":
        return
    empty = answer.status_code in {_NO_CONTENT, _NOT_MODIFIED} or answer.status_code < 200
    if not (empty or is_one_there(answer.headers, _TELL_THE_END)):
        answer.headers["transfer-encoding"] = "chunked"
        answer.http_version = "HTTP/1.1"


class GateHttp1Client(HeadJoined, Http1Client):
    """mitmproxy's reader of HTTP/1 answers; informational ones are not taken for the answer."""

    def send(self, event: HttpEvent) -> layer.CommandGenerator[None]:
        """Send a part of a request, its head together with a body that is there.

        A connection in clear by way of a proxy is one inside that to the proxy, of which mitmproxy
        notes no beginning: it is there as soon as something is sent by it (`was_reached`).
        """
        if isinstance(self.conn, Server) and self.conn.timestamp_tcp_setup is None:
            self.conn.timestamp_tcp_setup = time.time()
        if isinstance(event, RequestHeaders):
            event = framed(event)
        return self.joined(event, super().send(event))

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read the head of the answer, behind 100, 102, 103 and their like. To a client of HTTP/2
        nothing can switch protocols (RFC 9113, 8.6): such an answer is none.
        """
        if isinstance(event, events.DataReceived):
            while _drop_informational(self.buf):
                continue
            if self.request is not None and (why := self._why_none(self.request)):
                yield from self._no_answer(why)
                return
        yield from super().read_headers(event)
        waits = self.request is not None and self.response is None
        if waits and self.stream_id is not None and len(self.buf) > HEAD_BYTES:
            yield from self._no_answer("its head has no end")

    def _why_none(self, request: http.Request) -> str:
        """Return why what came is no answer to a request; empty where it may be one."""
        status = _status_in(self.buf)
        if status is not None and not 100 <= status <= _LAST_STATUS:
            return "it tells no status"
        switches = status == SWITCHING and request.is_http2
        return "it switches protocols, to a client of HTTP/2" if switches else ""

    def _no_answer(self, why: str) -> layer.CommandGenerator[None]:
        self.buf = ReceiveBuffer()
        assert self.stream_id is not None
        yield commands.CloseConnection(self.conn)
        code = ErrorCode.GENERIC_SERVER_ERROR
        yield ReceiveHttp(ResponseProtocolError(self.stream_id, why, code))

    def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Read the answer's body; one that lasts until the connection ends is not whole where the
        server broke it.
        """
        closed = isinstance(event, events.ConnectionClosed)
        if closed and self.conn.error and isinstance(self.body_reader, Http10Reader):
            assert self.stream_id is not None
            yield commands.CloseConnection(self.conn)
            code = ErrorCode.GENERIC_SERVER_ERROR
            yield ReceiveHttp(ResponseProtocolError(self.stream_id, self.conn.error, code))
            return
        if closed and self._lacks_only_a_line():
            self.buf += _LINE_END
            yield from super().read_body(events.DataReceived(self.conn, _LINE_END))
            yield from self.state(event)
            return
        yield from by_turns(super().read_body(event), self)

    def _lacks_only_a_line(self) -> bool:
        """Return True where the last chunk is there, and the server closed before the empty line
        that ends them: nothing of the body is missing.
        """
        reader = self.body_reader
        at_end = isinstance(reader, ChunkedReader) and reader._reading_trailer
        return at_end and not self.buf and self.conn.error is None

    def mark_done(
        self, *, request: bool = False, response: bool = False
    ) -> layer.CommandGenerator[None]:
        """Note what is over. A server that has ended what it sends has no further answer: whatever
        the head says to the client by now (`mark_end`), nothing is asked on this connection again.
        """
        yield from super().mark_done(request=request, response=response)
        ended = not self.conn.state & ConnectionState.CAN_READ
        if self.stream_id is None and ended and self.state != self.done:
            yield commands.CloseConnection(self.conn)
            self.state = self.done


def _status_in(buffer: ReceiveBuffer) -> int | None:
    """Return the status that begins the buffer, as mitmproxy reads it, whatever its line is spaced
    by; None while its line is not all there, or where it is none.
    """
    data = buffer._data
    parts = bytes(data[: max(data.find(b"\n"), 0)]).split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1."):
        return None
    try:
        return int(parts[1])
    except ValueError:
        return None


def _drop_informational(buffer: ReceiveBuffer) -> bool:
    """Take an empty line, or one whole informational head, out of the buffer; False where none
    begins it.
    """
    empty = buffer._data.startswith((_LINE_END, b"\n"))
    status = None if empty else _status_in(buffer)
    informs = status is not None and 100 <= status < 200 and status != SWITCHING
    return (empty or informs) and buffer.maybe_extract_lines() is not None


def receive_data(self: tls.TLSLayer, data: bytes) -> layer.CommandGenerator[None]:
    """Take what came over TLS. A fatal alert after the handshake ends the connection: mitmproxy
    notes it and waits on, for ever.
    """
    return told(self, taken(self.tls, data))


def is_data(self: tls.TLSLayer, came: Read) -> bool:
    """Return whether what came is nothing but data, to which TLS has nothing to say."""
    only = came.data and not came.closed and came.alert is None
    return bool(only) and (came.alone or not has_something_to_send(self.tls))


def told(self: tls.TLSLayer, came: Read) -> layer.CommandGenerator[None]:
    """Yield what comes of what came over TLS."""
    # What is read may have moved the protocol on: only now is it known what there is to send.
    if not came.alone and has_something_to_send(self.tls):
        yield from self.tls_interact()
    if came.data:
        yield from self.event_to_child(events.DataReceived(self.conn, came.data))
    if came.closed:
        yield from _THEIR_DATA(self, b"")  # which reads the same end once more
    if came.alert is not None and self.conn.connected:
        self.conn.error = came.alert
        yield commands.CloseConnection(self.conn)
        yield from self.event_to_child(events.ConnectionClosed(self.conn))
