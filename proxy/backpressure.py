"""Connections that are read no faster than the gate can decide.

mitmproxy queues without limit while a hook runs. What is read is acknowledged at once.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy import http
from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.websocket import WebSocketMessageInjected
from mitmproxy.proxy.server import ConnectionIO
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from proxy.acknowledging import prompt
from proxy.binding import transaction_of
from proxy.boundaries import is_ours
from proxy.carrying_out import QueuedConnectionHandler
from proxy.prompt_reading import let_go, made_prompt
from proxy.sending_on import sends_on
from proxy.streams import GatePieceHook, GateUploadHook
from proxy.travel import PastTap
from proxy.untaken import LastWords, is_reset, lost_of, unacknowledged, untaken
from proxy.untying import Over, nothing, untie_layers

PACED = (GateUploadHook, GatePieceHook)
"""Hooks that let a body go on: they wait until the far side has taken what went before."""
AHEAD = 2 * 1024 * 1024
"""Bytes read from a client while hooks of its connection wait; then its socket is left alone."""

_AT_A_TIME = 64 * 1024
"""Bytes for which there is room at each read of a socket. asyncio makes 256 KB each time, which
takes longer than to read a request; more than this mitmproxy does not take at once."""

ARRIVES_S = 0.25
"""For so long what is on its way when an exchange ends may be acknowledged: systems delay that by
40 ms, some by 200.
"""
_LOOKS_S = 0.005
"""Between two looks at what was acknowledged."""
_CLIENT_LOOKS_S = 0.25
"""Between two looks whether a client that is not read from is there."""

_AT_ONCE = struct.pack("ii", 1, 0)

_OPEN: "WeakValueDictionary[str, GateConnectionHandler]" = WeakValueDictionary()


def hang_up(connection_id: str) -> None:
    """Close a client's connection as if the client had gone; others' handlers are left alone."""
    handler = _OPEN.get(connection_id)
    transport = None if handler is None else handler.transports.get(handler.client)
    if transport is not None and transport.writer is not None:
        transport.writer.close()


def break_off(connection_id: str) -> None:
    """Have the end of a client's connection, when it comes, be a broken one: what it has in hand is
    not whole, and must not look like it.
    """
    handler = _OPEN.get(connection_id)
    transport = None if handler is None else handler.transports.get(handler.client)
    if transport is not None:
        _end_broken(transport)


def untaken_of(flow: http.HTTPFlow) -> int | None:
    """Return how much of what went to a flow's server was lost with its connection; None where
    nobody can tell, for it broke and the system does not say. What is under way on one of HTTP/2
    that stands, and has other requests, arrives.
    """
    handler, server = _OPEN.get(flow.client_conn.id), flow.server_conn
    if handler is None:
        return None
    lost = 0 if _goes_on(handler, flow) else handler.waits(server)
    return None if lost is None else lost + _unsent(flow)


async def let_arrive(flow: http.HTTPFlow, until: float) -> None:
    """Wait, by the loop's clock, for the system of a flow's server to acknowledge what it gets."""
    handler, server = _OPEN.get(flow.client_conn.id), flow.server_conn
    if handler is None or _goes_on(handler, flow):
        return
    now = asyncio.get_running_loop().time
    while now() < until and not is_reset(handler.transports.get(server)):
        if not handler.waits(server):
            return
        await asyncio.sleep(_LOOKS_S)


def _goes_on(handler: "GateConnectionHandler", flow: http.HTTPFlow) -> bool:
    """Return whether a connection of HTTP/2 stands on both sides: there a request ends alone."""
    server = flow.server_conn
    stands = server not in handler.lost and bool(server.state & ConnectionState.CAN_READ)
    return stands and server.alpn == b"h2" and flow.client_conn.connected


def waits_of(connection_id: str, server: Connection) -> int | None:
    """Return how much of what was written to a client's server it may not have; None: unknown."""
    handler = _OPEN.get(connection_id)
    return None if handler is None else handler.waits(server)


def behind_its_answer(flow: http.HTTPFlow) -> int | None:
    """Return how much of what went to a flow's server it had not taken when its answer was over;
    None where nobody can tell, for it broke. Of HTTP/2 only where some of it did not leave at all:
    what waits in the system may be another's.
    """
    handler, server = _OPEN.get(flow.client_conn.id), flow.server_conn
    if handler is None:
        return 0
    unsent = _unsent(flow)
    if server.alpn == b"h2" and not unsent:
        return 0
    waits = handler.waits(server)
    return None if waits is None else unsent + waits


def unsure_of(flow: http.HTTPFlow) -> int | None:
    """Return how much of what went to a flow's server it may not have taken, where the gate itself
    breaks off now: what waits in the system may be another's, too. None where nobody can tell.
    """
    handler, server = _OPEN.get(flow.client_conn.id), flow.server_conn
    if handler is None:
        return None
    lost = handler.waits(server)
    return None if lost is None else lost + _unsent(flow)


