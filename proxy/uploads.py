"""Large uploads: they stream past a tap that scans every window before it lets it go, and can cut the stream."""

import logging
from dataclasses import replace

from mitmproxy import http

from core.attribution import Attribution
from core.decision import Decision
from core.findings import merged
from proxy import refusals
from proxy.inspection import Inspection, Ruling, gate_failure
from proxy.streams import CUT
from proxy.translate import exchange_of

log = logging.getLogger("outgate.gate")
WINDOW = 256 * 1024
OVERLAP = 4 * 1024
"""Held back from one window and scanned again with the next: longer than any value, so none is split."""


class UploadTap:
    """The stream callable of one large request. Memory: one window."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection, sender: Attribution) -> None:
        self._flow = flow
        self._inspection = inspection
        self._exchange = exchange_of(flow, body=b"", body_bytes=0)
        self._sender = sender
        self._passed = 0
        self._held = bytearray()
        self._ruling: Ruling | None = None

    async def begin(self) -> Ruling:
        """Decide from what is known before the body passes: the headers."""
        ruling = await self._inspection.on_request(replace(self._exchange, complete=True), self._sender)
        ruling.exchange = replace(self._exchange, complete=False)
        self._ruling = ruling
        return ruling

    def __call__(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; return what has been scanned and may go, which is nothing once the stream is cut."""
        if CUT in self._flow.metadata:
            return []
        self._held += chunk
        if chunk and len(self._held) < WINDOW:
            return []
        try:
            self._scan()
        except Exception as error:  # noqa: BLE001 - boundary: mitmproxy would drop the connection without a word
            self._fail(error)
        if CUT in self._flow.metadata:
            self._held.clear()
            return []
        return self._release(len(self._held) - OVERLAP if chunk else len(self._held))

    def end(self) -> None:
        """The body is over: the ruling's record states its whole size."""
        assert self._ruling is not None
        self._ruling.exchange = replace(self._ruling.exchange, body_bytes=self._passed, complete=True)

    def _release(self, size: int) -> list[bytes]:
        part = bytes(self._held[:size])
        del self._held[:size]
        self._passed += len(part)
        return [part] if part else []

    def _scan(self) -> None:
        ruling = self._ruling
        assert ruling is not None
        window = replace(self._exchange, body=bytes(self._held), body_bytes=len(self._held), complete=True)
        seen = self._inspection.parts.classifier.classify(window)
        found = merged(ruling.classification.findings, seen.findings)
        ruling.classification = replace(ruling.classification, findings=found)
        situation = self._inspection.situation(self._exchange, self._sender, ruling.classification)
        decision = self._inspection.parts.policy.decide(situation)
        if decision.verdict.passes:
            ruling.decision = decision
        else:
            self._cut(ruling, decision)

    def _fail(self, error: Exception) -> None:
        assert self._ruling is not None
        log.error("upload tap failed: %s; reference %s", type(error).__name__, self._ruling.reference)
        policy = self._inspection.parts.policy
        self._cut(self._ruling, gate_failure(policy, "hook", self._ruling.reference))

    def _cut(self, ruling: Ruling, decision: Decision) -> None:
        ruling.decision = decision
        ruling.exchange = replace(ruling.exchange, body_bytes=self._passed, complete=False)
        ruling.notes.append(f"cut after {self._passed} bytes had left")
        service = ruling.classification.destination.service
        self._flow.metadata[CUT] = refusals.refusal(decision, ruling.reference, service, self._flow.request)
        self._inspection.close(ruling, None)
