"""Connections of Python programs to databases, mail servers, file shares and queues, by port: who,
to where, how much, from when to when; never what.

All connections of one run of a program to one server are one thing. It is told when it is first
seen, and again, with what it carried, when the last of them has ended.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from activity.collectors import CollectorKind, Means
from activity.owners import Ends, Owners, ends_of, run_of
from core.activity import OpenSocket
from core.attribution import Attribution
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.protocols import OBSERVED_PORTS, place_words, protocol_at

_TABLE, _PORT = "the kernel's table of sockets", "what usually listens at that port"
_COUNTERS, _OURS = "the kernel's counters, as last looked at", "counted by Outgate"
_QUIET = timedelta(seconds=30)
"""Pools close connections and open others: so long after the last one it is over."""
_LONGEST = timedelta(hours=1)
"""What lasts longer is told once in that time, so that nothing is lost with the gate."""


@dataclass(slots=True)
class _Talk:
    """All connections of one run of a program to one server."""

    sender: Attribution
    server: tuple[str, int]
    began: datetime
    last: datetime
    told: datetime
    carried: dict[Ends, tuple[int | None, int | None]] = field(default_factory=dict)
    connections: int = 0
    sent: int = 0
    received: int = 0
    counted: bool = True
    """False once the system could not tell how much."""

    def saw(self, one: OpenSocket, now: datetime) -> None:
        self.last = now
        ends = ends_of(one)
        before = self.carried.get(ends)
        self.connections += before is None
        sent, received = before or (0, 0)
        if one.bytes_sent is None or one.bytes_received is None:
            self.counted = False
        else:
            self.sent += max(0, one.bytes_sent - (sent or 0))
            self.received += max(0, one.bytes_received - (received or 0))
        self.carried[ends] = one.bytes_sent, one.bytes_received

    def keep_only(self, there: Set[Ends]) -> None:
        """Forget those that are closed: their ends may come again, with counters from nought."""
        self.carried = {ends: sums for ends, sums in self.carried.items() if ends in there}

    def goes_on(self, now: datetime) -> "_Talk":
        """Return what is told next, after what was told until now: those still open are of both."""
        return replace(self, began=now, told=now, sent=0, received=0, connections=len(self.carried))

    def rest(self) -> Iterator[Observation]:
        """Yield what is not told yet; nothing where none was open since."""
        if self.last >= self.began and self.connections:
            yield self.told_now(ended=self.last)

    def told_now(self, *, ended: datetime | None) -> Observation:
        host, port = self.server
        facts = {
            "protocol": Seen(value=protocol_at(port), how=_PORT),
            "address": Seen(value=host, how=_TABLE),
            "port": Seen(value=port, how=_TABLE),
        }
        if ended is not None:
            facts["connections"] = Seen(value=self.connections, how=_OURS)
            facts["bytes_sent"] = Seen(value=self.sent if self.counted else None, how=_COUNTERS)
            received = self.received if self.counted else None
            facts["bytes_received"] = Seen(value=received, how=_COUNTERS)
        return Observation(
            id=uuid7(self.last),
            at=self.began,
            ended=ended,
            kind=Kind.CONNECTION,
            about=place_words(protocol_at(port), host, port),
            sender=self.sender,
            facts=facts,
            notable=True,
        )


class Connections:
    """Follows the connections to the ports of such servers."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._owners = Owners(means.attributor, means.own_scripts)
        self._talks: dict[tuple[object, ...], _Talk] = {}

    def look(self) -> Iterator[Observation]:
        """See Collector.look."""
        there = self._means.sockets.connected_to(OBSERVED_PORTS)
        self._owners.keep_only(there)
        now = self._means.clock()
        self._owners.learn(there, now)
        for one in there:
            sender = self._owners.program(one, now)
            if sender is None:
                continue
            key = (*run_of(sender), one.far_host, one.far_port)
            talk = self._talks.get(key)
            if talk is None:
                server = one.far_host, one.far_port
                talk = _Talk(sender=sender, server=server, began=now, last=now, told=now)
                self._talks[key] = talk
                yield talk.told_now(ended=None)
            talk.saw(one, now)
        alive = frozenset(map(ends_of, there))
        for talk in self._talks.values():
            talk.keep_only(alive)
        yield from self._over(now)

    def _over(self, now: datetime) -> Iterator[Observation]:
        for key, talk in list(self._talks.items()):
            if now - talk.last >= _QUIET:
                del self._talks[key]
                yield from talk.rest()
            elif now - talk.told >= _LONGEST:
                yield from talk.rest()
                self._talks[key] = talk.goes_on(now)

    def still(self) -> bool:
        """See Collector.still."""
        return not self._talks and not self._owners.unsure and self._means.sockets.still()

    def end(self) -> Iterator[Observation]:
        """See Collector.end."""
        for talk in self._talks.values():
            yield from talk.rest()
        self._talks.clear()


COLLECTOR = CollectorKind(
    name="connections", collects=frozenset({Kind.CONNECTION}), make=Connections
)
