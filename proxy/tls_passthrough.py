"""Connections that an exception of the policy lets pass undecrypted.

Recorded before anything leaves, counted, unread.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain

from mitmproxy import tls
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import ClientTLSLayer, TCPLayer

from core.attribution import Attribution
from core.decision import Decision
from core.duties import Duty
from core.exchange import Answer, Exchange
from core.fate import BROKEN_OFF_NOTE, STOPPED_NOTE
from core.findings import PASS_THROUGH, Finding, not_inspected
from core.host_names import host_of
from core.ids import uuid7
from core.vocabulary.protocols import WORDS
from proxy.backpressure import break_off, waits_of
from proxy.boundaries import courtesy
from proxy.deciding import Deciding
from proxy.fault_causes import why_broken
from proxy.inspection import HOW_MUCH, Inspection
from proxy.mitmproxy_patches import adopt
from proxy.transaction import Transaction
from proxy.untying import untie_hello

_HIDDEN_HELLO = 0xFE0D
"""The extension of an Encrypted ClientHello (RFC 9849): the name in clear is not the one meant."""


class Passage:
    """One connection that passes unread: how much has passed, and the record at its end."""

    def __init__(self, inspection: Inspection, transaction: Transaction) -> None:
        self._inspection = inspection
        self._transaction = transaction
        self._sent = self._received = 0
        self.waits: Callable[[], int | None] = _none
        """Tells how many bytes its server is not known to have; None: nobody can tell."""

    def passed(self, size: int, *, from_client: bool) -> None:
        """Count bytes that go on, either way."""
        if from_client:
            self._sent += size
            self._transaction.left(self._sent, whole=False)
            self._inspection.renew(self._transaction)
        else:
            self._received += size

    def said(self, data: bytes, *, from_client: bool) -> None:
        """Take bytes that go on, either way. Unread, but for who needs to."""

    def spoke(self, protocol: str) -> bool:
        """Note what the connection turned out to speak; False where it may not go on, as that."""
        self._transaction.note(f"its first bytes were those of {WORDS.get(protocol, protocol)}")
        return True

    def unreached(self, error: str) -> None:
        """No connection to the server came about: nothing has passed, and the record says why."""
        if not self._transaction.over:
            for note in why_broken(error, reached=False).no_answer:
                self._transaction.note(note)
        self.end()

    def end(self, note: str | None = None) -> None:
        """Close the record with what had passed and the server has; the first end counts."""
        transaction = self._transaction
        if transaction.over:
            return
        transaction.unsay(HOW_MUCH)
        if note is not None:
            transaction.note(note)
        waits = self.waits()
        arrived = 0 if waits is None else max(0, self._sent - waits)
        if arrived < self._sent:
            transaction.note(BROKEN_OFF_NOTE)
        transaction.left(arrived, whole=False)
        self._inspection.close(transaction, Answer(status=None, body_bytes=self._received))


def _none() -> int:
    return 0


class Passages:
    """Asks policy about connections that begin, and keeps those that pass unread until they end."""

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self._open: dict[str, list[Passage]] = {}

    async def consider(self, hello: tls.ClientHelloData) -> bool:
        """Let this connection pass unread where an exception says so; True when it does.

        Any failure on the way, evidence included, leaves the connection to be inspected like any
        other.
        """
        untie_hello(hello.client_hello)
        target, here = target_of(hello), _layer_of(hello)
        if target is None or here is None or not self._inspection.parts.policy.exempts(target[0]):
            return False
        client = hello.context.client
        transaction = await self._exempted(client.id, target)
        if transaction is None:
            return False
        here.passage = Passage(self._inspection, transaction)
        self.add(client.id, here.passage)
        hello.ignore_connection = True
        return True

    async def _exempted(self, connection: str, target: tuple[str, int]) -> Transaction | None:
        """Return the connection on its way when it may pass; else None."""
        inspection = self._inspection
        address = await inspection.locate(connection, *target)
        sender = await inspection.senders.at_opening(connection)
        await inspection.met(sender)  # a block rule wins over the exception
        exchange, decision = asked(inspection.deciding, sender, target, address)
        if decision is None or not decision.verdict.passes:
            return None
        return await inspection.pass_unread(exchange, sender, decision, _unread(decision))

    def add(self, connection: str, passage: Passage) -> None:
        """Keep what passes on this client's connection until that ends."""
        self._open.setdefault(connection, []).append(passage)

    def closed(self, client: Client) -> None:
        """The client's connection is over: so is all that passed on it."""
        for passage in self._open.pop(client.id, ()):
            passage.end("the connection broke off")

    def stop(self) -> None:
        """The gate stops: whatever still passes goes no further, and is on record as that."""
        left, self._open = self._open, {}
        for passage in chain.from_iterable(left.values()):
            with courtesy(Duty.HAND_OVER):
                passage.end(STOPPED_NOTE)


