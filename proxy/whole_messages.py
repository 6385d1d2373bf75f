"""Ordinary exchanges of a tunnel that stands: messages are read, asked about and sent as wholes.

mitmproxy turns what comes into events, leads these through its layers, and makes commands of what
they say. Where a request or an answer came whole (HTTP/1.1 with a length, over TLS on both sides),
and nothing else is under way on the connection, its stream is asked itself here: the very functions
by which mitmproxy and the gate treat it, with the hooks between them. What is left out is the way
to and from them. At the first thing that is not ordinary, or has to be waited for, every layer is
left as mitmproxy would have left it, and what is not done yet takes the way of all others.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http
from mitmproxy.connection import Connection, ConnectionState, Server
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layer import Paused
from mitmproxy.proxy.layers.http import DropStream, GetHttpConnection, SendHttp
from mitmproxy.proxy.layers.http._events import (
    HttpEvent,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHook, HttpResponseHook
from mitmproxy.proxy.layers.tls import ServerTLSLayer

from proxy.binding import bound
from proxy.far_side import is_data
from proxy.joined_heads import MOST
from proxy.quick_layers import tunnel_said
from proxy.quick_tls import USABLE, taken, written
from proxy.straight_ends import end_of, said_to
from proxy.streams import GateHttpLayer, GateStream
from proxy.trailers import GateHttp1Server
from proxy.whole_ends import is_free, lacking_at
from proxy.whole_heads import answer_in, goes_on, is_told_whole, request_in

type Said = Generator[commands.Command, Any, None]
type Rest = Iterable[commands.Command]


class Does(Protocol):
    """Does at once what an exchange asks for."""

    def write(self, connection: Connection, data: bytes) -> None:
        """Send these bytes on a connection, unless it is closed."""

    def asked(self, hook: commands.StartHook) -> bool:
        """Begin a hook; return whether it is over. Else its end comes as an event."""


@dataclass(frozen=True, slots=True)
class WholeMessages:
    """The HTTP inside of one tunnel.

    What is taken is done at once, by `does`; what is returned is left to be carried out, in its
    order. None: nothing was taken.
    """

    outer: Any
    connect: GateStream
    to_client: Any
    inside: GateHttpLayer

    def of_client(self, data: bytes, does: Does) -> Rest | None:
        """Take a request that begins, or more of its body."""
        inside = self.inside
        end: Any = inside.connections.get(self.to_client.conn)
        if not USABLE or type(end) is not GateHttp1Server or inside.debug is not None:
            return None
        if inside.streams:
            return self._more_asked(end, data, does)
        if not is_free(end) or (found := request_in(data)) is None:
            return None
        end.request, body, lacking = found
        end.asked(len(body) + lacking, lacking)
        number = end.stream_id
        inside.begin_stream(number)
        stream: Any = inside.streams[number]
        saying = stream.client_state(RequestHeaders(number, end.request, not (body or lacking)))
        if (command := _said(stream, saying, does)) is not None:
            return self._left(stream, command, saying, _asked_with(number, body, lacking))
        return self._held(stream, body, lacking, does)

    def _more_asked(self, end: Any, data: bytes, does: Does) -> Rest | None:
        """Take more of the body of a request, all that is lacking or less."""
        lacking = lacking_at(end) - len(data)
        stream = self._idle(end.stream_id)
        if lacking < 0 or stream is None or stream.flow.response is not None:
            return None
        if stream.client_state != stream.state_consume_request_body or stream._keeps():
            return None
        end.asked(end.body_reader._length, lacking)
        return self._held(stream, data, lacking, does)

    def _held(self, stream: Any, body: bytes, lacking: int, does: Does) -> Rest:
        """Have a stream hold a part of a body; at its end, decide and send all on."""
        number = stream.stream_id
        if not _holds(stream, body):
            return self._events(stream, _asked_with(number, body, lacking))
        if lacking:
            return ()
        saying = stream.client_state(RequestEndOfMessage(number))
        return self._sent_on(stream, _said(stream, saying, does), saying, does)

    def of_server(self, event: events.DataReceived, does: Does) -> Rest | None:
        """Take what came on a connection to a server: of an answer as much as is there."""
        inside = self.inside
        child: Any = inside.connections.get(event.connection)
        if type(child) is not ServerTLSLayer or event.connection is not child.tunnel_connection:
            return None
        end = end_of(child) if USABLE else None
        if end is None or (stream := self._waiting_at(end)) is None:
            return None
        came = taken(child.tls, event.data)
        rest = self._of_answer(stream, end, came.data, does) if is_data(child, came) else None
        if rest is None:
            return inside.led(child, said_to(child, end, came), straight=True)
        return rest

    def _of_answer(self, stream: Any, end: Any, data: bytes, does: Does) -> Rest | None:
        number, request = stream.stream_id, end.request
        if end.conn.state is not ConnectionState.OPEN:
            return None
        if (answer := end.response) is not None:
            lacking = lacking_at(end) - len(data)
            if lacking < 0 or not (lacking or goes_on(request, answer)):
                return None
            end.lacks(end.body_reader._length, lacking)
            return self._heard(stream, end, data, lacking, does)
        if (found := answer_in(request, data)) is None:
            return None
        answer, body, lacking = found
        end.response = answer
        if lacking:
            end.lacks(len(body) + lacking, lacking)
        saying = stream.server_state(ResponseHeaders(number, answer, not (body or lacking)))
        if (command := _said(stream, saying, does)) is not None:
            rest = self._left(stream, command, saying, _told_with(number, body, lacking))
            return rest if lacking else _both(rest, self._over(end))
        return self._heard(stream, end, body, lacking, does)

    def _heard(self, stream: Any, end: Any, body: bytes, lacking: int, does: Does) -> Rest:
        """Have a stream hold a part of an answer; at its end, tell all of it."""
        number = stream.stream_id
        ended = () if lacking else self._over(end)
        if ended or stream.server_state != stream.state_consume_response_body:
            return _both(ended, self._events(stream, _told_with(number, body, lacking)))
        if body:
            stream.response_body_buf += body
        if lacking:
            return ()
        saying = stream.server_state(ResponseEndOfMessage(number))
        return self._told(stream, _said(stream, saying, does), saying, does)

    def of_hook(self, hook: commands.Command, does: Does) -> Rest | None:
        """Go on behind a hook, where that leads out to a server or back to the client."""
        if (kind := type(hook)) is not HttpRequestHook and kind is not HttpResponseHook:
            return None
        stream: Any = self.inside.command_sources.get(hook)
        if type(stream) is not GateStream or not USABLE or stream.debug is not None:
            return None
        paused = stream._paused
        if paused is None or paused.command is not hook or stream._paused_event_queue:
            return None
        del self.inside.command_sources[hook]
        self.outer.command_sources.pop(hook, None)
        stream._paused = None
        command = _said(stream, paused.generator, does)
        go_on = self._sent_on if kind is HttpRequestHook else self._told
        return go_on(stream, command, paused.generator, does)

    def _sent_on(self, stream: Any, command: Any, saying: Said, does: Does) -> Rest:
        """Send a request to its server: head and body as one."""
        if type(command) is not GetHttpConnection or (found := self._server(command)) is None:
            return self._left(stream, command, saying)
        tls, end = found
        connection, number = tls.conn, stream.stream_id
        command = saying.send((connection, None))
        request = stream.flow.request
        if not _is_whole_request(request, command):
            return self._left(stream, command, saying)
        sent = http1.assemble_request_head(request)
        command = next(saying)
        if type(command.event) is RequestData:
            sent += command.event.data
            next(saying)
        end.stream_id, end.request, end.request_done = number, request, True
        for piece in written(tls, sent):
            does.write(connection, piece)
        return self._left(stream, next(saying, None), saying)

    def _server(self, asked: GetHttpConnection) -> tuple[Any, Any] | None:
        """Return the connection that stands and is free for this request: its TLS, and its end."""
        there = self.inside.connections
        alike = (one for one in there if asked.connection_spec_matches(one))
        found = next((one for one in alike if one.state is not ConnectionState.CLOSED), None)
        if not isinstance(found, Server) or found.state is not ConnectionState.OPEN or found.error:
            return None
        child = there[found]
        if type(child) is not ServerTLSLayer or child.conn is not found:
            return None
        end = end_of(child)
        free = end is not None and end.stream_id is None and is_free(end)
        return (child, end) if free and found.timestamp_tcp_setup is not None else None

    def _idle(self, number: int | None) -> Any:
        """Return the stream of this number, where it waits for nothing that was begun."""
        stream: Any = self.inside.streams.get(number)  # type: ignore[arg-type]
        if type(stream) is not GateStream or stream._paused is not None or stream.debug is not None:
            return None
        return None if stream._paused_event_queue else stream

    def _waiting_at(self, end: Any) -> Any:
        """Return the stream that waits for an answer at an end, or for the rest of one that is
        held.
        """
        if end.buf or not end.request_done or (stream := self._idle(end.stream_id)) is None:
            return None
        if stream.client_state != stream.state_done:
            return None
        if end.response is None:
            waits = stream.server_state == stream.state_wait_for_response_headers
            return stream if waits and end.state == end.read_headers else None
        held = stream.server_state == stream.state_consume_response_body
        return stream if held and lacking_at(end) > 0 else None

    def _over(self, end: Any) -> Rest:
        """Have an end towards a server stand between two exchanges; return what is said where its
        connection has to end, by what a hook has made of the answer.
        """
        if goes_on(end.request, end.response):
            end.between(None)
            return ()
        child: Any = self.inside.connections[end.conn]
        said = tunnel_said(child, end.mark_done(response=True))
        return self.inside.led(child, said, straight=True)

    def _told(self, stream: Any, command: Any, saying: Said, does: Does) -> Rest:
        """Send an answer to the client: head and body as one; then the next request may come."""
        client = self.to_client.conn
        end: Any = self.inside.connections.get(client)
        if not _is_whole_answer(stream, end, command) or command.connection is not client:
            return self._left(stream, command, saying)
        sent = http1.assemble_response_head(command.event.response)
        command = next(saying)
        if type(command) is SendHttp and type(command.event) is ResponseData:
            sent += command.event.data
            command = next(saying)
        for piece in written(self.to_client, sent):
            does.write(client, piece)
        assert type(command) is DropStream
        del self.inside.streams[command.stream_id]
        next(saying)
        end.between(stream.stream_id + 2)
        rest = self._left(stream, next(saying, None), saying)
        if not end.buf:
            return rest
        ahead = events.DataReceived(end.conn, b"")  # what the client has sent behind it
        return _both(rest, self.inside.event_to_child(end, ahead))

    def _left(
        self, stream: Any, command: Any, saying: Said, behind: Sequence[HttpEvent] = ()
    ) -> Rest:
        """Leave it to the way of all others: a hook that was begun is waited for; what else a
        stream says is carried out, and it hears then what has come behind.
        """
        if command is None:
            return self._events(stream, behind) if behind else ()
        if not isinstance(command, commands.StartHook):
            rest = self.inside.led(stream, _resumed(command, saying))
            return _both(rest, self._events(stream, behind)) if behind else rest
        stream._paused = Paused(command, saying)
        stream._paused_event_queue.extend(behind)
        self.inside.command_sources[command] = stream
        self.outer.command_sources[command] = self.connect
        return ()

    def _events(self, stream: Any, behind: Sequence[HttpEvent]) -> Rest:
        for event in behind:
            yield from self.inside.event_to_child(stream, event)


def _both(first: Rest, second: Rest) -> Rest:
    yield from first
    yield from second


def _resumed(command: Any, saying: Said) -> Said:
    """Yield a command that was taken already, and what is said behind it."""
    try:
        while True:
            command = saying.send((yield command))
    except StopIteration:
        return


def _said(stream: GateStream, saying: Said, does: Does) -> Any:
    """Return what a stream says next: no hook that is over at once. None: it is done."""
    for command in saying:
        if not isinstance(command, commands.StartHook):
            return command
        hook: Any = command
        hook.blocking = stream
        if not does.asked(hook):
            return hook
    return None


def _asked_with(number: int, body: bytes, lacking: int) -> Sequence[HttpEvent]:
    """Return what mitmproxy would make of a part of a request's body."""
    said: list[HttpEvent] = [RequestData(number, body)] if body else []
    return said if lacking else [*said, RequestEndOfMessage(number)]