def _unsent(flow: http.HTTPFlow) -> int:
    """Return how many bytes of a request that goes by HTTP/2 did not leave."""
    told = transaction_of(flow).travel.unsent
    return 0 if told is None else told()


def _read_at_most(writer: Any, size: int) -> None:
    """Have so much room made for each read, where asyncio lets it be said."""
    found: Any = getattr(writer, "transport", None)
    if getattr(found, "max_size", 0) > size:
        found.max_size = size


def _end_broken(transport: ConnectionIO) -> None:
    if transport.writer is not None:
        held: Any = transport.writer.get_extra_info("socket", None)
        with contextlib.suppress(OSError, AttributeError):  # gone, or no socket of the system's
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def _is_broken(transport: ConnectionIO | None) -> bool:
    """Return whether a connection ended by a reset, or by another fault of the network."""
    reader = None if transport is None else transport.reader
    return isinstance(reader, asyncio.StreamReader) and reader.exception() is not None


async def look_again(flow: http.HTTPFlow) -> None:
    """Have the layers of a WebSocket see what became of it meanwhile: they look when something
    comes, so an empty message does, which goes nowhere.
    """
    if (handler := _OPEN.get(flow.client_conn.id)) is not None:
        nothing = WebSocketMessage(Opcode.TEXT, from_client=False, content=b"")
        await handler.server_event(WebSocketMessageInjected(flow, nothing))


def heard_at(connection_id: str) -> float:
    """Return when something last came on a connection, by the loop's clock."""
    handler = _OPEN.get(connection_id)
    return 0.0 if handler is None else handler.heard_at


