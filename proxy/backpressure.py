"""Connections that are read no faster than the gate can decide.

mitmproxy queues without limit while a hook runs. What is read is acknowledged at once.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any
from weakref import WeakValueDictionary

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events

from proxy.acknowledging import prompt
from proxy.carrying_out import QueuedConnectionHandler
from proxy.streams import GatePieceHook, GateUploadHook

PACED = (GateUploadHook, GatePieceHook)
"""Hooks that let a body go on: they wait until the far side has taken what went before."""
AHEAD = 2 * 1024 * 1024
"""Bytes read from a client while hooks of its connection wait; then its socket is left alone."""

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
    if transport is not None and transport.writer is not None:
        held: Any = transport.writer.get_extra_info("socket", None)
        with contextlib.suppress(OSError, AttributeError):  # gone, or no socket of the system's
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def heard_at(connection_id: str) -> float:
    """Return when something last came on a connection, by the loop's clock."""
    handler = _OPEN.get(connection_id)
    return 0.0 if handler is None else handler.heard_at


class GateConnectionHandler(QueuedConnectionHandler):
    """mitmproxy's handler of one client connection, which stops reading while too much waits."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting = 0
        self._ahead = 0
        self._idle = asyncio.Event()
        self.heard_at = asyncio.get_running_loop().time()
        _OPEN[self.client.id] = self
        self._acknowledge = prompt(self.transports[self.client].writer)

    async def handle_connection(self, connection: Connection) -> None:
        """Let mitmproxy note down which task reads from the client before it reads: the task begins
        at once, and what has come may end the connection before that was noted.
        """
        transport = self.transports[connection]
        if transport.handler is None:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                if transport.writer is not None:
                    transport.writer.close()
                raise
        await super().handle_connection(connection)

    async def server_event(self, event: events.Event) -> None:
        """Acknowledge what comes from the client, count it while hooks wait, then handle it."""
        if isinstance(event, events.DataReceived):
            self.heard_at = asyncio.get_running_loop().time()
        if isinstance(event, events.ConnectionClosed) and event.connection is not self.client:
            self._note_reset(event.connection)
        if isinstance(event, events.DataReceived) and event.connection is self.client:
            self._acknowledge()
            if self._waiting:
                self._ahead += len(event.data)
        await super().server_event(event)

    def _note_reset(self, connection: Connection) -> None:
        """Tell a server that broke its connection from one that ended it: to mitmproxy both are
        the end of what it sent.
        """
        transport = self.transports.get(connection)
        reader = None if transport is None else transport.reader
        if connection.error is None and isinstance(reader, asyncio.StreamReader):
            broken = reader.exception() is not None
            connection.error = "connection reset by the server" if broken else None

    async def hook_task(self, hook: commands.StartHook) -> None:
        """Run one hook; nothing waits any more once its last one is through."""
        self._waiting += 1
        try:
            if isinstance(hook, PACED):
                await super().drain_writers()
            await super().hook_task(hook)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._ahead = 0
                self._idle.set()

    async def drain_writers(self) -> None:
        """Wait before the next read: for slow writers, and for hooks when enough was read ahead."""
        await super().drain_writers()
        transport = self.transports.get(self.client)
        if transport is None or transport.handler is not asyncio.current_task():
            return
        while self._waiting and self._ahead >= AHEAD:
            self._idle.clear()
            await self._idle.wait()
