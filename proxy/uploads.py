"""Large uploads: they stream past a tap that scans every window before it lets it go, and can cut
the stream.
"""

import asyncio
import logging
from dataclasses import replace

from mitmproxy import http

from core.attribution import Attribution
from core.classification import Scanned
from core.decision import Decision, Verdict
from core.findings import CLASSIFIER, Finding, merged, not_inspected
from core.ports import Scan
from core.vocabulary.sizes import counted
from proxy import enforcement, refusals
from proxy.inspection import Inspection, gate_failure
from proxy.request_head import declared_size
from proxy.streams import BACKLOG, CUT
from proxy.transaction import Ruling
from proxy.translate import exchange_of

log = logging.getLogger("outgate.gate")
MOST_WAITING = 4 * 1024 * 1024
"""Bytes that may wait for the far side."""
_LOOK_AGAIN_S = 0.005


class UploadTap:
    """Holds one large request back until it is scanned. Memory: what is not scanned yet, as it
    came.
    """

    leaves = True
    """False where the body is read to its end before any of it leaves."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection, sender: Attribution) -> None:
        self._flow = flow
        self._inspection = inspection
        self._exchange = exchange_of(flow, body=b"", body_bytes=declared_size(flow) or 0)
        self._sender = sender
        self.reads = sender.is_python is not False or inspection.limits.inspect_others
        parts, limits = inspection.parts, inspection.limits
        self.scan: Scan = parts.classifier.scan(self._exchange, parts.pool, limits.classify_s)
        self._passed = 0
        self._held = bytearray()
        self._fresh = 0
        """Where in `_held` the bytes begin that no scan has taken."""
        self.stopped = False
        """True once it is certain that the request is refused."""
        self._ended = False
        self._around: tuple[Finding, ...] = ()
        """What was found in the request around its body."""
        self._ruling: Ruling | None = None

    async def begin(self) -> Ruling:
        """Decide from what is known before the body passes: the headers."""
        ruling = await self._inspection.on_request(
            replace(self._exchange, complete=True), self._sender
        )
        ruling.exchange = replace(self._exchange, body_bytes=0, complete=False)
        ruling.decision = settled(ruling.decision)
        self._ruling = ruling
        self._around = ruling.classification.findings
        return ruling

    def take(self, chunk: bytes | None) -> bool:
        """Take a chunk, None at the end; return True when there is enough for the next scan."""
        if chunk is None:
            self._ended = True
            return True
        self._held += chunk
        return len(self._held) - self._fresh >= self.scan.wants

    async def inspect(self) -> None:
        """Have what has come scanned, and decide on what is found."""
        try:
            if self.reads:
                await self._read()
        except Exception as error:  # noqa: BLE001 - boundary: mitmproxy would log it and let the body out
            self._fail(error)

    def release(self) -> bytes:
        """Return what has been scanned and may go."""
        if self.stopped:
            return b""
        through = self.scan.through - self._passed if self.reads else len(self._held)
        part = bytes(memoryview(self._held)[: max(0, through)])
        del self._held[: len(part)]
        self._fresh = max(0, self._fresh - len(part))
        self._passed += len(part)
        return part

    def end(self) -> None:
        """The body is over: the ruling's record states its whole size."""
        assert self._ruling is not None
        self._ruling.exchange = replace(
            self._ruling.exchange, body_bytes=self._passed, complete=True
        )

    async def _read(self) -> None:
        fresh = bytes(memoryview(self._held)[self._fresh :])
        self._fresh = len(self._held)
        async for scanned in self.scan.feed(fresh, last=self._ended):
            if not self.stopped:
                self._heed(scanned)

    def _heed(self, scanned: Scanned) -> None:
        ruling = self._ruling
        assert ruling is not None
        seen = ruling.classification
        ruling.classification = replace(
            seen,
            findings=merged(self._around, scanned.findings),
            degraded=tuple(dict.fromkeys((*seen.degraded, *scanned.degraded))),
        )
        self._decide(ruling)

    def _decide(self, ruling: Ruling) -> None:
        if self.stopped:
            return
        size = max(self._exchange.body_bytes, self._passed + len(self._held))
        sofar = replace(self._exchange, body_bytes=size)
        situation = self._inspection.situation(sofar, self._sender, ruling.classification)
        decision = settled(self._inspection.parts.policy.decide(situation))
        if decision.verdict.passes:
            ruling.decision = decision
        else:
            self._cut(ruling, decision)

    def unread(self, stage: str, why: str) -> None:
        """Nobody could read it: rules that look at the content say what happens then."""
        assert self._ruling is not None
        seen = self._ruling.classification
        self._ruling.classification = replace(
            seen,
            findings=merged(seen.findings, (not_inspected(why, CLASSIFIER),)),
            degraded=tuple(dict.fromkeys((*seen.degraded, f"{stage}: {why}"))),
        )
        self._decide(self._ruling)

    def _fail(self, error: Exception) -> None:
        assert self._ruling is not None
        log.error(
            "upload tap failed: %s; reference %s", type(error).__name__, self._ruling.reference
        )
        policy = self._inspection.parts.policy
        self._cut(self._ruling, gate_failure(policy, "hook", self._ruling.reference))

    def _cut(self, ruling: Ruling, decision: Decision) -> None:
        if self.stopped:
            return
        ruling.decision = decision
        if not self.leaves:
            self._stop()
            return
        ruling.exchange = replace(ruling.exchange, body_bytes=self._passed, complete=False)
        ruling.notes.append(f"cut after {counted(self._passed, 'byte')} had left")
        service = ruling.classification.destination.service
        self._stop()
        self._held.clear()
        self._flow.metadata[CUT] = refusals.refusal(
            decision, ruling.reference, service, self._flow.request
        )
        self._inspection.close(ruling, None)

    def _stop(self) -> None:
        self.stopped = True
        self.scan.stop()


async def taken(flow: http.HTTPFlow) -> None:
    """Wait while much waits for the far side's HTTP/2 window: mitmproxy would queue a whole body
    there.
    """
    backlog = flow.metadata[BACKLOG]
    while backlog() > MOST_WAITING and flow.error is None and flow.server_conn.connected:  # noqa: ASYNC110 - mitmproxy has no signal for a window that opens
        await asyncio.sleep(_LOOK_AGAIN_S)


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
