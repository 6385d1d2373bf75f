"""Who goes past the gate: the kernel's counters are asked four times a second whether a connection
can have begun, and only then the connection table is looked at.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from itertools import batched

from core.attribution import Attribution
from core.duties import Duty
from core.exchange import Connection
from core.ports import Attributor, DirectConnections
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES
from proxy.uninspected import Uninspected

EVERY_S = 0.25
"""How often the counters are asked: what is open for half a second is seen."""
APART_S = 0.2
"""So long after a look comes the next, at the earliest."""
SURELY_S = 5.0
"""A look comes after so long, whatever the counters say."""
_UNANSWERED_S = 1.0
"""What asks for a connection for so long without an answer is told as such."""
_AT_ONCE = 4
"""So many senders are asked for at once: each may end its connection meanwhile."""
_LONGEST_LOOK_S = 1.0
"""Whatever a look has not come to by then is the next one's: it is not known yet."""

type _Ends = tuple[str, str, int, str, int, bool]


class EvasionWatch:
    """Finds connections past the gate and has each recorded. One per gate."""

    def __init__(
        self,
        attributor: Callable[[], Attributor],
        uninspected: Uninspected,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._attributor = attributor
        self._uninspected = uninspected
        self._known: set[_Ends] = set()
        self._asking: dict[_Ends, float] = {}
        """Not answered yet → since when."""
        self._again = True
        """There is something that the last look did not come to."""
        self._looked: float | None = None

    async def watch(self, table: DirectConnections, every_s: float = EVERY_S) -> None:
        """Look whenever a connection can have begun. Runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            async with courtesy(Duty.DIRECT):  # the next look tries again
                await self.look_if_due(table)

    async def look_if_due(self, table: DirectConnections) -> None:
        """Look where something can have changed, and the last look is long enough ago."""
        self._again = table.changed() or self._again
        since = self._clock() - self._looked if self._looked is not None else SURELY_S
        if since >= SURELY_S or (self._again and since >= APART_S):
            self._looked = self._clock()
            await self.look(table)

    async def look(self, table: DirectConnections) -> None:
        """Look once: each connection is asked about once in its life, and once more when what it
        asked for is answered.
        """
        self._again = True
        listed = await COURTESIES.run(table.established)
        there = {_ends(connection): connection for connection in listed if _leaves(connection)}
        self._known &= there.keys()
        now = self._clock()
        self._asking = {
            ends: self._asking.get(ends, now)
            for ends, connection in there.items()
            if not connection.answered and ends not in self._known
        }
        due = [ends for ends in there if self._is_due(ends, now)]
        until, left = now + _LONGEST_LOOK_S, len(due)
        for some in batched(due, _AT_ONCE):
            if self._clock() > until:
                break
            attributor = self._attributor()
            asked = [COURTESIES.begun(attributor.attribute, there[ends]) for ends in some]
            for ends, sender in zip(some, asked, strict=True):
                self._known.add(ends)
                self._asking.pop(ends, None)
                left -= 1
                await self._tell(table, there[ends], await sender)
                attributor.forget(there[ends])
        self._again = left > 0 or bool(self._asking)

    def _is_due(self, ends: _Ends, now: float) -> bool:
        if ends in self._known:
            return False
        return now - self._asking.get(ends, now - _UNANSWERED_S) >= _UNANSWERED_S

    async def _tell(
        self, table: DirectConnections, connection: Connection, sender: Attribution
    ) -> None:
        if not (sender.is_python or await COURTESIES.run(_is_in_a_run, table, sender)):
            return
        if connection.transport == "tcp":
            tell = self._uninspected.direct if connection.answered else self._uninspected.unanswered
            tell(sender, connection)
        elif connection.gate_host != "" or await COURTESIES.run(_speaks_quic, table, sender):
            self._uninspected.datagrams(sender, connection)


def _speaks_quic(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.speaks_quic(sender.process.pid)


def _is_in_a_run(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.is_in_a_run(sender.process.pid)


def _ends(connection: Connection) -> _Ends:
    near = connection.client_host, connection.client_port
    far = connection.gate_host, connection.gate_port
    return connection.transport, *near, *far, connection.answered


def _leaves(connection: Connection) -> bool:
    """Return False for what stays on this machine; what is bound to no far side may leave it."""
    if not connection.gate_host:
        return True
    try:
        parsed = ipaddress.ip_address(connection.gate_host)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return not (parsed.is_loopback or parsed.is_unspecified)
