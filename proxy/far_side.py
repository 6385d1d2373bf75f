"""Servers that fail or are odd: the client meets what it would meet without the gate.

A server that cannot be reached, or breaks its connection, is a broken connection to the client, not
a page that it might take for data. Heads of answers that clients read without ado, and mitmproxy
refuses, are put in order.
"""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from h11._readers import ChunkedReader, Http10Reader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1, status_codes
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, HttpEvent, ResponseProtocolError
from mitmproxy.proxy.layers.http._http1 import Http1Client

from proxy.joined_heads import HeadJoined
from proxy.quick_tls import read

_THEIR_STATUS = ErrorCode.http_status_code
_THEIR_HEAD = http1.read_response_head
_THEIR_DATA = tls.TLSLayer.receive_data
_BROKEN = frozenset(
    {
        ErrorCode.CONNECT_FAILED,
        ErrorCode.GENERIC_SERVER_ERROR,
        ErrorCode.RESPONSE_VALIDATION_FAILED,
    }
)
_SWITCHING, _NO_CONTENT, _NOT_MODIFIED = 101, 204, 304
_TELL_THE_END = frozenset({"content-length", "transfer-encoding"})
_PACKINGS = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress"})
_HEAD_END, _LINE_END = b"\r\n\r\n", b"\r\n"


def status_of(code: ErrorCode) -> int | None:
    """Return the status of an answer that the gate makes itself; None: the connection breaks."""
    return None if code in _BROKEN else _THEIR_STATUS(code)


def refused_words(status: int, message: str) -> bytes:
    """Return what to say to a request that is none, instead of mitmproxy's own message."""
    return b"Outgate cannot read this request as HTTP, so nothing of it was sent on.\n"


def refused_head(status: int, message: str = "") -> bytes:
    """Return the answer to a request that is none. `message` is mitmproxy's and may quote the
    request: it is not passed on.
    """
    fields = http.Headers(connection="close", content_type="text/plain; charset=utf-8")
    answer = http.Response.make(status, refused_words(status, message), fields)
    answer.reason = f"{status_codes.RESPONSES.get(status, 'Error')} (answered by Outgate)"
    return bytes(http1.assemble_response(answer))


def ordered_head(lines: list[bytes]) -> http.Response:
    """Read the head of an answer. What its status or its coding makes void is left out (RFC 9112,
    6.1 and 6.3), and a length that is said twice alike is said once.
    """
    answer = _THEIR_HEAD(lines)
    headers = answer.headers
    empty = answer.status_code in {_NO_CONTENT, _NOT_MODIFIED} or answer.status_code < 200
    if empty and answer.status_code != _NOT_MODIFIED:
        headers.pop("content-length", None)
    if empty or headers.get("transfer-encoding", "").strip().lower() == "identity":
        # "identity" is no coding (RFC 7230, A.2): clients go by the length beside it.
        headers.pop("transfer-encoding", None)
    _in_one_coding(answer)
    if "transfer-encoding" in headers:
        headers.pop("content-length", None)
    _with_one_length(answer)
    return answer


def _with_one_length(answer: http.Response) -> None:
    said = answer.headers.get_all("content-length")
    lengths = [one.strip() for all_ in said for one in all_.split(",")]
    if lengths and all(one.isascii() and one.isdigit() and len(one) < 20 for one in lengths):
        meant = {int(one) for one in lengths}
        if len(meant) == 1:
            answer.headers["content-length"] = str(meant.pop())


def _in_one_coding(answer: http.Response) -> None:
    """Leave no coding for the way but chunks: a compression beside them is one of the content from
    here on, for most clients know none on the way and would wait for an end that does not come.
    In an answer of HTTP/1.0 chunks are read as clients do: as chunks (RFC 9112, 6.1, forbids them).
    """
    headers = answer.headers
    codings = [one.strip().lower() for one in headers.get("transfer-encoding", "").split(",")]
    *packed, last = codings
    if last != "chunked":
        packed.append(last)
    if packed and all(one in _PACKINGS for one in packed):
        before = headers.get("content-encoding")
        headers["content-encoding"] = ", ".join([*([before] if before else []), *packed])
        headers.pop("transfer-encoding")
        if last == "chunked":
            headers["transfer-encoding"] = "chunked"
    if answer.http_version == "HTTP/1.0" and headers.get("transfer-encoding") == "chunked":
        answer.http_version = "HTTP/1.1"
        headers["connection"] = "close"


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
    if not (empty or any(name in answer.headers for name in _TELL_THE_END)):
        answer.headers["transfer-encoding"] = "chunked"
        answer.http_version = "HTTP/1.1"


class GateHttp1Client(HeadJoined, Http1Client):
    """mitmproxy's reader of HTTP/1 answers; informational ones are not taken for the answer."""

    def send(self, event: HttpEvent) -> layer.CommandGenerator[None]:
        """Send a part of a request, its head together with a body that is there."""
        return self.joined(event, super().send(event))

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read the head of the answer, behind 100, 102, 103 and their like."""
        if isinstance(event, events.DataReceived):
            while _drop_informational(self.buf):
                continue
        yield from super().read_headers(event)

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
        yield from super().read_body(event)

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


def _drop_informational(buffer: ReceiveBuffer) -> bool:
    """Take one whole informational head out of the buffer; False where none begins it."""
    head = bytes(buffer)[:65536]
    if not head.startswith(b"HTTP/1.") or head[9:10] != b"1" or head[9:12] == b"101":
        return False
    end = head.find(_HEAD_END)
    if end < 0:
        return False
    buffer.maybe_extract_at_most(end + len(_HEAD_END))
    return True


def receive_data(self: tls.TLSLayer, data: bytes) -> layer.CommandGenerator[None]:
    """Take what came over TLS. A fatal alert after the handshake ends the connection: mitmproxy
    notes it and waits on, for ever.
    """
    if data:
        self.tls.bio_write(data)
    came = read(self.tls)
    # What is read may have moved the protocol on: only now is it known what there is to send.
    yield from self.tls_interact()
    if came.data:
        yield from self.event_to_child(events.DataReceived(self.conn, came.data))
    if came.closed:
        yield from _THEIR_DATA(self, b"")  # which reads the same end once more
    if came.alert is not None and self.conn.connected:
        self.conn.error = came.alert
        yield commands.CloseConnection(self.conn)
        yield from self.event_to_child(events.ConnectionClosed(self.conn))
