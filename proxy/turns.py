"""Others have the event loop in between, while what one client has sent at once keeps it: a single
read can hold thousands of chunks, frames or messages.
"""

import asyncio
from dataclasses import dataclass

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, layer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._http1 import Http1Connection

HEAD_BYTES = 262_144
"""A head that is larger is not waited for: whoever never ends one would fill the memory."""
WRITTEN = 262_144
"""So many bytes are encrypted and written in one go."""
CHUNKS = 256
FRAMES = 16
"""So many chunks of a body, and frames of a WebSocket, are read in one go: one or two milliseconds
of mitmproxy's readers.
"""


@dataclass
class GateTurnHook(commands.StartHook):
    """Others have the loop before more of what has come on this connection is read."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Fault:
    """What has come on a client's connection, or on its servers', could not be handled."""

    connection: Connection
    error: BaseException


@dataclass
class GateFaultHook(commands.StartHook):
    """Exchanges on this connection go no further."""

    fault: Fault


class TakesTurns:
    """Answers the hook above."""

    async def gate_turn(self, _: Connection) -> None:
        """Go on behind all that others have to do now."""
        await asyncio.sleep(0)


def in_pieces(sent: commands.SendData) -> layer.CommandGenerator[None]:
    """Yield it as it is where it is small, else in pieces with turns between them."""
    view = memoryview(sent.data)
    if len(view) <= WRITTEN:
        yield sent
        return
    for at in range(0, len(view), WRITTEN):
        if at:
            yield GateTurnHook(sent.connection)
        yield commands.SendData(sent.connection, bytes(view[at : at + WRITTEN]))


def by_turns(
    given: layer.CommandGenerator[None], end: Http1Connection
) -> layer.CommandGenerator[None]:
    """Yield what a reader of HTTP/1 makes of a body; others have a turn behind many chunks."""
    for command in given:
        yield command
        if isinstance(command, ReceiveHttp) and getattr(end.body_reader, "full", False):
            yield GateTurnHook(end.conn)
