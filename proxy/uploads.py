"""Large uploads: they stream past a tap that scans every window before it lets it go, and can cut the stream."""

import logging
from dataclasses import replace

from mitmproxy import http

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.findings import Finding, merged
from proxy import enforcement, refusals
from proxy.inspection import Inspection, gate_failure
from proxy.ruling import Ruling
from proxy.streams import CUT
from proxy.translate import exchange_of
from proxy.unpacking import Unpacker, joined
from proxy.windows import OVERLAP, Windows, holds_document, is_document, not_inspected, without

log = logging.getLogger("outgate.gate")
WINDOW = 64 * 1024
"""The first window, scanned on the event loop. Each later one is twice as large, up to LARGEST, and goes to a worker."""
LARGEST = 1024 * 1024


class UploadTap:
    """Stands as the `stream` of one large request. Memory: one window as it came, one unpacked."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection, sender: Attribution) -> None:
        self._flow = flow
        self._inspection = inspection
        self._exchange = exchange_of(flow, body=b"", body_bytes=_declared_size(flow))
        self._sender = sender
        self._reads = sender.is_python is not False or inspection.limits.inspect_others
        self._unpacker = Unpacker(self._exchange.header("content-encoding") or "")
        self._windows = Windows((self._exchange.header("content-type") or "").strip().lower())
        self._passed = 0
        self._held = bytearray()
        self._fresh = 0
        """Where in `_held` the bytes begin that were not scanned yet."""
        self._size = WINDOW
        self._ended = False
        self._first = True
        self._known: tuple[Finding, ...] = ()
        """What was found in earlier windows, without what the next one will find again."""
        self._told: set[str] = set()
        """What could not be read, said once each."""
        self._ruling: Ruling | None = None

    async def begin(self) -> Ruling:
        """Decide from what is known before the body passes: the headers."""
        ruling = await self._inspection.on_request(replace(self._exchange, complete=True), self._sender)
        ruling.exchange = replace(self._exchange, body_bytes=0, complete=False)
        ruling.decision = settled(ruling.decision)
        self._ruling = ruling
        self._known = ruling.classification.findings
        return ruling

    def take(self, chunk: bytes | None) -> bool:
        """Take a chunk, None at the end; return True when a window is full and must be scanned."""
        if chunk is None:
            self._ended = True
            return True
        self._held += chunk
        return len(self._held) - self._fresh >= self._size

    async def inspect(self) -> None:
        """Scan what was not scanned yet, and decide."""
        try:
            if self._reads:
                await self._scan()
        except Exception as error:  # noqa: BLE001 - boundary: mitmproxy would log it and let the body out
            self._fail(error)
        self._size = min(2 * self._size, LARGEST)

    def release(self) -> bytes:
        """Return what has been scanned and may go: all but the end, which the next window begins with."""
        if CUT in self._flow.metadata:
            return b""
        part = bytes(memoryview(self._held)[: max(0, len(self._held) - (0 if self._ended else OVERLAP))])
        del self._held[: len(part)]
        self._fresh = len(self._held)
        self._passed += len(part)
        return part

    def end(self) -> None:
        """The body is over: the ruling's record states its whole size."""
        assert self._ruling is not None
        self._ruling.exchange = replace(self._ruling.exchange, body_bytes=self._passed, complete=True)

    async def _scan(self) -> None:
        fresh = bytes(memoryview(self._held)[self._fresh :])
        if not fresh:
            return
        for piece in joined(self._unpacker.feed(fresh), max(len(fresh), LARGEST)):
            await self._scan_window(*self._windows.next(piece))
            if CUT in self._flow.metadata:
                return
        if self._unpacker.trouble is not None:
            self._unread("content-encoding", self._unpacker.trouble)

    async def _scan_window(self, window: bytes, again: bytes) -> None:
        ruling = self._ruling
        assert ruling is not None
        if self._first and is_document(window):
            self._unread("documents", "a large file of this type is only read as a whole")
        if self._windows.content_type.startswith("multipart/") and holds_document(window):
            self._unread("documents", "a large file inside this request is only read as a whole")
        if CUT in self._flow.metadata:
            return
        seen = await self._classified(window)
        if seen is None:
            return
        if seen.deferred:
            self._unread("documents", "a file inside this request is only read as a whole")
        if seen.degraded:
            self._degraded(*seen.degraded)
        if seen.findings:
            ruling.classification = replace(ruling.classification, findings=merged(self._known, seen.findings))
            later = await self._classified(again) if len(again) < len(window) else seen
            self._known = merged(self._known, without(seen.findings, later.findings if later else ()))
        else:
            ruling.classification = replace(ruling.classification, findings=self._known)
        self._first = False
        self._decide(ruling)

    async def _classified(self, window: bytes) -> Classification | None:
        """Return what is in a window; None when that cannot be said, which the record then says."""
        headers = (("content-type", self._windows.typed(self._first)),)
        part = replace(self._exchange, path="/", headers=headers, body=window, body_bytes=len(window), complete=True)
        parts, limits = self._inspection.parts, self._inspection.limits
        if self._first:
            return parts.classifier.classify(part)
        if len(window) <= WINDOW:
            return parts.classifier.classify_window(part)
        try:
            return await parts.pool.classify_window(part, limits.classify_s)
        except DegradedError as error:
            self._unread(error.stage, error.message)
            return None

    def _decide(self, ruling: Ruling) -> None:
        if CUT in self._flow.metadata:
            return
        size = max(self._exchange.body_bytes, self._passed + len(self._held))
        sofar = replace(self._exchange, body_bytes=size)
        situation = self._inspection.situation(sofar, self._sender, ruling.classification)
        decision = settled(self._inspection.parts.policy.decide(situation))
        if decision.verdict.passes:
            ruling.decision = decision
        else:
            self._cut(ruling, decision)

    def _unread(self, stage: str, why: str) -> None:
        """Some of it cannot be read while it passes: rules that look at the content say what happens then."""
        assert self._ruling is not None
        if why in self._told:
            return
        self._told.add(why)
        told = (not_inspected(why),)
        self._known = merged(self._known, told)
        seen = self._ruling.classification
        self._ruling.classification = replace(seen, findings=merged(seen.findings, told))
        self._degraded(f"{stage}: {why}")
        self._decide(self._ruling)

    def _degraded(self, *stages: str) -> None:
        assert self._ruling is not None
        seen = self._ruling.classification
        self._ruling.classification = replace(seen, degraded=tuple(dict.fromkeys((*seen.degraded, *stages))))

    def _fail(self, error: Exception) -> None:
        assert self._ruling is not None
        log.error("upload tap failed: %s; reference %s", type(error).__name__, self._ruling.reference)
        policy = self._inspection.parts.policy
        self._cut(self._ruling, gate_failure(policy, "hook", self._ruling.reference))

    def _cut(self, ruling: Ruling, decision: Decision) -> None:
        if CUT in self._flow.metadata:
            return
        ruling.decision = decision
        ruling.exchange = replace(ruling.exchange, body_bytes=self._passed, complete=False)
        ruling.notes.append(f"cut after {self._passed} bytes had left")
        service = ruling.classification.destination.service
        self._held.clear()
        self._flow.metadata[CUT] = refusals.refusal(decision, ruling.reference, service, self._flow.request)
        self._inspection.close(ruling, None)


def settled(decision: Decision) -> Decision:
    """Return what a decision means for a body that streams: it is neither held nor rewritten."""
    why = {
        Verdict.REDACT: "redaction: the body is too large to be rewritten",
        Verdict.HOLD: "hold: the body is too large to wait",
    }.get(decision.verdict)
    if why is None:
        return decision
    fallen = enforcement.fallen_back(decision, why)
    return fallen if fallen.verdict.passes else replace(fallen, verdict=Verdict.BLOCK)


def _declared_size(flow: http.HTTPFlow) -> int:
    declared = flow.request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0
