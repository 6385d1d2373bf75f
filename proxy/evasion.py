"""Who goes past the gate: the connection table is looked at, twice a second."""

import asyncio
import ipaddress
import time
from collections.abc import Callable

from core.attribution import Attribution
from core.duties import Duty
from core.exchange import Connection
from core.ports import Attributor, DirectConnections
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES
from proxy.uninspected import Uninspected

EVERY_S = 0.5
"""How often the connection table is looked at: what is open for a second is seen."""
_LONGEST_LOOK_S = 1.0
"""Whatever a look has not come to by then is the next one's: it is not known yet."""

type _Ends = tuple[str, str, int, str, int]


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

    async def watch(self, table: DirectConnections, every_s: float = EVERY_S) -> None:
        """Look from time to time. Runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            async with courtesy(Duty.DIRECT):  # the next look tries again
                await self.look(table)

    async def look(self, table: DirectConnections) -> None:
        """Look once: each connection is asked about once in its life."""
        listed = await COURTESIES.run(table.established)
        there = {_ends(connection): connection for connection in listed if _leaves(connection)}
        self._known &= there.keys()
        until = self._clock() + _LONGEST_LOOK_S
        for ends, connection in there.items():
            if ends in self._known:
                continue
            if self._clock() > until:
                break
            self._known.add(ends)
            await self._examine(table, connection)

    async def _examine(self, table: DirectConnections, connection: Connection) -> None:
        attributor = self._attributor()
        sender = await COURTESIES.run(attributor.attribute, connection)
        attributor.forget(connection)
        if not sender.is_python:
            return
        if connection.transport == "tcp":
            self._uninspected.direct(sender, connection)
        elif connection.gate_host != "" or await COURTESIES.run(_speaks_quic, table, sender):
            self._uninspected.datagrams(sender, connection)


def _speaks_quic(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.speaks_quic(sender.process.pid)


def _ends(connection: Connection) -> _Ends:
    near = connection.client_host, connection.client_port
    return connection.transport, *near, connection.gate_host, connection.gate_port


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