def asked(
    deciding: Deciding, sender: Attribution, target: tuple[str, int], address: str | None = None
) -> tuple[Exchange, Decision | None]:
    """Return the connection as an exchange, and what policy says of letting it pass undecrypted."""
    exchange = tunnel(deciding, target, address)
    return exchange, deciding.pass_through(exchange, sender)


def tunnel(deciding: Deciding, target: tuple[str, int], address: str | None = None) -> Exchange:
    """Return a connection of which nothing was read as an exchange."""
    at = deciding.parts.clock()
    return Exchange(
        id=uuid7(at),
        at=at,
        scheme="https",
        host=host_of(target[0]),
        port=target[1],
        method="CONNECT",
        path="/",
        complete=False,
        address=address,
    )


def target_of(hello: tls.ClientHelloData) -> tuple[str, int] | None:
    """Return where this connection goes; None unless tunnel and TLS handshake name one host."""
    address, name = hello.context.server.address, hello.client_hello.sni
    if address is None or not name:
        return None
    host = host_of(name)
    if host_of(address[0]) != host or any(
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
    """mitmproxy's TLS towards a client; what an exception lets pass goes on in our own layer."""

    passage: Passage | None = None

    def _handshake_finished(self, err: str | None) -> layer.CommandGenerator[None]:
        child = self.child_layer
        if self.passage is not None:
            adopt(child, TCPLayer, UnreadLayer)
            if isinstance(child, UnreadLayer):
                child.passage = self.passage
        yield from super()._handshake_finished(err)


class UnreadLayer(TCPLayer):
    """Forwards bytes both ways and counts them."""

    passage: Passage

    def start(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Open the connection to the server. Where none comes about, the client's breaks: an end in
        order would be an answer.
        """
        server, error = self.context.server, None
        self.passage.waits = partial(waits_of, self.context.client.id, server)
        if server.timestamp_start is None:
            error = yield commands.OpenConnection(server)
        self._handle_event = self.relay_messages  # type: ignore[method-assign]  # as its class does
        if error:
            self.passage.unreached(error)
            yield from self.broken()

    _handle_event = start

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Forward, and count what is forwarded."""
        if isinstance(event, events.DataReceived):
            from_client = event.connection == self.context.client
            self.passage.passed(len(event.data), from_client=from_client)
            self.passage.said(event.data, from_client=from_client)
        server = self.context.server
        ended = isinstance(event, events.ConnectionClosed) and event.connection is server
        if ended and server.error is not None:
            yield from self.broken()
            self.passage.end("the server broke the connection")
            return
        yield from super().relay_messages(event)
        if self._handle_event == self.done:
            self.passage.end()

    def broken(self) -> layer.CommandGenerator[None]:
        """Break the client's connection off, and be done."""
        break_off(self.context.client.id)
        for end in (self.context.server, self.context.client):
            if end.state is not ConnectionState.CLOSED:  # one may have ended its half before
                yield commands.CloseConnection(end)
        self._handle_event = self.done  # type: ignore[method-assign]  # as its class does


def make_ours(layers: list[layer.Layer]) -> None:
    """Turn TLS layers that mitmproxy has just chosen into ours."""
    for chosen in layers:
        adopt(chosen, ClientTLSLayer, GateClientTls)
