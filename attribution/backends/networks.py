"""The networks of sealed runs beside our own: each is asked by sockets that were made in it.

Two programs in two networks may have the same addresses and ports, and our own network knows
nothing of either.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.backends.peers import Peers
from attribution.backends.sock_diag import NoSuchSocket, SockDiag
from attribution.facts import ProcessFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network, and the other namespaces of the run that it belongs to."""

    quick: SockDiag
    thorough: SockDiag
    peers: Peers
    user: str | None = None
    """The kernel's word for the user namespace; None where it is not told."""
    mounts: str | None = None

    def close(self) -> None:
        """Close its sockets."""
        self.quick.close()
        self.thorough.close()
        self.peers.close()


class Networks:
    """All that are known, by the kernel's number; None is our own. Safe for several threads."""

    def __init__(self) -> None:
        """Raise DiagRefused or OSError when the kernel offers no sock_diag."""
        self._known: dict[int | None, Network] = {
            None: Network(quick=SockDiag(), thorough=SockDiag(), peers=Peers())
        }

    def entered(self, network: int, supervisor: int, asking: Sequence[int]) -> None:
        """See core.ports.Networks."""
        quick, thorough, peers = (socket.socket(fileno=one) for one in asking)
        before = self._known.get(network)
        self._known[network] = Network(
            quick=SockDiag(quick),
            thorough=SockDiag(thorough),
            peers=Peers(peers),
            user=procfs.link(f"/proc/{supervisor}/ns/user"),
            mounts=procfs.link(f"/proc/{supervisor}/ns/mnt"),
        )
        if before is not None:
            before.close()

    def left(self, network: int) -> None:
        """See core.ports.Networks."""
        gone = self._known.pop(network, None)
        if gone is not None:
            gone.close()

    def of(self, network: int | None) -> Network:
        """Return a network. Raises NoSuchSocket for one that has gone, with all its sockets."""
        found = self._known.get(network)
        if found is None:
            raise NoSuchSocket
        return found

    def of_process(self, pid: int) -> Network:
        """Return the network that a process is in; our own for one of which it is not known."""
        if len(self._known) > 1:
            name = procfs.link(f"{procfs.home(pid)}/ns/net") or ""
            number = name.removeprefix("net:[").removesuffix("]")
            if number.isdigit():
                return self._known.get(int(number), self._known[None])
        return self._known[None]

    def is_sealed(self, facts: ProcessFacts) -> bool:
        """Return True for a process of a sealed run that is in the very namespaces that the run was
        given: it has no right to mount anything in them.
        """
        sealed = [one for one in tuple(self._known.values()) if one.user and one.mounts]
        if not sealed:
            return False
        user = procfs.link(f"{procfs.home(facts.pid)}/ns/user")
        mounts = procfs.link(f"{procfs.home(facts.pid)}/ns/mnt")
        return any((one.user, one.mounts) == (user, mounts) for one in sealed)

    def close(self) -> None:
        """Close all."""
        for one in self._known.values():
            one.close()
