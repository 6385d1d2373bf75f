"""Connections past the gate that were over before it could be seen whose they were.

The kernel tells that they ended, and where they had gone; what a look at the table had seen of
them is not meant.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime

from core.exchange import Connection
from core.ids import utc_now

_REMEMBERED = 8192
_TOLD = 512

type _Ends = tuple[str, int, str, int]


class ShortConnections:
    """Keeps what is known of them. For the event loop only."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._seen: dict[_Ends, None] = {}
        self._seen_from: dict[tuple[str, int], None] = {}
        self._found: deque[tuple[datetime, Connection]] = deque(maxlen=_TOLD)
        self.whole = True
        """False once the kernel had more to tell than was heard."""

    def seen(self, connection: Connection) -> None:
        """This one stands in the table, and it is asked whose it is."""
        _remember(self._seen, _ends(connection))
        _remember(self._seen_from, (connection.transport, connection.client_port))

    def found(self, connection: Connection) -> None:
        """Nobody can say any more whose this is, or where it goes."""
        self._found.append((self._now(), connection))

    def ended(self, connections: Iterable[Connection] | None) -> None:
        """These have ended; None: some have, and nobody knows which."""
        if connections is None:
            self.whole = False
            return
        for connection in connections:
            if not self._was_seen(connection):
                self.found(connection)

    def since(self, moment: datetime) -> list[tuple[str, int]] | None:
        """Return what was found since then, as place and how often; None where some was missed."""
        if not self.whole:
            return None
        told = Counter(_place(one) for at, one in self._found if at >= moment)
        return list(told.items())

    def _was_seen(self, connection: Connection) -> bool:
        if connection.transport == "tcp" and not connection.gate_port:
            # What was refused has no address and no far port any more; its own port stands.
            return ("tcp", connection.client_port) in self._seen_from
        return _ends(connection) in self._seen


def _ends(connection: Connection) -> _Ends:
    near = connection.client_host, connection.client_port
    return _plain(near[0]), near[1], _plain(connection.gate_host), connection.gate_port


def _plain(host: str) -> str:
    return host.removeprefix("::ffff:") if "." in host else host


def _place(connection: Connection) -> str:
    """Return `10.0.0.7 port 5432`, as far as it is known."""
    if connection.transport == "udp":
        return "datagrams (UDP) to nobody knows where"
    where = connection.gate_host
    if connection.gate_port:
        where = f"{where} port {connection.gate_port}"
    return where if connection.answered else f"{where}, not answered"


def _remember[Key](known: dict[Key, None], key: Key) -> None:
    known.pop(key, None)
    known[key] = None
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