def _told_with(number: int, body: bytes, lacking: int) -> Sequence[HttpEvent]:
    """Return what mitmproxy would make of a part of an answer's body."""
    told: list[HttpEvent] = [ResponseData(number, body)] if body else []
    return told if lacking else [*told, ResponseEndOfMessage(number)]


def _holds(stream: Any, body: bytes) -> bool:
    """Have a stream hold a part of a body; return False where it has to hear of it in turn."""
    if stream.client_state != stream.state_consume_request_body or stream._keeps():
        return False
    if stream.flow.response is not None:
        return False
    travel = None if (transaction := bound(stream.flow)) is None else transaction.travel
    came = len(stream.request_body_buf) + len(body)
    if travel is not None and travel.outgrown(came):
        return False
    if body:
        stream.request_body_buf += body
        if travel is not None:
            travel.came = came
    return True


def _is_whole_request(request: http.Request, command: Any) -> bool:
    """Return whether a stream sends its request as one, with its length."""
    if type(command) is not SendHttp or type(command.event) is not RequestHeaders:
        return False
    content = request.data.content or b""
    if request.trailers or "transfer-encoding" in request.headers or len(content) > MOST:
        return False
    return bool(content) != command.event.end_stream  # else its body is kept elsewhere


def _is_whole_answer(stream: Any, end: Any, command: Any) -> bool:
    """Return whether a stream tells its client an answer as one, and nothing has to end then."""
    if type(command) is not SendHttp or type(command.event) is not ResponseHeaders:
        return False
    if stream.client_state != stream.state_done or type(end) is not GateHttp1Server:
        return False
    if end._paused is not None or end.debug is not None or end.response is not None or end._head:
        return False
    if not end.request_done or end.state != end.wait or end.stream_id != stream.stream_id:
        return False
    told = end.conn.state is ConnectionState.OPEN
    return told and is_told_whole(end.request, command.event)
