"""Tunnels in which nobody asks for anything: protocols whose server speaks first (mail, SSH, some
databases) would wait for ever. After a second they are ended, and on record.
"""

import asyncio
from collections.abc import Awaitable, Callable

from core.duties import OWNER, Duty

PATIENCE_S = 0.9
"""A client of HTTP or TLS sends within milliseconds of the tunnel's opening."""
GRACE_S = 0.1
"""After a stop of the loop, what has arrived meanwhile is read first."""

type Target = tuple[str, int]


class SilentTunnels:
    """The tunnels that are open and in which no request has begun. For the event loop only."""

    def __init__(
        self, ended: Callable[[str, Target], Awaitable[None]], patience_s: float = PATIENCE_S
    ) -> None:
        """`ended`: notes the tunnel of this connection, and ends it."""
        self._ended = ended
        self._patience_s = patience_s
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def opened(self, connection_id: str, target: Target) -> None:
        """A client has its tunnel."""
        loop = asyncio.get_running_loop()
        self._waiting[connection_id] = loop.call_later(
            self._patience_s, self._doubted, connection_id, target
        )

    def over(self, connection_id: str) -> None:
        """It asks for something, or has gone."""
        if (timer := self._waiting.pop(connection_id, None)) is not None:
            timer.cancel()

    def _doubted(self, connection_id: str, target: Target) -> None:
        self._waiting[connection_id] = asyncio.get_running_loop().call_later(
            GRACE_S, self._late, connection_id, target
        )

    def _late(self, connection_id: str, target: Target) -> None:
        self._waiting.pop(connection_id, None)
        ending = OWNER.task(Duty.TUNNELS, self._ended(connection_id, target))
        task = asyncio.get_running_loop().create_task(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
