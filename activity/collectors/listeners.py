"""Ports at which Python programs take connections, and from where those are reachable."""

import ipaddress
from collections.abc import Iterator

from activity.collectors import CollectorKind, Means
from activity.owners import Owners, run_of
from core.activity import OpenSocket
from core.ids import uuid7
from core.observation import Kind, Observation, Seen

_TABLE = "the kernel's table of sockets"
_ADDRESS = "the address that it is bound to"
THIS_MACHINE, THIS_NETWORK, EVERYWHERE = "this machine", "this network", "everywhere"


def reach_of(host: str) -> str:
    """Return from where a socket that is bound to this address can be reached, firewalls aside."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return EVERYWHERE
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return THIS_MACHINE
    if address.is_unspecified:
        return EVERYWHERE
    return THIS_NETWORK if address.is_private or address.is_link_local else EVERYWHERE


class Listeners:
    """Tells once of each port of each run of a program; of those that the system gave out, of the
    first one.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._owners = Owners(means.attributor, means.own_scripts)
        self._told: set[tuple[object, ...]] = set()

    def look(self) -> Iterator[Observation]:
        """See Collector.look."""
        there = self._means.sockets.listening()
        self._owners.keep_only(there)
        now, open_now = self._means.clock(), set()
        self._owners.learn(there, now)
        for one in there:
            sender = self._owners.program(one, now)
            if sender is None:
                continue
            key = (*run_of(sender), self._about(one))
            open_now.add(key)
            if key not in self._told:
                self._told.add(key)
                yield Observation(
                    id=uuid7(now),
                    at=now,
                    kind=Kind.LISTENER,
                    about=self._about(one),
                    sender=sender,
                    facts={
                        "port": Seen(value=one.port, how=_TABLE),
                        "address": Seen(value=one.host, how=_TABLE),
                        "reach": Seen(value=reach_of(one.host), how=_ADDRESS),
                    },
                    notable=not self._is_private(one),
                )
        self._told &= open_now

    def still(self) -> bool:
        """See Collector.still."""
        return not self._owners.unsure and self._means.sockets.still()

    def end(self) -> Iterator[Observation]:
        """See Collector.end."""
        yield from ()

    def _is_private(self, one: OpenSocket) -> bool:
        """Notebooks, debuggers and pools of workers talk to themselves at ports that the system
        gave out: that is no case.
        """
        return self._changes(one) and reach_of(one.host) == THIS_MACHINE

    def _changes(self, one: OpenSocket) -> bool:
        first, last = self._means.sockets.given_out()
        return first <= one.port <= last

    def _about(self, one: OpenSocket) -> str:
        """A port that the system gave out is another one in each run: all are one case."""
        port = "a changing port" if self._changes(one) else f"port {one.port}"
        return f"{port}, reachable from {reach_of(one.host)}"


COLLECTOR = CollectorKind(name="listeners", collects=frozenset({Kind.LISTENER}), make=Listeners)
