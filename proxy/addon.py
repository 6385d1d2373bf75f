"""The hooks: each presumes refusal, hands over to the inspection, and applies what it says."""

from collections.abc import Awaitable
from functools import partial

from mitmproxy import http, tls
from mitmproxy.connection import Client
from mitmproxy.proxy import layer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from core.vocabulary.protocols import NO_PORT
from proxy import refusals, tls_passthrough
from proxy.answers import AnswerReader
from proxy.applying import begin_answer, end_answer, refusal_of
from proxy.backpressure import break_off, hang_up
from proxy.binding import bind, bound, transaction_of
from proxy.boundaries import is_ours
from proxy.client_certificates import ClientCertificates
from proxy.early_ends import EarlyEnds, tell_what_was_answered, why_of
from proxy.evasion import EvasionWatch
from proxy.far_side import mark_end
from proxy.greetings import Greetings
from proxy.guarding import Guarded, failed_step
from proxy.health import HEALTH_HOST
from proxy.inspection import Inspection
from proxy.itself import Itself
from proxy.message import Passing
from proxy.outcome import WAIT, Outcome
from proxy.request_head import read_head
from proxy.run_records import answer_to
from proxy.sealed.foreign import ForeignConnections
from proxy.sealed.opening import Foreign
from proxy.silent_tunnels import SilentTunnel, SilentTunnels
from proxy.sniffing import looks_like_http, may_become_tls
from proxy.streams import kept_of, make_ours, only_http, taken, wait_for_more
from proxy.transaction import Transaction
from proxy.translate import answer_of, connection_of, content_of, exchange_of, head_of
from proxy.travel import PastTap
from proxy.turns import Fault, TakesTurns
from proxy.uninspected import UNKNOWN_HOST, Uninspected
from proxy.unreadable import Unreadable
from proxy.upstreams import Upstreams
from proxy.websockets import MessageGate

_NOWHERE = UNKNOWN_HOST, NO_PORT
"""Where a client goes that has named nothing yet: it speaks TLS to the gate itself."""


