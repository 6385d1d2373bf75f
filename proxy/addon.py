"""The hooks: each presumes refusal, hands over to the inspection, and applies what it says. No logic of its own."""

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from mitmproxy import http, tls
from mitmproxy.connection import Client
from mitmproxy.proxy import layer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from core.attribution import Attribution, unknown_sender
from core.decision import Decision
from core.errors import EvidenceError
from core.ids import uuid7
from proxy import enforcement, refusals, tls_passthrough
from proxy.answers import SWITCHING, AnswerReader, streams_past
from proxy.buffered_upload import WholeTap
from proxy.connect_to import Routes
from proxy.health import HEALTH_HOST, Health
from proxy.inspection import Inspection, gate_failure
from proxy.request_head import SMALL_BYTES, declared_size, is_small, mend_headers
from proxy.senders import Senders
from proxy.streams import CUT, HOLD_LIMIT, PIECE, TAP, TRAILERS, WHOLE, adopt, only_http
from proxy.transaction import Ruling
from proxy.translate import (
    ADDRESS,
    apply_redaction,
    connection_of,
    exchange_of,
    message_of,
    other_host_named,
)
from proxy.uninspected import Bypass, Bypasses, looks_like_http
from proxy.uploads import UploadTap, taken
from proxy.websocket_direction import Passing
from proxy.websockets import MessageGate, note_end

RULING = "outgate_ruling"
SENDER = "outgate_sender"
READER = "outgate_reader"
REFUSAL = "outgate_refusal"
log = logging.getLogger("outgate.gate")


