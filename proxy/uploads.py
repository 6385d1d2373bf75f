"""Large uploads: they stream past a tap that scans every window before it lets it go, and can cut the stream."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from classifiers.uploads.cutting import (
    OVERLAP,
    Windows,
    holds_document,
    is_document,
    not_inspected,
    without,
)
from classifiers.uploads.unpacking import Unpacker, joined
from core.budgets import INLINE_BYTES
from core.classification import Classification
from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.exchange import Answer, Exchange
from core.findings import Finding, merged
from core.vocabulary.sizes import counted
from proxy import enforcement, failures
from proxy.deciding import Deciding
from proxy.transaction import Transaction

log = logging.getLogger("outgate.gate")
WINDOW = INLINE_BYTES
"""The first window, scanned on the event loop. Each later one is twice as large, up to LARGEST, and goes to a worker."""
LARGEST = 4 * 1024 * 1024
IN_FLIGHT = 2
"""Windows of one upload that are scanned at the same time, or wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """One window under scan; without one, the mark that all windows of the bytes up to `end` are through. Holds payload."""

    window: bytes = field(repr=False)
    again: bytes = field(repr=False)
    seen: "asyncio.Future[Classification | DegradedError] | None"
    end: int


class UploadTap:
    """Scans one large request as it passes. Memory: as many windows as are in flight, as they came and unpacked."""

    leaves = True
    """False where the body is read to its end before any of it leaves."""

    def __init__(
        self,
        transaction: Transaction,
        head: Exchange,
        deciding: Deciding,
        close: Callable[[Transaction, Answer | None], object],
    ) -> None:
        """`head`: the request without its body; `close` hands the record over of one that is cut."""
        self._transaction = transaction
        self._exchange = head
        self._deciding = deciding
        self._close = close
        self.reads = deciding.reads(transaction.sender)
        self._unpacker = Unpacker(self._exchange.header("content-encoding") or "")
        self._windows = Windows((self._exchange.header("content-type") or "").strip().lower())
        self._passed = 0
        self._held = bytearray()
        self._fresh = self._scanned = 0
        """Where in `_held` the bytes begin that no scan has been started for, and those whose scan is not over."""
        self._running: deque[_Scan] = deque()
        self.stopped = False
        """True once it is certain that the request is refused."""
        self._size = WINDOW
        self._ended = False
        self._first = True
        self._known: tuple[Finding, ...] = transaction.classification.findings
        """What was found in earlier windows, without what the next one will find again."""
        self._told: set[str] = set()
        """What could not be read, said once each."""

    def take(self, chunk: bytes | None) -> bool:
        """Take a chunk, None at the end; return True when a window is full and must be scanned."""
        if chunk is None:
            self._ended = True
            return True
        self._held += chunk
        return len(self._held) - self._fresh >= self._size

    async def inspect(self) -> None:
        """Start to scan what has come; wait until no more scans run than may, and decide on what they found."""
        try:
            if self.reads:
                await self._scan()
            else:
                self._scanned = len(self._held)
        except Exception as error:  # noqa: BLE001 - boundary: mitmproxy would log it and let the body out
            self._fail(error)
        self._size = min(2 * self._size, LARGEST)

    def release(self) -> bytes:
        """Return what has been scanned and may go: all but the end, which the next window begins with."""
        if self.stopped:
            return b""
        over = self._ended and not self._running
        part = bytes(
            memoryview(self._held)[: len(self._held) if over else max(0, self._scanned - OVERLAP)]
        )
        del self._held[: len(part)]
        self._fresh = max(0, self._fresh - len(part))
        self._scanned = max(0, self._scanned - len(part))
        self._passed += len(part)
        if part and self.leaves:
            self._transaction.left(self._passed, whole=False)
        return part

    def end(self) -> None:
        """The body is over: the record states its whole size."""
        self._transaction.left(self._passed, whole=True)

    async def _scan(self) -> None:
        fresh = bytes(memoryview(self._held)[self._fresh :])
        self._fresh = len(self._held)
        for piece in joined(self._unpacker.feed(fresh), max(len(fresh), LARGEST)):
            self._start(*self._windows.next(piece))
            while len(self._running) >= (1 if self._first else IN_FLIGHT):
                await self._settle()
        end = _Scan(window=b"", again=b"", seen=None, end=self._passed + len(self._held))
        self._running.append(end)
        while self._running and (self._ended or self._running[0].seen is None):
            await self._settle()
        if self._unpacker.trouble is not None:
            self.unread("content-encoding", self._unpacker.trouble)

    def _start(self, window: bytes, again: bytes) -> None:
        """Say what is known of a window at once, and have it scanned."""
        if self._first and is_document(window):
            self.unread("documents", "a large file of this type is only read as a whole")
        if self._windows.content_type.startswith("multipart/") and holds_document(window):
            self.unread("documents", "a large file inside this request is only read as a whole")
        if not self.stopped:
            seen = asyncio.ensure_future(self._classified(window, first=self._first))
            self._running.append(_Scan(window=window, again=again, seen=seen, end=0))

    async def _settle(self) -> None:
        """Wait for the oldest scan that runs, and decide on what it found."""
        scan = self._running.popleft()
        if scan.seen is None:
            self._scanned = max(0, scan.end - self._passed)
            return
        seen = await scan.seen
        if not self.stopped:
            await self._heed(seen, scan)
        self._first = False

    async def _heed(self, seen: Classification | DegradedError, scan: "_Scan") -> None:
        known = self._transaction.classification
        if isinstance(seen, DegradedError):
            self.unread(seen.stage, seen.message)
            return
        if seen.deferred:
            self.unread("documents", "a file inside this request is only read as a whole")
        if seen.degraded:
            self._degraded(*seen.degraded)
        if seen.findings:
            self._transaction.learn(replace(known, findings=merged(self._known, seen.findings)))
            whole = len(scan.again) >= len(scan.window)
            later = seen if whole else await self._classified(scan.again, first=self._first)
            twice = later.findings if isinstance(later, Classification) else ()
            self._known = merged(self._known, without(seen.findings, twice))
        else:
            self._transaction.learn(replace(known, findings=self._known))
        self._decide()

    async def _classified(self, window: bytes, *, first: bool) -> Classification | DegradedError:
        """Return what is in a window, or why that cannot be said."""
        headers = (("content-type", self._windows.typed(first)),)
        part = replace(
            self._exchange,
            path="/",
            headers=headers,
            body=window,
            body_bytes=len(window),
            complete=True,
        )
        parts, limits = self._deciding.parts, self._deciding.limits
        if first:
            return parts.classifier.classify(part)
        if len(window) <= WINDOW:
            return parts.classifier.classify_window(part)
        try:
            return await parts.pool.classify_window(part, limits.classify_s)
        except DegradedError as error:
            return error

    def _decide(self) -> None:
        if self.stopped:
            return
        size = max(self._exchange.body_bytes, self._passed + len(self._held))
        sofar, known = replace(self._exchange, body_bytes=size), self._transaction
        decision = settled(self._deciding.decide(sofar, known.sender, known.classification))
        if decision.verdict.passes:
            known.revise(decision)
        else:
            self._cut(decision)

    def unread(self, stage: str, why: str) -> None:
        """Some of it cannot be read while it passes: rules that look at the content say what happens then."""
        if why in self._told:
            return
        self._told.add(why)
        told = (not_inspected(why),)
        self._known = merged(self._known, told)
        seen = self._transaction.classification
        self._transaction.learn(replace(seen, findings=merged(seen.findings, told)))
        self._degraded(f"{stage}: {why}")
        self._decide()

    def _degraded(self, *stages: str) -> None:
        seen = self._transaction.classification
        degraded = tuple(dict.fromkeys((*seen.degraded, *stages)))
        self._transaction.learn(replace(seen, degraded=degraded))

    def _fail(self, error: Exception) -> None:
        reference = self._transaction.reference
        log.error("upload tap failed: %s; reference %s", type(error).__name__, reference)
        self._cut(failures.answer(self._deciding.parts.policy, "hook", reference))

    def _cut(self, decision: Decision) -> None:
        if self.stopped:
            return
        self.stopped = True
        if not self.leaves:
            self._transaction.revise(decision)
            return
        self._transaction.left(self._passed, whole=False)
        self._transaction.cut(f"cut after {counted(self._passed, 'byte')} had left", decision)
        self._held.clear()
        self._close(self._transaction, None)


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
