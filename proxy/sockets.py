"""WebSockets: what a client sends inside one is inspected message by message and summed up in one record."""

from dataclasses import replace

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from core.classification import Classification
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.findings import merged
from proxy import enforcement, refusals
from proxy.classifying import classified
from proxy.inspection import Inspection, gate_failure
from proxy.ruling import Ruling
from proxy.socket_layer import ENDED, TOO_BIG, end_socket

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


class MessageGate:
    """Inspects the client's messages of one WebSocket."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection) -> None:
        self._flow = flow
        self._inspection = inspection

    async def on_message(self, message: WebSocketMessage, ruling: Ruling) -> None:
        """Inspect one message; drop it and end the connection when a rule refuses it."""
        websocket = self._flow.websocket
        if websocket is not None and len(websocket.messages) > 1:
            del websocket.messages[:-1]  # mitmproxy would keep every message for the life of the connection
        if ENDED in self._flow.metadata:
            message.drop()
        elif message.from_client:
            await self._inspect(message, ruling)

    def failed(self, message: WebSocketMessage, ruling: Ruling, reference: str) -> None:
        """The gate failed on this message: it does not go on, and the connection ends."""
        message.drop()
        ruling.decision = gate_failure(self._inspection.parts.policy, "hook", reference)
        self._refuse(ruling, len(message.content))

    async def _inspect(self, message: WebSocketMessage, ruling: Ruling) -> None:
        limits, size = self._inspection.limits, len(message.content)
        if ruling.sender.is_python is False and not limits.inspect_others:
            self._passed(ruling, size)
            return
        exchange = _as_exchange(message, ruling)
        parts = self._inspection.parts
        seen = await classified(exchange, parts.classifier, parts.pool, limits.classify_s)
        ruling.classification = _summed(ruling.classification, seen)
        sofar = replace(exchange, body_bytes=ruling.exchange.body_bytes + size)
        decision = parts.policy.decide(self._inspection.situation(sofar, ruling.sender, ruling.classification))
        part = Ruling(exchange=exchange, sender=ruling.sender, classification=seen, decision=decision)
        await self._apply(part, message)
        ruling.decision = stricter(ruling.decision, part.decision)
        ruling.notes += [note for note in part.notes if note not in ruling.notes]
        if message.dropped:
            self._refuse(ruling, size)
        else:
            self._passed(ruling, size)

    async def _apply(self, part: Ruling, message: WebSocketMessage) -> None:
        if part.decision.verdict is Verdict.HOLD:
            part.decision = enforcement.fallen_back(part.decision, "hold: a message inside a WebSocket cannot wait")
        if part.decision.verdict is Verdict.REDACT:
            if part.decision.redact_kinds.isdisjoint(f.kind for f in part.classification.findings):
                return
            redacted = await enforcement.redact(self._inspection.parts.classifier, part)
            if redacted is not None:
                message.content = redacted.body
                return
        if not part.decision.verdict.passes:
            message.drop()

    def _passed(self, ruling: Ruling, size: int) -> None:
        ruling.exchange = replace(ruling.exchange, body_bytes=ruling.exchange.body_bytes + size, body=b"")

    def _refuse(self, ruling: Ruling, size: int) -> None:
        left = ruling.exchange.body_bytes
        ruling.exchange = replace(ruling.exchange, complete=False)
        ruling.notes.append(f"a message of {size} bytes was refused and the connection ended; {left} bytes had left")
        end_socket(self._flow, refusals.brief(ruling.decision, ruling.reference))


def note_too_big(flow: http.HTTPFlow, ruling: Ruling) -> None:
    """Say in the record that a message was refused for its size, if so."""
    if TOO_BIG in flow.metadata:
        ruling.exchange = replace(ruling.exchange, complete=False)
        ruling.notes.append("a message too large to be inspected was refused and the connection ended")
        reason = "A WebSocket message is too large to be inspected."
        ruling.decision = replace(ruling.decision, verdict=Verdict.BLOCK, reason=reason)


def stricter(known: Decision, new: Decision) -> Decision:
    """Return the decision that stands for the connection: the strictest of its messages."""
    return new if _strictness(new) > _strictness(known) else known


def _strictness(decision: Decision) -> tuple[int, int, bool]:
    return _RANK[decision.verdict], _RANK[decision.intended or decision.verdict], decision.rule is not None


def _as_exchange(message: WebSocketMessage, ruling: Ruling) -> Exchange:
    """The headers of the upgrade were inspected with it: here they would be counted with every message."""
    return replace(
        ruling.exchange,
        method="WEBSOCKET",
        headers=(("content-type", "application/json" if message.is_text else "application/octet-stream"),),
        body=message.content,
        body_bytes=len(message.content),
    )


def _summed(known: Classification, seen: Classification) -> Classification:
    degraded = tuple(dict.fromkeys((*known.degraded, *seen.degraded)))
    return replace(known, findings=merged(known.findings, seen.findings), degraded=degraded)