class GateAddon:
    """Connects mitmproxy's hooks with the inspection."""

    name = "outgate"

    def __init__(self, inspection: Inspection, routes: Routes, health: Health) -> None:
        self.inspection = inspection
        self.routes = routes
        self.health = health
        self.bypasses = Bypasses(inspection)
        self.passages = tls_passthrough.Passages(inspection)
        self._senders = Senders(inspection.parts.attributor, inspection.limits.attribution_s)

    # connections

    async def client_connected(self, client: Client) -> None:
        """Step 1, while the client waits for its first answer and so cannot have exited."""
        try:
            self.health.connections += 1
            await self._senders.opened(connection_of(client))
        except Exception as error:  # noqa: BLE001 - boundary: an unknown sender is an answer
            self._failed("attribution", error)

    def client_disconnected(self, client: Client) -> None:
        """Forget the connection."""
        self.passages.closed(client)
        if self.inspection.places is not None:
            self.inspection.places.closed(client.id)
        self._senders.closed(client.id)

    async def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Make the HTTP layers that mitmproxy has just chosen ours; what is not HTTP is refused and recorded."""
        if nextlayer.layer is None:
            return
        target = nextlayer.context.server.address
        is_http = target is None or looks_like_http(nextlayer.data_client())
        only_http(nextlayer, is_http=is_http)
        adopt(nextlayer.context.layers)
        tls_passthrough.adopt(nextlayer.context.layers)
        if target is not None and not is_http:
            await self._bypassed(self.bypasses.not_http, nextlayer.context.client, target)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Send the connection where `--connect-to` says; names and certificates stay those of the host."""
        address, places = None, self.inspection.places
        if (
            places is not None
            and data.server.address is not None
            and self.inspection.parts.policy.asks_country
        ):
            address = places.of(data.client.id, *data.server.address[:2])
        self.routes.divert(data.server, address)

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """Put the real destination back, so that the connection is found again and reused."""
        self.routes.restore(data.server)
        server, places = data.server, self.inspection.places
        if places is not None and server.address is not None and server.peername is not None:
            places.connected(data.client.id, *server.address[:2], server.peername[0])

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """Put the real destination back."""
        self.routes.restore(data.server)
        if self.inspection.places is not None and data.server.address is not None:
            self.inspection.places.unreachable(data.client.id, *data.server.address[:2])

    async def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Let a connection pass undecrypted where an exception of the policy says so, and never because of a failure."""
        try:
            self.health.passed_undecrypted += await self.passages.consider(data, self._opener)
        except Exception as error:  # noqa: BLE001 - boundary: the connection is inspected like any other
            self._failed("passing", error)

    async def _opener(self, connection_id: str) -> Attribution:
        sender = await self._senders.at_opening(connection_id)
        self.bypasses.seen(sender)
        return sender

    async def tls_failed_client(self, data: tls.TlsData) -> None:
        """Record clients that refuse our certificate: what they wanted to send was not inspected."""
        self.health.refused_certificates += 1
        host, port = data.context.server.address or ("", 443)
        await self._bypassed(
            self.bypasses.certificate_refused, data.context.client, (data.conn.sni or host, port)
        )

    async def _bypassed(self, told: Bypass, client: Client, target: tuple[str, int]) -> None:
        try:
            sender = await self._senders.of(client.id)
            self.bypasses.seen(sender)
            told(sender, target[0], target[1], connection_of(client))
        except Exception as error:  # noqa: BLE001 - boundary: nothing passes here; only the record may be missing
            self._failed("evidence", error)

    # requests

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Step 2, and the choice how the body travels."""
        if flow.request.host == HEALTH_HOST:
            flow.response = self.health.answer()
            flow.metadata[RULING] = None
            return
        self.health.requests += 1
        mend_headers(flow)
        if self.inspection.parts.policy.asks_country:
            await self._guarded(flow, self._locate)
            if flow.response is not None:
                return
        flow.metadata[HOLD_LIMIT] = self.inspection.limits.hold_bytes
        if not is_small(flow):
            await self._guarded(flow, self._decide_on_headers)

    async def _locate(self, flow: http.HTTPFlow) -> None:
        request = flow.request
        flow.metadata[ADDRESS] = await self.inspection.locate(
            flow.client_conn.id, request.host, request.port
        )

    async def gate_large_body(self, flow: http.HTTPFlow) -> None:
        """A body has outgrown what is held: from here on it streams past a tap, or is refused."""
        await self._guarded(flow, self._stream_upload)

    async def gate_upload(self, flow: http.HTTPFlow) -> None:
        """Some more of a streaming body has come: scan it before it goes on."""
        await flow.metadata[TAP].inspect()
        await taken(flow)

    async def gate_keep(self, flow: http.HTTPFlow) -> None:
        """Some more of a body that is kept has come; when it is complete, decide."""
        await flow.metadata[WHOLE].keep()
        if flow.metadata[WHOLE].ended:
            await self._guarded(flow, self._decide_whole)

    async def gate_piece(self, flow: http.HTTPFlow) -> None:
        """A kept body goes out, piece by piece."""
        try:
            flow.metadata[PIECE] = await flow.metadata[WHOLE].next_piece()
            await taken(flow)
        except Exception as error:  # noqa: BLE001 - boundary: a body that cannot be read back ends broken, not complete
            decision = gate_failure(
                self.inspection.parts.policy, "hook", self._failed("hook", error)
            )
            flow.metadata[CUT] = refusals.refusal(
                decision, flow.metadata[RULING].reference, None, flow.request
            )

    async def request(self, flow: http.HTTPFlow) -> None:
        """Steps 0 and 3 to 6 for a body that was held; a streamed one only ends here."""
        if RULING in flow.metadata:
            if (tap := flow.metadata.get(TAP)) is not None:
                tap.end()
        else:
            flow.response = refusals.presumed()
            await self._guarded(flow, self._decide)
        if TRAILERS in flow.metadata and isinstance(ruling := flow.metadata.get(RULING), Ruling):
            ruling.notes.append(
                f"headers behind the body that were not passed on: {flow.metadata[TRAILERS]}"
            )

    async def _decide_on_headers(self, flow: http.HTTPFlow) -> None:
        size = declared_size(flow)
        exchange = exchange_of(flow, body=b"", body_bytes=size or 0)
        ruling = await self.inspection.on_headers(exchange, await self._sender(flow))
        if ruling is not None:
            await self._refuse(flow, ruling)
        elif size is not None and size > self.inspection.limits.hold_bytes:
            await self._stream_upload(flow)

    async def _stream_upload(self, flow: http.HTTPFlow) -> None:
        tap = UploadTap(flow, self.inspection, await self._sender(flow))
        ruling = await tap.begin()
        if ruling.decision.verdict.passes and tap.reads and self.inspection.needs_whole(ruling):
            flow.metadata[WHOLE] = WholeTap(flow, self.inspection, tap, ruling)
        elif ruling.decision.verdict.passes:
            await self._let_pass(flow, ruling)
            flow.response = None
            flow.metadata[TAP] = tap
            flow.request.stream = True
        else:
            await self._refuse(flow, ruling)

    async def _decide_whole(self, flow: http.HTTPFlow) -> None:
        whole = flow.metadata[WHOLE]
        ruling = await whole.judge()
        if ruling.decision.verdict.passes:
            whole.start()
            await self._let_pass(flow, ruling)
        else:
            await self._refuse(flow, ruling)

    async def _decide(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        degraded = (
            ("destination: the request names another host inside",)
            if other_host_named(flow, exchange)
            else ()
        )
        ruling = await self.inspection.on_request(exchange, await self._sender(flow), degraded)
        redacted = await self.inspection.enforce(ruling)
        if enforcement.passes(ruling.decision):
            if redacted is not None:
                apply_redaction(flow, redacted)
                ruling.values = redacted.values if ruling.decision.restore else {}
            await self._let_pass(flow, ruling)
            flow.response = None
        else:
            await self._refuse(flow, ruling)

    async def _let_pass(self, flow: http.HTTPFlow, ruling: Ruling) -> None:
        for name, value in ruling.decision.headers:
            flow.request.headers[name] = value
        flow.metadata[RULING] = ruling
        if ruling.durable is None:
            await self.inspection.journal(ruling)

    async def _refuse(self, flow: http.HTTPFlow, ruling: Ruling) -> None:
        service = ruling.classification.destination.service
        flow.response = refusals.refusal(ruling.decision, ruling.reference, service, flow.request)
        flow.metadata[RULING] = ruling
        await self.inspection.close_refused(ruling, flow.response.status_code)

    # answers

    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Step 7: nothing reaches the client before its evidence is durable; streams pass through a tap."""
        ruling = flow.metadata.get(RULING)
        if not isinstance(ruling, Ruling) or ruling.closed:
            return
        await self._guarded(flow, self._begin_answer)

    async def _begin_answer(self, flow: http.HTTPFlow) -> None:
        ruling: Ruling = flow.metadata[RULING]
        assert flow.response is not None
        reader = AnswerReader(flow, self.inspection, ruling)
        flow.metadata[READER] = reader
        if ruling.exchange.body_bytes > SMALL_BYTES:
            ruling.exchange = replace(ruling.exchange, body=b"")
        if ruling.decision.verdict == "warn":
            flow.response.headers["x-outgate-verdict"] = "warn"
            flow.response.headers["x-outgate-reference"] = ruling.reference
        if ruling.values:
            reader.restore(ruling.values)
        past = streams_past(reader.head)
        if past or reader.head.status == SWITCHING:
            await self.inspection.durable(ruling)
        if past:
            reader.stream()

    async def response(self, flow: http.HTTPFlow) -> None:
        """Step 7 ends: close the record. A refusal made while the answer came in replaces what came."""
        if (refusal := flow.metadata.get(REFUSAL)) is not None:
            flow.response = refusal
            return
        reader = flow.metadata.get(READER)
        if isinstance(reader, AnswerReader) and flow.websocket is None:
            await self._guarded(flow, self._end_answer)

    async def _end_answer(self, flow: http.HTTPFlow) -> None:
        reader: AnswerReader = flow.metadata[READER]
        await self.inspection.ended(flow.metadata[RULING], reader.end())
        reader.put_back()

    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off: the record says how far it got."""
        if (whole := flow.metadata.get(WHOLE)) is not None:
            whole.close()
        ruling = flow.metadata.get(RULING)
        if not isinstance(ruling, Ruling) or ruling.closed:
            return
        reader = flow.metadata.get(READER)
        if isinstance(reader, AnswerReader):
            reader.end("the exchange broke off before the answer ended")
        else:
            ruling.notes.append("no answer came")
            self.inspection.close(ruling, None)

    # WebSockets

    async def gate_message(self, message: Passing) -> None:
        """Inspect what a client sends inside a WebSocket before it goes on."""
        flow = message.flow
        gate = flow.metadata.setdefault("outgate_messages", MessageGate(flow, self.inspection))
        try:
            flow.metadata[READER].message(message_of(message))
            await gate.on_message(message, flow.metadata[RULING])
        except Exception as error:  # noqa: BLE001 - boundary: an uninspected message does not go on
            gate.failed(message, flow.metadata[RULING], self._failed("hook", error))

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is closed: so is its record."""
        reader = flow.metadata.get(READER)
        if isinstance(reader, AnswerReader):
            note_end(flow, flow.metadata[RULING])
            reader.end()

    # failures

    async def _guarded(
        self, flow: http.HTTPFlow, step: Callable[[http.HTTPFlow], Awaitable[None]]
    ) -> None:
        """Run one step; whatever it raises ends in a refusal with a reference, never in a pass."""
        try:
            await step(flow)
        except Exception as error:  # noqa: BLE001 - boundary: mitmproxy would log it and let the body out
            stage = "evidence" if isinstance(error, EvidenceError) else "hook"
            flow.request.stream = False
            reference = self._failed(stage, error)
            decision = gate_failure(self.inspection.parts.policy, stage, reference)
            flow.response = refusals.refusal(decision, reference, None, flow.request)
            flow.metadata[REFUSAL] = flow.response.copy()
            await self._record_failure(flow, decision, reference)

    async def _record_failure(
        self, flow: http.HTTPFlow, decision: Decision, reference: str
    ) -> None:
        ruling = flow.metadata.setdefault(RULING, None)
        try:
            if not isinstance(ruling, Ruling):
                exchange = replace(
                    exchange_of(flow, body=b"", body_bytes=0), id=reference, complete=False
                )
                ruling = self.inspection.undecided(exchange, await self._sender(flow), decision)
            ruling.decision = decision
            await self.inspection.close_refused(ruling, refusals.STATUS)
        except Exception as error:  # noqa: BLE001 - boundary: the refusal stands even if it cannot be recorded
            self._failed("evidence", error)

    def _failed(self, stage: str, error: Exception) -> str:
        """Log a failure without its message, which may quote payload; return the reference to find it by."""
        self.health.hook_failures += 1
        reference = uuid7()
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
        log.error(
            "%s failed: %s at %s; reference %s", stage, type(error).__name__, where, reference
        )
        return reference

    async def _sender(self, flow: http.HTTPFlow) -> Attribution:
        known = flow.metadata.get(SENDER)
        if known is None:
            try:
                known = await self._senders.of(flow.client_conn.id)
            except Exception as error:  # noqa: BLE001 - boundary: an unknown sender is an answer
                reference = self._failed("attribution", error)
                known = unknown_sender("none", f"the look-up failed, reference {reference}")
            flow.metadata[SENDER] = known
            self.bypasses.seen(known)
        return cast(Attribution, known)
