"""Whose a socket inside a seal is: a process of the run at least."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from core.attribution import Attribution, ProcessRef, unknown_sender
from core.exchange import Connection
from core.ids import utc_now, uuid7
from core.ports import Attributor
from proxy.threads import COURTESIES

_PATIENCE_S = 1.0

type Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tells:
    """Who is told of what a run does that is no connection."""

    attributor: Attributor
    not_found: Callable[[Attribution, str, bool], None]
    """A name that was asked for, and whether there is none such; else nobody could tell."""
    datagrams: Callable[[Attribution, str, int, int], None]
    """Where datagrams were to go (host and port), and how many; none of them left."""


class Members:
    """The processes of one sealed run."""

    def __init__(self, attributor: Attributor, network: int, supervisor: int) -> None:
        """`network`: the kernel's number of the run's own. `supervisor`: the process above it."""
        self._attributor = attributor
        self._network, self._supervisor = network, supervisor

    async def at(self, near: Place, far: Place, transport: Literal["tcp", "udp"]) -> Attribution:
        """Return whose the socket at this near end is; where that cannot be seen in time, that it
        is of this run. Never raises but for being cancelled.
        """
        connection = self._connection(near, far, transport)
        found = self.unseen()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await COURTESIES.run(self._attributor.attribute, connection)
        except TimeoutError:
            pass
        self._attributor.forget(connection)
        return found if found.process is not None else self._of_the_run(found)

    def unseen(self) -> Attribution:
        """Return that somebody of this run did it."""
        return self._of_the_run(unknown_sender("none", "it cannot be seen which process it was"))

    def _of_the_run(self, found: Attribution) -> Attribution:
        run = ProcessRef(pid=self._supervisor, started_at=None, name="outgate run", exe=None)
        return replace(found, candidates=(*found.candidates, run))

    def _connection(self, near: Place, far: Place, transport: Literal["tcp", "udp"]) -> Connection:
        now = utc_now()
        return Connection(
            id=str(uuid7(now)),
            client_host=near[0],
            client_port=near[1],
            gate_host=far[0],
            gate_port=far[1],
            at=now,
            transport=transport,
            network=self._network,
        )
