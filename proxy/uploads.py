"""Large uploads: they stream past a tap that scans windows as they go and can cut the stream."""

from dataclasses import replace

from mitmproxy import http

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision
from core.findings import merged
from proxy import refusals
from proxy.inspection import Inspection, Ruling
from proxy.streams import CUT
from proxy.translate import exchange_of

WINDOW = 256 * 1024
OVERLAP = 4 * 1024
"""Carried from one window into the next, so that a value split between them is found; longer than any value."""


class UploadTap:
    """The stream callable of one large request."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection, sender: Attribution) -> None:
        self._flow = flow
        self._inspection = inspection
        self._exchange = exchange_of(flow, body=b"", body_bytes=0)
        self._sender = sender
        self._passed = 0
        self._window = bytearray()
        self._ruling: Ruling | None = None

    async def begin(self) -> Ruling:
        """Decide from what is known before the body passes: headers, and the part already held."""
        held = bytes(self._flow.request.raw_content or b"")
        exchange = replace(self._exchange, body=held[:WINDOW], complete=False)
        ruling = await self._inspection.on_request(exchange, self._sender)
        ruling.exchange = replace(self._exchange, complete=False)
        self._ruling = ruling
        return ruling

    def __call__(self, chunk: bytes) -> bytes:
        """Scan the chunk, then pass it on, or cut the stream."""
        if CUT in self._flow.metadata:
            return b""
        self._window += chunk
        if len(self._window) >= WINDOW or not chunk:
            self._scan()
        if CUT in self._flow.metadata:
            return b""
        self._passed += len(chunk)
        return chunk

    def end(self) -> None:
        """The body is over: the ruling's record states its whole size."""
        assert self._ruling is not None
        self._ruling.exchange = replace(self._ruling.exchange, body_bytes=self._passed, complete=True)

    def _scan(self) -> None:
        ruling = self._ruling
        assert ruling is not None
        part = replace(self._exchange, body=bytes(self._window), body_bytes=self._passed, complete=False)
        del self._window[:-OVERLAP]
        seen = self._inspection.parts.classifier.classify(part)
        found = merged(ruling.classification.findings, seen.findings)
        ruling.classification = replace(ruling.classification, findings=found)
        decision = self._decide(ruling.classification)
        if not decision.verdict.passes:
            self._cut(ruling, decision)

    def _decide(self, seen: Classification) -> Decision:
        situation = self._inspection.situation(self._exchange, self._sender, seen)
        return self._inspection.parts.policy.decide(situation)

    def _cut(self, ruling: Ruling, decision: Decision) -> None:
        ruling.decision = decision
        ruling.exchange = replace(ruling.exchange, body_bytes=self._passed, complete=False)
        ruling.notes.append(f"cut after {self._passed} bytes had left")
        service = ruling.classification.destination.service
        answer = refusals.refusal(decision, ruling.reference, service, self._flow.request)
        self._flow.metadata[CUT] = answer
        self._inspection.close(ruling, None)
