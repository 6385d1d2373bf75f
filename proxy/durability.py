"""Waiting for evidence: turns the writer's thread-side acknowledgements into awaitable ones, many at a time."""

import asyncio
import threading
from collections import deque

from core.errors import EvidenceError
from core.ports import Done

Acknowledgement = asyncio.Future[EvidenceError | None]


class Acknowledgements:
    """Hands out (future, callback) pairs; one wake-up of the loop serves all that were acknowledged since."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[tuple[Acknowledgement, EvidenceError | None]] = deque()
        self._lock = threading.Lock()
        self._woken = False

    def expect(self) -> tuple[Acknowledgement, Done]:
        """Return a future and the callback, callable from any thread, that resolves it."""
        future: Acknowledgement = self._loop.create_future()

        def done(error: EvidenceError | None) -> None:
            self._ready.append((future, error))
            with self._lock:
                wake, self._woken = not self._woken, True
            if wake and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._resolve)

        return future, done

    def _resolve(self) -> None:
        with self._lock:
            self._woken = False
        while self._ready:
            future, error = self._ready.popleft()
            if not future.done():
                future.set_result(error)
