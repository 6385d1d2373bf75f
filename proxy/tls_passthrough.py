"""Connections that an exception of the policy lets pass undecrypted: recorded before anything leaves, counted, unread."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from mitmproxy import tls
from mitmproxy.connection import Client
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers import ClientTLSLayer, TCPLayer

from core.attribution import Attribution
from core.decision import Decision
from core.exchange import Answer, Exchange
from core.findings import PASS_THROUGH, Finding, not_inspected
from core.ids import uuid7
from proxy.inspection import Inspection
from proxy.transaction import Ruling

_HIDDEN_HELLO = 0xFE0D
"""The extension of an Encrypted ClientHello (RFC 9849): the name that can be read is not the one that is meant."""
_OPEN = "how much passes is known only when the connection has ended"

type Asked = Callable[[str], Awaitable[Attribution]]


class Passage:
    """One connection that passes unread: what is known of it, and how much has passed."""

    def __init__(self, inspection: Inspection, ruling: Ruling) -> None:
        self._inspection = inspection
        self._ruling = ruling
        self._sent = self._received = 0

    async def begin(self) -> None:
        """Make the record durable, before anything leaves. Raises EvidenceError: then nothing may pass."""
        self._ruling.notes.append(_OPEN)
        await self._inspection.journal(self._ruling)
        await self._inspection.durable(self._ruling)

    def passed(self, size: int, *, from_client: bool) -> None:
        """Count bytes that go on, either way."""
        if from_client:
            self._sent += size
        else:
            self._received += size

    def end(self, note: str | None = None) -> None:
        """Close the record with what had passed; the first end counts."""
        ruling = self._ruling
        if ruling.closed:
            return
        ruling.notes[:] = [] if note is None else [note]
        ruling.exchange = replace(ruling.exchange, body_bytes=self._sent)
        self._inspection.close(ruling, Answer(status=None, body_bytes=self._received))


class Passages:
    """Asks policy about connections that begin, and keeps those that pass unread until they end."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._open: dict[str, list[Passage]] = {}

    async def consider(self, hello: tls.ClientHelloData, sender_of: Asked) -> bool:
        """Let this connection pass unread where an exception says so; True when it does.

        Any failure on the way, evidence included, leaves the connection to be inspected like any other.
        """
        target, here = target_of(hello), _layer_of(hello)
        if target is None or here is None or not self._inspection.parts.policy.exempts(target[0]):
            return False
        client = hello.context.client
        address = await self._inspection.locate(client.id, *target)
        sender = await sender_of(client.id)
        await self._inspection.met(sender)  # a block rule wins over the exception
        exchange, decision = asked(self._inspection, sender, target, address)
        if decision is None or not decision.verdict.passes:
            return False
        ruling = self._inspection.undecided(exchange, sender, decision)
        ruling.classification = replace(ruling.classification, findings=(_unread(decision),))
        passage = Passage(self._inspection, ruling)
        await passage.begin()
        self._open.setdefault(client.id, []).append(passage)
        here.passage = passage
        hello.ignore_connection = True
        return True

    def closed(self, client: Client) -> None:
        """The client's connection is over: so is all that passed on it."""
        for passage in self._open.pop(client.id, ()):
            passage.end("the connection broke off")


def asked(
    inspection: Inspection, sender: Attribution, target: tuple[str, int], address: str | None = None
) -> tuple[Exchange, Decision | None]:
    """Return the connection as an exchange, and what policy says of letting it pass undecrypted."""
    exchange = tunnel(inspection, target, address)
    seen = inspection.placed(exchange, inspection.parts.classifier.on_headers(exchange))
    situation = inspection.situation(exchange, sender, seen, headers_only=True)
    return exchange, inspection.parts.policy.pass_through(situation)


def tunnel(inspection: Inspection, target: tuple[str, int], address: str | None = None) -> Exchange:
    """Return a connection of which nothing was read as an exchange."""
    at = inspection.parts.clock()
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme="https",
        host=target[0].lower().rstrip("."),
        port=target[1],
        method="CONNECT",
        path="/",
        complete=False,
        address=address,
    )


def target_of(hello: tls.ClientHelloData) -> tuple[str, int] | None:
    """Return where this connection goes, when the tunnel and the TLS handshake name the same host; else None."""
    address, name = hello.context.server.address, hello.client_hello.sni
    if address is None or not name:
        return None
    host = name.lower().rstrip(".")
    if address[0].lower().rstrip(".") != host or any(
        kind == _HIDDEN_HELLO for kind, _ in hello.client_hello.extensions
    ):
        return None
    return host, address[1]


def _unread(decision: Decision) -> Finding:
    why = f"the connection passed undecrypted by the exception {decision.rule}"
    return not_inspected(why, PASS_THROUGH, ("connection",))


def _layer_of(hello: tls.ClientHelloData) -> "GateClientTls | None":
    here = hello.context.layers[-1]
    return here if isinstance(here, GateClientTls) else None


class GateClientTls(ClientTLSLayer):
    """mitmproxy's TLS towards a client; what an exception lets pass goes on in our counting layer."""

    passage: Passage | None = None

    def _handshake_finished(self, err: str | None) -> layer.CommandGenerator[None]:
        child = self.child_layer
        if self.passage is not None and type(child) is TCPLayer:
            child.__class__ = UnreadLayer
            child.passage = self.passage  # type: ignore[attr-defined]
        yield from super()._handshake_finished(err)


class UnreadLayer(TCPLayer):
    """Forwards bytes both ways and counts them."""

    passage: Passage

    def start(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Open the connection to the server."""
        yield from super().start(event)
        if self._handle_event == self.done:
            self.passage.end("no connection to the server came about: nothing passed")

    _handle_event = start

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Forward, and count what is forwarded."""
        if isinstance(event, events.DataReceived):
            self.passage.passed(
                len(event.data), from_client=event.connection == self.context.client
            )
        yield from super().relay_messages(event)
        if self._handle_event == self.done:
            self.passage.end()


def adopt(layers: list[layer.Layer]) -> None:
    """Turn TLS layers that mitmproxy has just chosen into ours; they have not handled an event yet."""
    for chosen in layers:
        if type(chosen) is ClientTLSLayer:
            chosen.__class__ = GateClientTls