class GateAddon(TakesTurns, Guarded):
    """Connects mitmproxy's hooks with the inspection."""

    name = "outgate"

    def __init__(self, inspection: Inspection, upstreams: Upstreams) -> None:
        super().__init__(inspection)
        self.upstreams = upstreams
        self.itself = Itself()
        self.passages = tls_passthrough.Passages(inspection)
        self.messages = MessageGate(inspection)
        self.uninspected = Uninspected(inspection)
        self.ends = EarlyEnds(inspection)
        self.certificates = ClientCertificates()
        self.tunnels = SilentTunnels(self._on_silent_tunnel, Greetings(inspection, upstreams).of)
        self.foreign = ForeignConnections(inspection, self.passages, self.tunnels.kept)
        self._silent: dict[str, tuple[str, int]] = {}
        """Connection id → where it goes, while its TLS stands and no request has come."""
        self.evasion = EvasionWatch(lambda: inspection.parts.attributor, self.uninspected)

    # connections

    async def client_connected(self, client: Client) -> None:
        """Step 1, while the client waits for its first answer and so cannot have exited."""
        try:
            self.health.connections += 1
            await self.inspection.connected(connection_of(client))
            if self.evasion.runs.any:
                self.evasion.runs.met(await self.inspection.senders.at_opening(client.id))
        except BaseException as error:  # noqa: BLE001 - boundary: an unknown sender is an answer
            self._failed("attribution", error)

    async def client_disconnected(self, client: Client) -> None:
        """Forget the connection; one that never asked for anything may not have trusted us.

        What fails to forget it keeps no other from it.
        """
        late = self.tunnels.over(client.id)
        if (target := self._silent.pop(client.id, None)) is not None:
            who = self.inspection.senders.at_opening(client.id)
            await self._tell(self.uninspected.ended_without_request, who, target)
        elif late is not None:
            who = self.inspection.senders.at_opening(client.id)
            await self._tell(self.uninspected.left_silently, who, late.target)
        forgetting = (
            partial(self.certificates.closed, client.id),
            partial(self.passages.closed, client),
            partial(self.upstreams.closed, client),
            partial(self.inspection.senders.closed, client.id),
        )
        for forget in forgetting:
            try:
                forget()
            except BaseException as error:  # noqa: BLE001 - boundary: the client has gone
                self._failed("connection", error)

    async def gate_fault(self, fault: Fault) -> None:
        """What a client or its server sent could not be handled: told, and on record."""
        self.ends.faulty(fault.connection.id, self.health.failed("connection", fault.error))

    async def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Make the layers that mitmproxy has just chosen ours; what is not HTTP is refused."""
        if nextlayer.layer is None:
            return
        target, said = nextlayer.context.server.address, nextlayer.data_client()
        if target is not None and may_become_tls(said):
            wait_for_more(nextlayer)
            return
        is_http = target is None or looks_like_http(said)
        only_http(nextlayer, is_http=is_http)
        make_ours(nextlayer.context.layers)
        tls_passthrough.make_ours(nextlayer.context.layers)
        if target is not None and not is_http:
            self._silent.pop(nextlayer.context.client.id, None)
            self.tunnels.over(nextlayer.context.client.id)
            who = self.inspection.senders.of(nextlayer.context.client.id)
            await self._tell(self.uninspected.not_http, who, target)

    def http_connected(self, flow: http.HTTPFlow) -> None:
        """A client has its tunnel; now it has to ask for something."""
        target = flow.request.host, flow.request.port
        if target[0] != HEALTH_HOST:
            self.tunnels.opened(SilentTunnel(connection=flow.client_conn.id, target=target))

    async def gate_unreadable(self, found: Unreadable) -> None:
        """Record what was refused because it is no request."""
        self._silent.pop(found.client.id, None)
        if not self.tunnels.ended(found.client.id):
            self.tunnels.over(found.client.id)
            who = self.inspection.senders.of(found.client.id)
            await self._tell(found.how(self.uninspected), who, found.target)

    async def _on_silent_tunnel(self, silent: SilentTunnel, heard: bytes) -> None:
        self._silent.pop(silent.connection, None)
        who = self.inspection.senders.of(silent.connection)
        told = self.uninspected.greeted if heard else self.uninspected.silent
        await self._tell(told, who, silent.target)
        hang_up(silent.connection)

    async def gate_foreign(self, foreign: Foreign) -> None:
        """A connection out of a seal is not HTTP: it passes unread where policy says so."""
        self.tunnels.over(foreign.connection)
        try:
            self.health.passed_undecrypted += await self.foreign.consider(foreign)
        except BaseException as error:  # noqa: BLE001 - boundary: without a passage it is closed
            foreign.passage, foreign.may_wait = None, False
            self._failed("passing", error)

    def server_connect(self, data: ServerConnectionHookData) -> Awaitable[None] | None:
        """Send the connection where it was decided to go; names stay those of the host."""
        self.upstreams.connecting(data)
        return self.itself.refuse(data.server) if self.itself.may_be(data.server) else None

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """Put the real destination back, so that the connection is found again and reused."""
        self.upstreams.connected(data)

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """Put the real destination back."""
        self.upstreams.unreachable(data)

    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Let a connection pass undecrypted by an exception of the policy, never by a failure."""
        self.tunnels.over(data.context.client.id)  # who began a handshake may wait before it asks
        try:
            self.health.passed_undecrypted += await self.passages.consider(data)
        except BaseException as error:  # noqa: BLE001
            # boundary: the connection is inspected like any other
            self._failed("passing", error)

    def tls_established_client(self, data: tls.TlsData) -> None:
        """From here on a client that does not like our certificate can only go away."""
        host, port = data.context.server.address or _NOWHERE
        if host == HEALTH_HOST:
            return
        target = data.conn.sni or host, port
        self._silent[data.context.client.id] = target
        silent = SilentTunnel(connection=data.context.client.id, target=target, encrypted=True)
        self.tunnels.opened(silent)

    def tls_established_server(self, data: tls.TlsData) -> None:
        """The server may have asked for a certificate of the client."""
        self.certificates.established(data)

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The server may have wanted one."""
        self.certificates.failed(data)

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        """A connection to a server is over."""
        self.certificates.closed(data.server.id)

    async def tls_failed_client(self, data: tls.TlsData) -> None:
        """Record clients that refuse our certificate: what they wanted to send was not read."""
        self.health.refused_certificates += 1
        host, port = data.context.server.address or _NOWHERE
        if host == HEALTH_HOST:
            return  # it asked for the gate itself: nothing would have left
        target = data.conn.sni or host, port
        # Nothing was sent: it is about who opened the connection, and that is known for certain.
        who = self.inspection.senders.at_opening(data.context.client.id)
        await self._tell(self.uninspected.certificate_refused, who, target)

    # requests

    def requestheaders(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Steps 0 and 2: an exchange is opened; the headers may refuse it already."""
        try:
            return self._opened(flow)
        except BaseException as error:  # noqa: BLE001 - boundary: what was never opened is refused
            self._unopened(flow, error)
            return None

    def _opened(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        self._silent.pop(flow.client_conn.id, None)
        self.tunnels.over(flow.client_conn.id)
        target = flow.request.host, flow.request.port
        transaction = bind(flow, self.inspection.opened(flow.client_conn.id, target))
        if flow.request.host == HEALTH_HOST:
            return self._answered_here(flow, transaction)
        self.health.requests += 1
        self.ends.begun(flow, transaction)
        head = read_head(flow)
        transaction.travel.stated_size = head.size
        return None if head.small else self._guarded(flow, self._on_headers)

    async def _answered_here(self, flow: http.HTTPFlow, transaction: Transaction) -> None:
        try:
            transaction.answer_here()
            beside = await answer_to(flow, self.evasion, self.inspection)
            flow.response = self.health.answer(beside)
        except BaseException as error:  # noqa: BLE001 - boundary: as above
            self._unopened(flow, error)

    async def _on_headers(self, flow: http.HTTPFlow, transaction: Transaction) -> Outcome:
        return await self.inspection.on_headers(transaction, head_of(flow, transaction))

    async def gate_large_body(self, flow: http.HTTPFlow) -> None:
        """A body has outgrown what is held: it streams past a tap, is kept, or is refused."""
        await self._guarded(flow, self._on_large_body)

    async def _on_large_body(self, flow: http.HTTPFlow, transaction: Transaction) -> Outcome:
        return await self.inspection.on_large_body(transaction, head_of(flow, transaction))

    async def gate_upload(self, flow: http.HTTPFlow) -> None:
        """Some more of a streaming body has come: scan it before it goes on."""
        body = transaction_of(flow).travel.body
        assert isinstance(body, PastTap)
        try:
            await body.tap.inspect()
            await taken(flow)
        except BaseException as error:  # noqa: BLE001
            # boundary: what was not scanned does not go on
            self._failed("hook", error, transaction_of(flow).reference)
            body.tap.fail(error)

    async def gate_late_end(self, flow: http.HTTPFlow) -> None:
        """No more leaves of a request whose answer was over before it."""
        await self.ends.late(flow, transaction_of(flow))

    async def gate_keep(self, flow: http.HTTPFlow) -> None:
        """Some more of a body that is kept has come; when it is complete, decide."""
        await self._guarded(flow, self._on_kept)

    async def _on_kept(self, _: http.HTTPFlow, transaction: Transaction) -> Outcome:
        return await self.inspection.on_kept(transaction, kept_of(transaction))

    async def gate_piece(self, flow: http.HTTPFlow) -> None:
        """A kept body goes out, piece by piece."""
        transaction = transaction_of(flow)
        try:
            await kept_of(transaction).next_piece()
            await taken(flow)
        except BaseException as error:
            # boundary: a body that cannot be read back ends broken, not complete
            if not is_ours(error):
                raise
            self.inspection.on_unreadable_piece(transaction, error)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Steps 3 to 6 for a body that was held; what was decided on before only ends here."""
        transaction = bound(flow)
        if transaction is None or transaction.undecided:
            flow.response = refusals.presumed()
        if transaction is None:
            return
        if transaction.undecided:
            await self._guarded(flow, self._on_request)
        if isinstance(transaction.travel.body, PastTap):
            transaction.travel.body.tap.end()
        if transaction.travel.trailers:
            transaction.note(
                f"headers behind the body that were not passed on: {transaction.travel.trailers}"
            )
        if transaction.travel.late is not None:
            await self.ends.late(flow, transaction)

    async def _on_request(self, flow: http.HTTPFlow, transaction: Transaction) -> Outcome:
        return await self.inspection.on_request(transaction, exchange_of(flow, transaction))

    # answers

    def responseheaders(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Step 7: nothing reaches the client before its evidence is durable."""
        transaction = bound(flow)
        if transaction is None or not transaction.passing:
            return None
        try:
            for note in self.certificates.notes(flow):
                transaction.note(note)
            reader = self.inspection.on_answer(transaction, answer_of(flow, held=False))
            if reader.passes:
                return self._guarded(flow, partial(self._on_passing, reader))
            self._answer_begins(flow, transaction, reader)
        except BaseException as error:  # noqa: BLE001 - boundary: as for a step that fails
            return self._guarded(flow, partial(failed_step, error))
        return None

    async def _on_passing(
        self, reader: AnswerReader, flow: http.HTTPFlow, transaction: Transaction
    ) -> Outcome:
        await self.inspection.on_passing(transaction, reader)
        self._answer_begins(flow, transaction, reader)
        return WAIT

    @staticmethod
    def _answer_begins(flow: http.HTTPFlow, transaction: Transaction, reader: AnswerReader) -> None:
        mark_end(flow)
        begin_answer(flow, transaction, reader)

    async def response(self, flow: http.HTTPFlow) -> None:
        """Step 7 ends. A refusal made while the answer came in replaces what came."""
        transaction = bound(flow)
        if transaction is None:
            return
        if transaction.attributed and flow.client_conn.tls:
            target = flow.client_conn.sni or flow.request.host, flow.request.port
            self.uninspected.answered(transaction.sender, *target)
        if transaction.failed:
            flow.response = refusal_of(flow)
        elif transaction.answering and flow.websocket is None:
            await self._guarded(flow, self._on_answer_end)
        if flow.websocket is None and transaction.travel.late is None:
            self.ends.over(transaction)

    async def _on_answer_end(self, flow: http.HTTPFlow, transaction: Transaction) -> Outcome:
        tell_what_was_answered(flow, transaction)
        await self.inspection.on_answer_end(transaction, content_of(flow))
        end_answer(flow, transaction)
        return WAIT

    async def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off: the record says how far it got, and its client sees it so."""
        if flow.response is not None and not flow.request.is_http2:
            break_off(flow.client_conn.id)
        if (transaction := bound(flow)) is None:
            return
        try:
            why = why_of(flow, transaction, self.certificates)
            await self.ends.broke(flow, transaction, why)
        except BaseException as error:  # noqa: BLE001
            # boundary: the exchange is over, only its record fails
            self._failed("evidence", error, transaction.reference)
        self.ends.over(transaction)

    # WebSockets

    async def gate_message(self, message: Passing) -> None:
        """Inspect what a client sends inside a WebSocket before it goes on."""
        try:
            await self.messages.on_message(message)
        except BaseException as error:
            message.dropped = True
            if not is_ours(error):
                raise
            self.messages.failed(message, error)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is closed: so is its record."""
        if (transaction := bound(flow)) is None:
            return
        try:
            self.messages.ended(transaction)
        except BaseException as error:  # noqa: BLE001
            # boundary: the connection is over, only its record fails
            self._failed("evidence", error, transaction.reference)
        self.ends.over(transaction)
