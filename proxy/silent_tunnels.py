"""Tunnels in which nobody asks for anything: an honest client may be late, or open them ahead of
need; that of a protocol whose server speaks first (mail, SSH, some databases) waits for ever.

After a second each is decided. By its port, where servers speak first there; elsewhere by asking
the server whether it does. Only what waits for a server's word is ended; all else stays open.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.duties import OWNER, Duty
from core.vocabulary.protocols import SERVER_FIRST_IN_TLS, SERVER_SPEAKS_FIRST, WEB

PATIENCE_S = 0.9
"""A client of HTTP or TLS mostly sends within milliseconds of the tunnel's opening."""
GRACE_S = 0.1
"""After a stop of the loop, what has arrived meanwhile is read first."""

type Target = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentTunnel:
    """A tunnel in which nothing has been asked for yet."""

    connection: str
    target: Target
    encrypted: bool = False
    """The client has begun TLS in it, and taken our certificate."""

    @property
    def waits_for_greeting(self) -> bool:
        """True at a port where the server is known to speak first."""
        return self.target[1] in (SERVER_FIRST_IN_TLS if self.encrypted else SERVER_SPEAKS_FIRST)

    @property
    def is_for_the_web(self) -> bool:
        """True at a port to which clients of HTTP connect ahead of their first request."""
        return self.target[1] in WEB


class SilentTunnels:
    """The tunnels that are open and in which no request has begun. For the event loop only."""

    def __init__(
        self,
        ended: Callable[[SilentTunnel, bytes], Awaitable[None]],
        greeting: Callable[[SilentTunnel], Awaitable[bytes]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`ended`: notes a tunnel, with what its server said where that is known, and ends it.
        `greeting`: what the server of a tunnel says by itself; empty where it says nothing, or may
        not be asked.
        """
        self._ended = ended
        self._greeting = greeting
        self._patience_s = patience_s
        self._waiting: dict[str, asyncio.TimerHandle | asyncio.Task[None]] = {}
        self._late: dict[str, SilentTunnel] = {}
        """Those that stay open though nothing was asked for in time."""
        self._ended_here: set[str] = set()
        """Connections that were ended, and told, and have not gone yet."""
        self._ending: set[asyncio.Task[None]] = set()

    def opened(self, tunnel: SilentTunnel) -> None:
        """A client has its tunnel."""
        self.over(tunnel.connection)
        loop = asyncio.get_running_loop()
        self._waiting[tunnel.connection] = loop.call_later(self._patience_s, self._doubted, tunnel)

    def over(self, connection_id: str) -> SilentTunnel | None:
        """It asks for something, or has gone. Returns it where it was late."""
        if (waiting := self._waiting.pop(connection_id, None)) is not None:
            waiting.cancel()
        self._ended_here.discard(connection_id)
        return self._late.pop(connection_id, None)

    def ended(self, connection_id: str) -> bool:
        """Whether it was ended here: what had begun to come on it is no end of its client's."""
        return connection_id in self._ended_here

    async def kept(self, tunnel: SilentTunnel) -> bytes | None:
        """Keep one that is silent for longer than clients are, and may not pass as it is: it is one
        of the late. Returns what its server says first where it cannot be kept: the client waits
        for that, and would for ever.
        """
        if tunnel.waits_for_greeting:
            return b""
        heard = b"" if tunnel.is_for_the_web else await self._greeting(tunnel)
        if heard:
            return heard
        self._late[tunnel.connection] = tunnel
        return None

    def _doubted(self, tunnel: SilentTunnel) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[tunnel.connection] = loop.call_later(GRACE_S, self._decide, tunnel)

    def _decide(self, tunnel: SilentTunnel) -> None:
        self._late[tunnel.connection] = tunnel
        if tunnel.waits_for_greeting:
            self._waiting.pop(tunnel.connection, None)
            self._begin(self._end(tunnel, b""))
        elif tunnel.is_for_the_web:
            self._waiting.pop(tunnel.connection, None)
        else:
            self._waiting[tunnel.connection] = self._begin(self._asked(tunnel))

    async def _asked(self, tunnel: SilentTunnel) -> None:
        heard = await self._greeting(tunnel)
        self._waiting.pop(tunnel.connection, None)
        # A client that has begun to ask meanwhile is no longer among the late ones.
        if heard and tunnel.connection in self._late:
            await self._end(tunnel, heard)

    async def _end(self, tunnel: SilentTunnel, heard: bytes) -> None:
        self._late.pop(tunnel.connection, None)
        self._ended_here.add(tunnel.connection)
        await self._ended(tunnel, heard)

    def _begin(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(OWNER.task(Duty.TUNNELS, work))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task
