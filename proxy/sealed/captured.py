"""Connections that were brought here for the whole machine: whose are they, and where do they go?

They come by their address alone. What descends from no Python goes on to that address, unread and
counted. What may or may not (its parent has gone, nobody could look) is on record and decided on,
and its TLS is not opened: much of it is the system's own, which trusts no roots of ours. The rest
is read like what comes out of a seal, once its name is known: TLS and HTTP say it. It then goes
where *we* find that name, so that no name can stand for an address of another's.
"""

import ipaddress
from dataclasses import dataclass

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.tls import parse_client_hello

from core.host_names import host_of
from proxy.inspection import Inspection
from proxy.sealed.opening import HANDSHAKE, TLS, Opening
from proxy.sealed.passing_counts import Others
from proxy.tls_passthrough import Passage, UnreadLayer

_HOST = b"host:"
_MOST_NAME = 253


class Counted(Passage):
    """One such connection."""

    def __init__(self, others: Others) -> None:
        self._others = others
        others.connected()

    def passed(self, size: int, *, from_client: bool) -> None:
        """Count bytes that go on, either way."""
        self._others.passed(size, from_client=from_client)

    def unreached(self, error: str) -> None:
        """Nobody is told."""
        del error

    def spoke(self, protocol: str) -> bool:
        """It may speak what it likes."""
        del protocol
        return True

    def end(self, note: str | None = None) -> None:
        """No record is kept of it."""


@dataclass
class Arrival:
    """A connection that was brought here."""

    connection: str
    counted: Counted | None = None
    """Set where it goes on unread."""
    doubtful: bool = False
    """Nobody can say whether it is of Python."""


@dataclass
class GateArrivedHook(commands.StartHook):
    """A connection was brought here: is it of Python?"""

    arrival: Arrival


@dataclass
class Naming:
    """The name that a client says of where it goes."""

    connection: str
    name: str
    port: int
    exists: bool = False
    """Set where we find it, too."""


@dataclass
class GateNamedHook(commands.StartHook):
    """Is there such a name?"""

    naming: Naming


class CapturedOpening(Opening):
    """As out of a seal, once it is known whose it is."""

    _doubtful = False

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            arrival = Arrival(self.context.client.id)
            yield GateArrivedHook(arrival)
            self._doubtful = arrival.doubtful
            if arrival.counted is not None:
                self._next = relay = UnreadLayer(self.context, ignore=True)
                relay.passage = arrival.counted
                yield from relay.handle_event(event)
                return
        yield from super()._handle_event(event)

    def _inspected(self) -> layer.CommandGenerator[None]:
        address = self.context.server.address
        name = said_name(self._said)
        if name is not None and address is not None:
            naming = Naming(self.context.client.id, name, address[1])
            yield GateNamedHook(naming)
            if naming.exists:
                self.context.server.address = name, address[1]
        if self._doubtful and self._said[:1] == HANDSHAKE:
            yield from self._asked(TLS)
            if self._relay is not None:
                yield from self._go_on()
            return
        yield from super()._inspected()


class Arrivals:
    """Answers both questions, as hooks. Where one fails, the connection is inspected like any
    other, and its address stands for its name.
    """

    name = "arrivals"

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self.others = Others()

    async def gate_arrived(self, arrival: Arrival) -> None:
        """What is surely of no Python goes on; of what is not known that is not sure."""
        sender = await self._inspection.senders.at_opening(arrival.connection)
        arrival.doubtful = sender.is_python is None
        if sender.is_python is False:
            arrival.counted = Counted(self.others)

    async def gate_named(self, naming: Naming) -> None:
        """Find the name; behind another proxy it is that one's to find."""
        places = self._inspection.places
        naming.exists = places is None or (
            await places.locate(naming.connection, naming.name, naming.port) is not None
        )


def said_name(said: bytes) -> str | None:
    """Return the name of a host in a client's first bytes; None where they hold none that could be
    looked up.
    """
    found = _in_hello(said) if said[:1] == HANDSHAKE else _in_head(said)
    if not found or len(found) > _MOST_NAME or not found.isascii():
        return None
    host = host_of(found)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host if all(c.isalnum() or c in "-._" for c in host) else None
    return None


def _in_hello(said: bytes) -> str | None:
    try:
        hello = parse_client_hello(said)
    except ValueError:
        return None
    return None if hello is None else hello.sni


def _in_head(said: bytes) -> str | None:
    """A head may come in pieces: what has not come names nobody."""
    for line in said.split(b"\n")[1:-1]:
        if not line.strip():
            return None
        if line[: len(_HOST)].lower() == _HOST:
            words = line[len(_HOST) :].strip().decode("latin-1")
            return words.rpartition(":")[0] if words.rpartition(":")[2].isdigit() else words
    return None
