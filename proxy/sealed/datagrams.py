"""Datagrams that a sealed program sent and that went nowhere: who, where to, and how many.

Told soon after the first, then once a minute, and at the end of the run; what there is no room for
is counted without a place.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from capture import datagrams
from capture.datagrams import Datagram
from core.attribution import Attribution
from core.duties import OWNER, Duty
from core.vocabulary.protocols import NO_PORT
from proxy.boundaries import courtesy
from proxy.sealed.members import Members, Place

SOON_S, AGAIN_S = 0.3, 60.0
"""When a sender's first datagrams to a place are told, and later ones."""
_PAUSE_S = 0.05
"""So long nothing is read after a round: a flood costs the kernel, which counts what it drops."""
_AT_ONCE = 1024
_PACKET = 256
_MOST = 256
"""Sockets and places that are told apart in one time; of all others it is counted how many."""
_MOST_KNOWN = 4096
_MOST_SOON = 256
"""A run that goes to more places than that has each new one told with the later ones."""
NOWHERE: Place = ("", NO_PORT)
"""Stands for the places that there was no room for."""

type Tell = Callable[[Attribution, str, int, int], None]
"""Notes a sender, a host and port, and how many datagrams."""


@dataclass(slots=True)
class _Sent:
    count: int
    sender: asyncio.Task[Attribution]


class Datagrams:
    """Those of one sealed run. For the event loop only."""

    def __init__(
        self,
        tell: Tell,
        members: Members,
        name_of: Callable[[str], str | None],
        share: Callable[[], int] = lambda: 1,
    ) -> None:
        """`name_of`: the name that an address was given for. `share`: how many runs its user has,
        which are read as often together as one.
        """
        self._tell = tell
        self._members = members
        self._name_of = name_of
        self._share = share
        self._seen: socket.socket | None = None
        self._sent: dict[Datagram, _Sent] = {}
        self._known: dict[Datagram, None] = {}
        """Those that were told before."""
        self._more = 0
        self._timer: asyncio.TimerHandle | None = None
        """For the next telling."""
        self._running: set[asyncio.Task[None]] = set()

    def listen(self, seen: socket.socket) -> None:
        """Take what this socket sees from now on."""
        self._seen = seen
        self._wait()

    async def over(self) -> None:
        """The run has ended: tell all that is left, and let go of the socket."""
        if self._seen is not None:
            asyncio.get_running_loop().remove_reader(self._seen.fileno())
            self._take(self._seen)
            self._let_go()
        self._begin()
        await asyncio.gather(*self._running)

    def _let_go(self) -> None:
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.close()

    def _wait(self) -> None:
        if self._seen is not None:
            asyncio.get_running_loop().add_reader(self._seen.fileno(), self._readable)

    def _readable(self) -> None:
        if self._seen is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._seen.fileno())
        if self._take(self._seen):
            loop.call_later(_PAUSE_S * self._share(), self._wait)
        else:
            self._let_go()

    def _take(self, seen: socket.socket) -> bool:
        """Read what is there; False at an end, which a socket of this kind never comes to: whoever
        handed it in would have it read for ever.
        """
        with contextlib.suppress(OSError):
            for _ in range(_AT_ONCE):
                # Whoever handed it in may have made it wait.
                packet = seen.recv(_PACKET, socket.MSG_DONTWAIT)
                if not packet:
                    return False
                one = datagrams.read(packet)
                if one is not None:
                    self.sent(one)
        self._count(datagrams.missed(seen))
        return True

    def sent(self, one: Datagram) -> None:
        """This one went nowhere."""
        known = self._sent.get(one)
        if known is not None:
            known.count += 1
        elif len(self._sent) >= _MOST:
            self._count(1)
        else:
            work = self._members.at(one.near, one.far, "udp")
            task = asyncio.get_running_loop().create_task(OWNER.task(Duty.SEALS, work))
            self._sent[one] = _Sent(1, task)
            later = one in self._known or len(self._known) >= _MOST_SOON
            self._due(AGAIN_S if later else SOON_S)

    def _count(self, missed: int) -> None:
        if missed:
            self._more += missed
            self._due(AGAIN_S)

    def _due(self, in_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None and self._timer.when() <= loop.time() + in_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(in_s, self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sent or self._more:
            work = OWNER.task(Duty.SEALS, self._told())
            task = asyncio.get_running_loop().create_task(work)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _told(self) -> None:
        sent, self._sent, more, self._more = self._sent, {}, self._more, 0
        counts: dict[tuple[object, Place], tuple[Attribution, int]] = {}
        for one, entry in sent.items():
            self._remember(one)
            sender = await self._sender(entry)
            key = _who(sender), one.far
            counts[key] = sender, counts.get(key, (sender, 0))[1] + entry.count
        if more:
            counts[None, NOWHERE] = self._members.unseen(), more
        for (_, (host, port)), (sender, count) in counts.items():
            with courtesy(Duty.SEALS):
                self._tell(sender, (host and self._name_of(host)) or host, port, count)

    async def _sender(self, entry: _Sent) -> Attribution:
        async with courtesy(Duty.SEALS):
            return await entry.sender
        return self._members.unseen()

    def _remember(self, one: Datagram) -> None:
        self._known[one] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]


def _who(sender: Attribution) -> object:
    script = sender.script
    known = None if script is None else (script.path, script.name, script.sha256)
    return sender.process, known
