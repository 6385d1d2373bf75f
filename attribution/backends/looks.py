"""A look at the descriptors of all processes for sockets, the newest processes first (Linux)."""

import os
from collections.abc import Iterable
from typing import Protocol

from attribution.backends import procfs
from attribution.backends.idle_holders import IdleHolders

type Places = dict[int, int]
"""Each process that holds a socket, and its descriptor."""


class Looks(Protocol):
    """Looks at processes for sockets, by their numbers. Not for use by two threads at once.

    Each answer comes with the processes that may not be read.
    """

    def at_all(self, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
        """Return all holders of each that anybody holds, the gate itself left out."""

    def at_the_young(self, socket: int, oldest: float) -> tuple[Places, list[int]]:
        """Return the first holder that is older than this Unix time, and all that are younger;
        their maker may be an ancestor. Where all have let go, everybody is looked at.
        """

    def close(self) -> None:
        """Close what is kept open."""


class LooksHere:
    """Looks in this very process; big, old holders are answered for from memory."""

    def __init__(self, gate: int, idle: IdleHolders | None = None) -> None:
        """`gate`: the process that asks; neither it nor this one is anybody's sender."""
        self._left_out = frozenset({gate, os.getpid()})
        self._idle = IdleHolders() if idle is None else idle

    def at_all(self, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
        """See Looks.at_all."""
        last, unreadable = procfs.last_pid(), list[int]()
        everybody = procfs.living() - self._left_out
        self._idle.keep_only(everybody)
        found: dict[int, Places] = {}
        for pid in everybody:
            places = self._idle.places(pid, sockets)
            if places is None:
                unreadable.append(pid)
            else:
                _add(found, pid, places)
        # Who was forked while we looked has what its parent has.
        for pid in procfs.born_since(last) - everybody - self._left_out:
            held = procfs.sockets(pid) or {}
            _add(found, pid, {socket: held[socket] for socket in sockets & held.keys()})
        return found, unreadable

    def at_the_young(self, socket: int, oldest: float) -> tuple[Places, list[int]]:
        """See Looks.at_the_young."""
        found, unreadable = dict[int, int](), list[int]()
        for pid in procfs.pids():
            if pid in self._left_out or (not found and self._idle.is_without(pid, socket)):
                continue
            young = _is_young(pid, oldest)
            if found and not young:
                break
            held = self._descriptors(pid, socket, young=young)
            if held is None:
                unreadable.append(pid)
            elif held:
                found[pid] = held[0]
                if not young:
                    break
        above = self._ancestors(found) - self._left_out
        held_above = {
            pid: held[0] for pid in above if (held := self._idle.descriptors(pid, socket))
        }
        return found | held_above, unreadable

    def close(self) -> None:
        """See Looks.close."""
        self._idle.close()

    def _descriptors(self, pid: int, socket: int, *, young: bool) -> list[int] | None:
        return procfs.descriptors(pid, socket) if young else self._idle.descriptors(pid, socket)

    def _ancestors(self, pids: Iterable[int]) -> set[int]:
        above: set[int] = set()
        for pid in pids:
            parent = self._idle.parent(pid)
            while parent > 1 and parent not in above:
                above.add(parent)
                parent = self._idle.parent(parent)
        return above - set(pids)


def _add(found: dict[int, Places], pid: int, places: Places) -> None:
    for socket, place in places.items():
        found.setdefault(socket, {})[pid] = place


def _is_young(pid: int, oldest: float) -> bool:
    start = procfs.start_of(pid)
    return start is not None and procfs.start_seconds(start) > oldest
