"""The rules that bring what the programs of a whole machine send to its gate, and those that stand
in their place while the gate is away.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from capture import nftables as nft

TABLE = "outgate_capture"
_COUNTING = {"open": "passes", "closed": "refuses"}
_NAT, _FILTER = -100, 0
_QUIC_PORT = 443
_HIERARCHIES = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_CGROUP_MARK = "cgroup.controllers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose connections are meant: of these users and these cgroups; of everybody where neither is
    named. The gate's own user is never among them.
    """

    gate: int
    """The user whose gate it is."""
    users: Sequence[int] = ()
    cgroups: Sequence[Path] = ()
    """Folders of cgroups of version 2; what is below them is meant, too."""


def redirecting(scope: Scope, port: int) -> list[nft.Chain]:
    """Return what brings the connections to this port of loopback, and makes HTTP/3 fall back to
    what can be brought there. Raises OSError where a cgroup is not there.
    """
    tcp = nft.protocol_is(socket.IPPROTO_TCP)
    rules = [[*tcp, *meant, *nft.redirected(port)] for meant in _meant(scope)]
    return [
        nft.Chain(name="redirects", kind="nat", priority=_NAT, rules=[*_left(scope), *rules]),
        nft.Chain(
            name="falls_back", kind="filter", priority=_FILTER, rules=[*_left(scope), *_quic(scope)]
        ),
    ]


def standing_in(scope: Scope, *, closed: bool) -> list[nft.Chain]:
    """Return what counts the connections while no gate is there: they go their own way, or are
    refused. Raises OSError where a cgroup is not there.
    """
    tcp = nft.protocol_is(socket.IPPROTO_TCP)
    if not closed:
        # Without a question for its state no connection is followed, and no such chain is asked.
        rules = [[*tcp, *nft.is_new(), *meant, nft.counts()] for meant in _meant(scope)]
        every = [*_left(scope), *_each_once(rules)]
        return [nft.Chain(name=_COUNTING["open"], kind="nat", priority=_NAT, rules=every)]
    refused = nft.refused(is_tcp=True)
    rules = [[*tcp, *nft.is_new(), *meant, nft.counts(), refused] for meant in _meant(scope)]
    every = [*_left(scope), *rules, *_quic(scope)]
    return [nft.Chain(name=_COUNTING["closed"], kind="filter", priority=_FILTER, rules=every)]


def counting_chain(*, closed: bool) -> str:
    """Return the name of the chain in which connections are counted."""
    return _COUNTING["closed" if closed else "open"]


def cgroup_of(path: str) -> Path:
    """Return the folder of a cgroup, however it is named. Raises ValueError for what is none."""
    given = Path(path)
    places = [given] if given.is_absolute() and str(given).startswith("/sys/") else []
    places += [Path(root) / path.strip("/") for root in _HIERARCHIES]
    for place in places:
        if (place / _CGROUP_MARK).is_file() and _depth(place):
            return place
    raise ValueError("there is no such cgroup of version 2")


def _left(scope: Scope) -> list[nft.Rule]:
    """What is never touched: the gate's own connections, and what stays on this machine."""
    return [
        [*nft.user_is(scope.gate), nft.returned()],
        [*nft.goes_to_loopback(), nft.returned()],
    ]


def _meant(scope: Scope) -> list[list[bytes]]:
    users = [nft.user_is(uid) for uid in scope.users]
    cgroups = [nft.cgroup_is(place.stat().st_ino, _depth(place)) for place in scope.cgroups]
    return [*users, *cgroups] or [[]]


def _quic(scope: Scope) -> list[nft.Rule]:
    udp = [*nft.protocol_is(socket.IPPROTO_UDP), *nft.port_is(_QUIC_PORT)]
    return [[*udp, *meant, nft.refused(is_tcp=False)] for meant in _meant(scope)]


def _each_once(rules: Sequence[Sequence[bytes]]) -> list[nft.Rule]:
    """A connection that two of them fit is counted once."""
    return [[*rule, nft.returned()] for rule in rules]


def _depth(folder: Path) -> int:
    """Return how many folders below its hierarchy a cgroup is."""
    depth = 0
    while not os.path.ismount(folder) and folder != folder.parent:
        folder, depth = folder.parent, depth + 1
    return depth
