"""What travels: one request, its answer, and the connection it came on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.values import quick

WEBSOCKET = "WEBSOCKET"
"""Stands where a request has its method, in the exchange of one message of a WebSocket."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection of a client to the gate, as the gate's own socket sees it; or one past it, the
    far side as the gate's.
    """

    id: str
    client_host: str
    client_port: int
    gate_host: str
    gate_port: int
    at: datetime
    """When it was accepted."""
    transport: Literal["tcp", "udp"] = "tcp"
    """`udp` only past the gate; then `gate_host` is empty where the socket is bound to no far
    side.
    """
    socket: int | None = None
    """The kernel's number of the client's socket, where it is known already."""
    network: int | None = None
    """The kernel's number of the network that the client is in; None for the gate's own."""
    answered: bool = True
    """False only past the gate: it asks to be connected, and has had no answer yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName:
    """A host and port that a request goes by beside those of its exchange."""

    host: str
    """In the one spelling of `core.host_names.host_of`."""
    port: int
    named_by: str
    """What names it: `Host header`, `TLS handshake`, `:authority`, `request line`, `CONNECT`."""
    in_doubt: bool = True
    """False for an address that proved to be the host's by its certificate: no contradiction."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request on its way out. Holds payload: never log it; its repr shows sizes only."""

    id: str
    """UUIDv7."""
    at: datetime
    scheme: str
    """`https`, `http`, `wss` or `ws`."""
    host: str
    """Without port, in the one spelling of `core.host_names.host_of`: of CONNECT or the URL."""
    port: int
    method: str
    path: str
    """Path with query, as sent. May hold secrets: only `classification.Destination.path` may be
    stored.
    """
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order sent."""
    body: bytes = b""
    """Raw bytes as sent (content-encoding not undone); what was seen of it when `complete` is
    false.
    """
    body_bytes: int = 0
    """Size of the whole request body on the wire."""
    complete: bool = True
    """False when the body was cut, or streamed past without being kept."""
    address: str | None = None
    """The IP address that is connected to, where it was looked up before the decision."""
    other_names: tuple[OtherName, ...] = ()
    """Whatever else it goes by: it is judged by each, and the strictest answer holds."""

    def header(self, name: str) -> str | None:
        """Return the first header of this lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def __repr__(self) -> str:
        return f"<Exchange {self.id} {len(self.headers)} headers, {self.body_bytes} bytes>"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The head of an answer and, where it was held, its body. Holds payload: never log it."""

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    """Raw bytes as received; None when streamed past."""
    body_bytes: int = 0

    def header(self, name: str) -> str | None:
        """Return the first header of this lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.body_bytes} bytes>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One WebSocket message. Holds payload: never log it."""

    from_client: bool
    text: bool
    data: bytes = field(repr=False)
