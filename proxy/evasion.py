"""Who goes past the gate: the kernel's counters are asked four times a second whether a connection
can have begun, and only then the connection table is looked at. While somebody runs a program
behind the gate, thirty times a second, and what was shorter still is heard of when it ends. Both
less often while nothing begins (`proxy.pace`).
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import batched

from core.attribution import Attribution
from core.duties import OWNER, Duty, PartEndedError
from core.exchange import Connection
from core.ids import utc_now
from core.ports import Attributor, DirectConnections
from proxy.boundaries import courtesy
from proxy.following import Followed
from proxy.lost_runs import LostRun
from proxy.pace import Pace
from proxy.threads import COURTESIES
from proxy.uninspected import Uninspected

EVERY_S = 0.25
"""How often the counters are asked, at rest less often: what is open for a second is seen."""
APART_S = 0.2
"""So long after a look comes the next, at the earliest."""
QUICK_S = 0.03
"""Both of these while a run is followed…"""
_QUICK_SHARE = 20
"""…but looks take no more than one part in so many of the time."""
_AT_LEAST_S = 0.5
"""So often it is seen to what else is due for a run."""
_IN_FLIGHT = 6
"""So many are asked for at once then; some threads stay free for other courtesies."""
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
        self._took = 0.0
        """CPU time of the last look at the table."""
        self._before: tuple[datetime, frozenset[_Ends]] | None = None
        """When the last look began, and what it saw."""
        self._begun: set[asyncio.Task[None]] = set()
        """Questions whose answers no look waits for."""
        self._pace = Pace(clock)
        self.runs = Followed(clock)

    async def watch(self, table: DirectConnections, every_s: float = EVERY_S) -> None:
        """Look whenever a connection can have begun. Runs until cancelled."""
        self.runs.hear_from(table)
        while True:
            async with courtesy(Duty.DIRECT):  # the next look tries again
                if self.runs.any:
                    await self._until_changed(table)
                else:
                    apart = partial(self._pace.at_rest, every_s)
                    await self.runs.begun_or(partial(self._is_time, table), apart)
                self._observe_lost(self.runs.go_on())
                await self.look_if_due(table)

    def end(self) -> None:
        """The gate ends: tell what else there is."""
        self._observe_lost(self.runs.go_on(ends=True))

    def _observe_lost(self, runs: Iterable[LostRun]) -> None:
        for run in runs:
            self._uninspected.lost(run)

    async def _until_changed(self, table: DirectConnections) -> None:
        """Return when a connection can have begun, or something else is due. Asked in a callback: a
        task that wakes thirty times a second costs a machine more than what it asks.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        timers: list[asyncio.TimerHandle] = []
        until = loop.time() + (QUICK_S if self._again else _AT_LEAST_S)

        def asked() -> None:
            if done.done():  # nobody waits any more: the gate ends
                return
            try:
                self._ask_counters(table)
            except BaseException as error:  # noqa: BLE001 - boundary: who waits is told
                done.set_exception(PartEndedError("looking", error))
                return
            if self._again or loop.time() >= until:
                done.set_result(None)
            else:
                timers[:] = [loop.call_later(self._pace.followed(QUICK_S), asked)]

        timers.append(loop.call_later(self._pace.followed(QUICK_S), asked))
        try:
            await done
        finally:
            timers[0].cancel()

    async def settled(self) -> None:
        """Return when what was asked is answered, or soon."""
        if self._begun:
            await asyncio.wait(set(self._begun), timeout=_LONGEST_LOOK_S)

    async def look_if_due(self, table: DirectConnections) -> None:
        """Look where something can have changed, and the last look is long enough ago."""
        if self._is_time(table):
            self._looked = self._clock()
            await self.look(table)

    def _is_time(self, table: DirectConnections) -> bool:
        self._ask_counters(table)
        since = self._clock() - self._looked if self._looked is not None else SURELY_S
        return since >= SURELY_S or (self._again and since >= self._apart())

    def _ask_counters(self, table: DirectConnections) -> None:
        self._pace.runs(self.runs.begun)
        if table.changed():
            self._again = True
            self._pace.news()

    def _apart(self) -> float:
        if not self.runs.any:
            return APART_S
        return min(APART_S, max(QUICK_S, self._took * _QUICK_SHARE))

    async def look(self, table: DirectConnections) -> None:
        """Look once: each connection is asked about once in its life, and once more when what it
        asked for is answered.
        """
        self._again = True
        there = await self._there(table)
        self._known &= there.keys()
        now = self._clock()
        self._asking = {
            ends: self._asking.get(ends, now)
            for ends, connection in there.items()
            if not connection.answered and ends not in self._known
        }
        due = [ends for ends in there if self._is_due(ends, now)]
        self._again = bool(self._asking)
        if self.runs.any:
            self._begin(table, [there[ends] for ends in due])
            return
        until = now + _LONGEST_LOOK_S
        for some in batched(due, _AT_ONCE):
            if self._clock() > until:
                self._again = True
                break
            asked = [self._ask(table, there[ends]) for ends in some]
            await asyncio.gather(*asked)

    async def _there(self, table: DirectConnections) -> dict[_Ends, Connection]:
        """Return what is there now. What the last look did not see began after that."""
        at = utc_now()
        listed, self._took = await COURTESIES.run(_timed, table.established)
        there = {_ends(connection): connection for connection in listed if _leaves(connection)}
        if self._before is not None:
            then, seen = self._before
            there = {
                ends: one if ends in seen else replace(one, at=max(one.at, then))
                for ends, one in there.items()
            }
        self._before = at, frozenset(there)
        return there

    def _begin(self, table: DirectConnections, due: Sequence[Connection]) -> None:
        """Have it asked whose these are, without waiting: others may begin and end meanwhile."""
        room = max(0, _IN_FLIGHT - len(self._begun))
        self._again = self._again or len(due) > room
        for connection in due[:room]:
            work = OWNER.task(Duty.DIRECT, self._asked_kindly(table, connection))
            task = asyncio.get_running_loop().create_task(work)
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)

    async def _asked_kindly(self, table: DirectConnections, connection: Connection) -> None:
        async with courtesy(Duty.DIRECT):
            await self._ask(table, connection)

    async def _ask(self, table: DirectConnections, connection: Connection) -> None:
        ends = _ends(connection)
        self._known.add(ends)
        self._asking.pop(ends, None)
        self.runs.short.seen(connection)
        attributor = self._attributor()
        sender = await COURTESIES.run(attributor.attribute, connection)
        await self._tell(table, connection, sender)
        attributor.forget(connection)

    def _is_due(self, ends: _Ends, now: float) -> bool:
        if ends in self._known:
            return False
        return now - self._asking.get(ends, now - _UNANSWERED_S) >= _UNANSWERED_S

    async def _tell(
        self, table: DirectConnections, connection: Connection, sender: Attribution
    ) -> None:
        if sender.process is None:
            self.runs.short.found(connection)
        self.runs.met(sender)
        if not (sender.is_python or await COURTESIES.run(_is_in_a_run, table, sender)):
            return
        if connection.transport == "tcp":
            tell = self._uninspected.direct if connection.answered else self._uninspected.unanswered
            tell(sender, connection)
        elif connection.gate_host != "" or await COURTESIES.run(_speaks_quic, table, sender):
            self._uninspected.datagrams(sender, connection)
        else:
            self.runs.short.found(connection)


def _timed(
    look: Callable[[], Sequence[Connection]],
) -> tuple[Sequence[Connection], float]:
    before = time.thread_time()
    listed = look()
    return listed, time.thread_time() - before


def _speaks_quic(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.speaks_quic(sender.process.pid)


def _is_in_a_run(table: DirectConnections, sender: Attribution) -> bool:
    return sender.process is not None and table.run_of(sender.process.pid) is not None


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
