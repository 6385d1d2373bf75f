"""WebSockets: what a client sends inside one is inspected message by message and summed up in one record."""

from dataclasses import replace

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from core.findings import merged
from proxy.inspection import Inspection, Ruling


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
        if not message.from_client:
            return
        exchange = replace(
            ruling.exchange,
            method="WEBSOCKET",
            headers=(("content-type", "application/json" if message.is_text else "application/octet-stream"),),
            body=message.content,
            body_bytes=len(message.content),
        )
        seen = await self._inspection.on_request(exchange, ruling.sender)
        ruling.exchange = replace(
            ruling.exchange, body_bytes=ruling.exchange.body_bytes + len(message.content), body=b""
        )
        found = merged(ruling.classification.findings, seen.classification.findings)
        ruling.classification = replace(ruling.classification, findings=found)
        if not seen.decision.verdict.passes:
            ruling.decision = seen.decision
            ruling.notes.append("a message was refused and the connection ended")
            message.drop()
            self._flow.kill()
        elif seen.decision.rule is not None and ruling.decision.rule is None:
            ruling.decision = seen.decision
