"""What has come on a socket is handled where asyncio has read it.

asyncio's streams keep what comes and wake the task that waits for it: the loop goes round once
more, and asks the kernel about all sockets, before anything is done. Here that task sleeps on
while all that comes can be handled at once. It is woken as ever for the end of a connection, for a
fault, and where what was written has to leave before more is read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from proxy.mitmproxy_patches import adopt

_NAMES = ("_buffer", "_waiter", "_wait_for_data", "_wakeup_waiter", "_eof", "_exception")
"""What of asyncio's reader is relied on; where one is missing, that reader is left as it is."""

type Take = Callable[[bytes], bool]
"""Handles what has come; returns whether more may be read at once."""


class PromptReader(asyncio.StreamReader):
    """A reader whose bytes are handled at once while its `read` waits and nothing stands before
    them. For one task.
    """

    _take: Take | None = None
    _room: Callable[[], Awaitable[None]] | None = None
    _broke: Callable[[], None] | None = None
    _waits = False

    def begin(
        self, take: Take, room: Callable[[], Awaitable[None]], broke: Callable[[], None] | None
    ) -> None:
        """Have it handled by `take`; `room` is waited for where that says so, before more is.
        `broke` hears of a connection that broke while its socket can still be asked.
        """
        self._take, self._room, self._broke = take, room, broke

    def end(self) -> None:
        """Let go of who handles it."""
        self._take = self._room = self._broke = None

    def set_exception(self, exc: BaseException) -> None:
        """The connection broke."""
        if self._broke is not None:
            self._broke()
        super().set_exception(exc)  # type: ignore[arg-type]

    def feed_data(self, data: Any) -> None:
        """Handle the bytes that have come, or keep them for `read`."""
        ended = self._waiter is None or self._waiter.done()  # its task has been told to stop
        if not self._waits or ended or self._take is None or self._buffer:
            super().feed_data(data)
        elif not self._take(data):
            self._waits = False
            self._wakeup_waiter()

    async def read(self, n: int = -1) -> bytes:
        """Return what was kept, and nothing at the end. Raises what the connection ended by."""
        while not (self._buffer or self._eof or self._exception):
            self._waits = True
            try:
                await self._wait_for_data("read")
            finally:
                is_full, self._waits = not self._waits, False
            if is_full and self._room is not None:
                await self._room()
        return await super().read(n)

    _buffer: Any
    _eof: bool
    _exception: BaseException | None
    _waiter: Any
    _wait_for_data: Any
    _wakeup_waiter: Any


def made_prompt(
    reader: object,
    take: Take,
    room: Callable[[], Awaitable[None]],
    broke: Callable[[], None] | None = None,
) -> None:
    """Have a reader of asyncio's handle what comes at once from its next `read` on."""
    if all(hasattr(reader, name) for name in _NAMES):
        adopt(reader, asyncio.StreamReader, PromptReader)
    if isinstance(reader, PromptReader):
        reader.begin(take, room, broke)


def let_go(reader: object) -> None:
    """Have a reader know nobody any more."""
    if isinstance(reader, PromptReader):
        reader.end()
