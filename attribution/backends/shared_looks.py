"""One look at all processes answers everybody who asked before it began.

A look takes milliseconds, and each connection in use asks for one about once a second: of many
connections most ask while another look is under way, and wait for it.
"""

import os
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.backends.holders import Held, holders, new_holders
from attribution.backends.looks import Looks, LooksHere
from attribution.backends.sock_diag import SocketEntry


@dataclass(slots=True, eq=False)
class _Wish:
    entry: SocketEntry
    answer: Held | None = None


class SharedLooks:
    """Looks at processes, one look at a time."""

    def __init__(self, turn: AbstractContextManager[object] | None = None) -> None:
        """`turn`: the lock held by whoever looks, and for nothing else: who waits for another one
        has not asked yet.
        """
        self._turn = threading.Lock() if turn is None else turn
        self.looks: Looks = LooksHere(os.getpid())
        """Asked by whoever holds the turn. Another one may be put here before the first look."""
        self._wishes: list[_Wish] = []
        self._adding = threading.Lock()

    def of(self, entry: SocketEntry, oldest: float | None = None) -> Held:
        """Return who holds the socket, by a look that begins after this was asked.

        `oldest`: see `new_holders`. Such a look is for this socket alone.
        """
        if oldest is not None:
            with self._turn:
                return new_holders(entry, self.looks, oldest)
        wish = _Wish(entry)
        with self._adding:
            self._wishes.append(wish)
        with self._turn:
            if wish.answer is None:
                self._answer(wish)
        assert wish.answer is not None
        return wish.answer

    def newest_holders(self, sockets: frozenset[int]) -> tuple[int, ...]:
        """Return who holds these sockets; of each that several hold the newest."""
        if not sockets:
            return ()
        with self._turn:
            found, _ = self.looks.at_all(sockets)
        age = {pid: at for at, pid in enumerate(procfs.pids())}
        newest = (min(places, key=lambda pid: age.get(pid, len(age))) for places in found.values())
        return tuple(sorted(set(newest)))

    def _answer(self, wish: _Wish) -> None:
        """Look for all who wait. Where that raises, each of the others looks for itself."""
        with self._adding:
            waiting, self._wishes = [one for one in self._wishes if one is not wish], []
        every = [wish, *waiting]
        for one, answer in zip(every, holders([w.entry for w in every], self.looks), strict=True):
            one.answer = answer

    def close(self) -> None:
        """Close what is kept open."""
        with self._turn:
            self.looks.close()
