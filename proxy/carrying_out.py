"""A client's connection whose events are handled in the order in which they come, without a lock.

mitmproxy handles each event behind a lock, and makes a named task for each hook, also where nobody
listens. Handling an event never waits, so a queue keeps the same order; what comes up while one is
handled stands behind it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, mode_servers
from mitmproxy.proxy.server import ConnectionIO
from mitmproxy.utils.asyncio_utils import create_task

from proxy.turns import Fault, GateFaultHook

_UNDER_WAY: set[asyncio.Task[None]] = set()
"""Hooks that wait for something: the loop itself keeps its tasks weakly."""


def are_hooks_under_way() -> bool:
    """Return whether a hook waits for something, also one whose client has left meanwhile."""
    return bool(_UNDER_WAY)


def begins_at_once(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether a new task runs where it is made; else it may be ended before it begins, as it
    is when a gate stops.
    """
    return loop.get_task_factory() is asyncio.eager_task_factory


class QueuedConnectionHandler(mode_servers.ProxyConnectionHandler):
    """mitmproxy's handler of one client connection, with a queue in place of its lock."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        self._coming: deque[events.Event] = deque()
        self._handling = self._faulty = False
        self.written: dict[Connection, int] = {}
        """How many bytes were to go to each server that is there, as they go over the wire."""

    async def server_event(self, event: events.Event) -> None:
        """Handle an event, as mitmproxy asks for it."""
        self.take(event)

    def take(self, event: events.Event) -> None:
        """Handle an event now, or behind the one that is being handled."""
        self._coming.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._coming:
                self._handle(self._coming.popleft())
        finally:
            self._handling = False

    def _handle(self, event: events.Event) -> None:
        if self._faulty:
            return
        self.timeout_watchdog.last_activity = time.time()
        try:
            for command in self.way(event):
                if isinstance(command, commands.SendData):
                    self.write(command.connection, command.data)
                elif isinstance(command, commands.StartHook):
                    self.begin(command)
                else:
                    self._carry_out(command)
        except BaseException as error:  # noqa: BLE001 - boundary: of one client, not of the gate
            self.fault(error)

    def fault(self, error: BaseException) -> None:
        """What has come could not be handled; nothing can be told of what the layers do now."""
        self._coming.clear()
        self._faulty = True
        self.start(self.handle_hook(GateFaultHook(Fault(self.client, error))))

    def way(self, event: events.Event) -> Iterable[commands.Command]:
        """Return what is to be done for an event."""
        return self.layer.handle_event(event)

    def write(self, connection: Connection, data: bytes) -> None:
        """Send these bytes on a connection, unless it is closed."""
        transport = self.transports.get(connection)
        if transport is None:
            return  # that connection has been closed
        if connection is not self.client:
            self.written[connection] = self.written.get(connection, 0) + len(data)
        writer = transport.writer
        assert writer
        if not writer.is_closing():
            writer.write(data)

    def begin(self, hook: commands.StartHook) -> None:
        """Begin a hook."""
        self.start(self.hook_task(hook))

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Begin what a hook does; it runs at once as far as it need not wait. Return whether it is
        over.
        """
        loop = asyncio.get_running_loop()
        if begins_at_once(loop):
            # what the loop would do, by way of four more calls
            task = asyncio.Task(work, loop=loop, eager_start=True)
        else:
            task = loop.create_task(work)
        if task.done():
            return True
        _UNDER_WAY.add(task)
        task.add_done_callback(_UNDER_WAY.discard)
        return False

    def completed(self, hook: commands.StartHook) -> None:
        """Go on behind a hook that is over already."""
        if hook.blocking:
            self._coming.append(events.HookCompleted(hook, None))

    def _carry_out(self, command: commands.Command) -> None:
        """Do what comes seldom: open, close, wait, log."""
        if isinstance(command, commands.OpenConnection):
            assert command.connection not in self.transports
            name = f"server connection handler {command.connection.address}"
            handler = self._task(self.open_connection(command), name)
            self.transports[command.connection] = ConnectionIO(handler=handler)
        elif isinstance(command, commands.RequestWakeup):
            timer = self._task(self.wakeup(command), f"wakeup timer ({command.delay:.1f}s)")
            self.wakeup_timer.add(timer)
        elif isinstance(command, commands.CloseConnection):
            if command.connection in self.transports:
                half = isinstance(command, commands.CloseTcpConnection) and command.half_close
                self.close_connection(command.connection, half)
        elif isinstance(command, commands.Log):
            self.log(command.message, command.level)
        else:
            raise TypeError(f"Unexpected command: {command}")

    def _task(self, work: Any, name: str) -> asyncio.Task[Any]:
        return create_task(work, name=name, keep_ref=False, client=self.client.peername)

    async def drain_writers(self) -> None:
        """Wait for slow writers, if there are any."""
        if not self.is_all_sent():
            await super().drain_writers()  # type: ignore[no-untyped-call]

    def is_all_sent(self) -> bool:
        """Return whether nothing that was written waits, and no connection has a fault to tell."""
        for transport in self.transports.values():
            writer, reader = transport.writer, transport.reader
            if writer is None:
                continue
            if writer.transport.get_write_buffer_size() or writer.is_closing():  # type: ignore[union-attr]
                return False
            if reader is not None and reader.exception() is not None:  # type: ignore[union-attr]
                return False
        return True