class GateConnectionHandler(QueuedConnectionHandler):
    """mitmproxy's handler of one client connection, which stops reading while too much waits."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting, self._over = 0, False
        self._ahead = 0
        self.lost: WeakKeyDictionary[Connection, int | None] = WeakKeyDictionary()
        """What was under way to a server when its connection ended; None where nobody can tell. For
        as long as somebody can ask for that.
        """
        self._last_words = LastWords()
        self._idle = asyncio.Event()
        self.heard_at = asyncio.get_running_loop().time()
        _OPEN[self.client.id] = self
        self._acknowledge = prompt(self.transports[self.client].writer)

    async def handle_connection(self, connection: Connection) -> None:
        """Let mitmproxy note down which task reads from the client before it reads: the task begins
        at once, and what has come may end the connection before that was noted.
        """
        transport = self.transports[connection]
        _read_at_most(transport.writer, _AT_A_TIME)
        if transport.handler is None:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                if transport.writer is not None:
                    transport.writer.close()
                raise
        broke = partial(self._note_break, connection)
        made_prompt(transport.reader, partial(self._came, connection), self.drain_writers, broke)
        try:
            await super().handle_connection(connection)
        except asyncio.CancelledError as error:
            # It is kept by the frame that raised it, and keeps that frame by where it came from.
            error.__traceback__ = None
            raise
        finally:
            self.written.pop(connection, None)
            reader = transport.reader
            let_go(reader)
            broken = reader.exception() if isinstance(reader, asyncio.StreamReader) else None
            if broken is not None:
                broken.__traceback__ = None  # the same: it keeps the frame that keeps the reader

    async def handle_client(self) -> None:
        """Serve a client to the end, and let go then of what served it."""
        await super().handle_client()
        self._over = True
        self.let_go()

    def let_go(self) -> None:
        """Let the layers go where the client has left and nothing is to come for them any more."""
        if self._over and not (self._waiting or self._handling or self.transports):
            untie_layers(self.layer)
            self.layer = Over()  # type: ignore[assignment]
            self.timeout_watchdog.callback = nothing

    def write(self, connection: Connection, data: bytes) -> None:
        """Send these bytes; what is sent behind the end of a connection is lost with it."""
        if self.lost and (lost := self.lost.get(connection)) is not None:
            self.lost[connection] = lost + len(data)
        super().write(connection, data)

    def waits(self, server: Connection) -> int | None:
        """Return how many of the bytes that were written to a server it is not known to have: as
        its socket tells, else as it told last. None where nobody can tell.
        """
        transport, written = self.transports.get(server), self.written.get(server)
        now = None if written is None else lost_of(transport, written)
        if now is None:
            now = self._last_words.waits(server)
        if now is not None:
            return now
        return self.lost[server] if server in self.lost else unacknowledged(transport)

    def take(self, event: events.Event) -> None:
        """Acknowledge what comes from the client, count it while hooks wait, then handle it."""
        if isinstance(event, events.DataReceived):
            self.heard_at = asyncio.get_running_loop().time()
            if event.connection is self.client:
                self._acknowledge()
                if self._waiting:
                    self._ahead += len(event.data)
        elif isinstance(event, events.ConnectionClosed):
            if event.connection is self.client:
                self._break_off_servers()
            else:
                self._note_end(event.connection)
        super().take(event)

    def fault(self, error: BaseException) -> None:
        """Break the client's connection off, and those to its servers: whoever waits for an answer
        gets none, and nobody takes what has come for all. The layers hear of no end any more.
        """
        for connection, transport in self.transports.items():
            if connection is not self.client:
                self.lost.setdefault(connection, self._lacks(connection))
            _end_broken(transport)
        super().fault(error)
        hang_up(self.client.id)
        self.client.state = ConnectionState.CLOSED
        of_client = self.transports.get(self.client)
        if of_client is not None and of_client.handler is not None:
            of_client.handler.cancel("the gate failed")

    def _came(self, connection: Connection, data: bytes) -> bool:
        """Handle what has come; return whether more may be read at once."""
        self.take(events.DataReceived(connection, data))
        return self.is_all_sent() and not (connection is self.client and self._is_far_ahead())

    def _is_far_ahead(self) -> bool:
        return self._waiting > 0 and self._ahead >= AHEAD

    def _break_off_servers(self) -> None:
        """A client that breaks its connection in the middle of what goes on to a server, breaks it
        there as well: else the server would take the part that has come for the whole.
        """
        if not _is_broken(self.transports.get(self.client)) or not sends_on(self.layer):
            return
        for connection, transport in self.transports.items():
            # In HTTP/2 each request ends for itself.
            if connection is not self.client and connection.alpn != b"h2":
                self.lost[connection] = self._lacks(connection)
                _end_broken(transport)
                if transport.writer is not None:
                    transport.writer.transport.abort()  # type: ignore[union-attr]  # hooks wait for it

    def _carry_out(self, command: commands.Command) -> None:
        """Note what a server has before its connection is closed here: its socket tells no more."""
        if isinstance(command, commands.CloseConnection) and command.connection is not self.client:
            self._note_close(command.connection)
        super()._carry_out(command)

    def _note_close(self, server: Connection) -> None:
        transport = self.transports.get(server)
        if transport is None:
            return
        was_broken, waits = server in self.lost, self.waits(server)
        self.lost[server] = waits
        if waits and not was_broken:
            self._last_words.keep(server, transport, self.written.get(server, 0), ARRIVES_S)

    def _note_break(self, connection: Connection) -> None:
        """A connection broke: keep how much of what was written to a server its end has."""
        if connection is not self.client:
            lost = lost_of(self.transports.get(connection), self.written.get(connection, 0))
            self.lost.setdefault(connection, lost)

    def _lacks(self, server: Connection) -> int | None:
        """Return how much of what was written to a server is not acknowledged at this end of its
        connection; the most that may be where the system does not tell.
        """
        transport = self.transports.get(server)
        lost = lost_of(transport, self.written.get(server, 0))
        return untaken(transport) if lost is None else lost

    def _note_end(self, connection: Connection) -> None:
        """Tell a server that broke its connection from one that ended it: to mitmproxy both are
        the end of what it sent.
        """
        transport = self.transports.get(connection)
        broken = transport is None or _is_broken(transport)
        self.lost.setdefault(connection, None if broken else self._lacks(connection))
        if connection.error is None and _is_broken(transport):
            connection.error = "connection reset by the server"

    async def hook_task(
        self, hook: commands.StartHook, work: Awaitable[None] | None = None
    ) -> None:
        """Run one hook, or what is left of it; nothing waits any more once its last one is
        through. What fails beside it ends the connection: nobody would tell its layers to go on.
        """
        self._waiting += 1
        try:
            if isinstance(hook, PACED):
                await super().drain_writers()
                self._tell_what_is_taken(hook.flow)
            await (self.handle_hook(hook) if work is None else work)
            if hook.blocking:
                self.take(events.HookCompleted(hook))
        except BaseException as error:
            if not is_ours(error):
                raise
            self.fault(error)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._ahead = 0
                self._idle.set()
                self.let_go()

    def _tell_what_is_taken(self, flow: http.HTTPFlow) -> None:
        """Have a body that passes know how much of it the far side has."""
        body, transport = transaction_of(flow).travel.body, self.transports.get(flow.server_conn)
        if isinstance(body, PastTap) and transport is not None:
            waits = untaken(transport)
            if waits is not None:
                body.tap.heard(waits)

    async def drain_writers(self) -> None:
        """Wait before the next read: for slow writers, and for hooks when enough was read ahead. A
        client that broke off meanwhile is read to its end: nobody else sees that it has.
        """
        transport = self.transports.get(self.client)
        if transport is None or transport.handler is not asyncio.current_task():
            await super().drain_writers()
            return
        while not is_reset(transport):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLIENT_LOOKS_S):
                    await self._room()
                    return

    async def _room(self) -> None:
        """Wait for slow writers, and until no more than may be was read ahead of the hooks."""
        await super().drain_writers()
        while self._is_far_ahead():
            self._idle.clear()
            await self._idle.wait()
