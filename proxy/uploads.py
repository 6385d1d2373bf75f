"""Large uploads: they stream past a tap that scans every window before it lets it go, and can cut
the stream.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from core.classification import Scanned
from core.decision import Decision, Verdict
from core.exchange import Answer, Exchange
from core.fate import ANSWERED_EARLY_NOTE, BROKEN_OFF_NOTE, CUT_OFF
from core.findings import CLASSIFIER, merged, not_inspected
from core.ports import Scan
from core.vocabulary.sizes import counted
from proxy import enforcement, failures
from proxy.boundaries import is_ours
from proxy.deciding import Deciding
from proxy.transaction import Transaction
from proxy.travel import PastTap

log = logging.getLogger("outgate.gate")


class UploadTap:
    """Holds one large request back until it is scanned. Memory: what is not scanned yet, as it
    came.
    """

    leaves = True
    """False where the body is read to its end before any of it leaves."""

    def __init__(
        self,
        transaction: Transaction,
        head: Exchange,
        deciding: Deciding,
        close: Callable[[Transaction, Answer | None], object],
        renew: Callable[[Transaction], object],
    ) -> None:
        """`head`: the request without its body; `close` hands the record over of one that is cut,
        `renew` hears that more has left.
        """
        self._transaction = transaction
        self._exchange = head
        self._deciding = deciding
        self._close, self._renew = close, renew
        self.reads = deciding.reads(transaction.sender)
        parts, limits = deciding.parts, deciding.limits
        self.scan: Scan = parts.classifier.scan(head, parts.pool, limits.classify_s)
        self._passed = self._taken = 0
        """How many bytes have gone on, and how many of them the far side is known to have."""
        self._held = bytearray()
        self._fresh = 0
        """Where in `_held` the bytes begin that no scan has taken."""
        self.stopped = False
        """True once it is certain that the request is refused."""
        self._ended = False
        self._around = transaction.classification.findings
        """What was found in the request around its body."""

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
                async with self._deciding.uploads:
                    await self._read()
        except BaseException as error:
            if not is_ours(error):  # the gate stops: nothing more goes on, and nothing failed
                self.stopped = True
                raise
            self.fail(error)

    def release(self) -> bytes:
        """Return what has been scanned and may go."""
        if self.stopped:
            return b""
        through = self.scan.through - self._passed if self.reads else len(self._held)
        part = bytes(memoryview(self._held)[: max(0, through)])
        del self._held[: len(part)]
        self._fresh = max(0, self._fresh - len(part))
        self._passed += len(part)
        if part and self.leaves:
            self._transaction.left(self._passed, whole=False)
            self._renew(self._transaction)
        return part

    def end(self) -> None:
        """The body is over: the record states its whole size, unless its way ended before."""
        self._transaction.left(self._passed, whole=self._ended)

    def heard(self, untaken: int) -> None:
        """So many bytes of what has gone on are not taken by the far side yet."""
        self._taken = max(self._taken, self._passed - untaken)

    def broken(self, untaken: int | None) -> None:
        """The way there has broken off, and so many bytes were lost; None: nobody knows how many.
        The record tells what the far side is known to have: it may have taken more.
        """
        if untaken is not None:
            self.heard(untaken)
        if self._taken < self._passed and self.leaves:
            self._transaction.left(self._taken, whole=False)
            self._transaction.note(BROKEN_OFF_NOTE)

    async def _read(self) -> None:
        fresh = bytes(memoryview(self._held)[self._fresh :])
        self._fresh = len(self._held)
        settled = self._deciding.uploads.locked()  # others wait: their memory is theirs
        async for scanned in self.scan.feed(fresh, last=self._ended, settled=settled):
            if not self.stopped:
                self._heed(scanned)

    def _heed(self, scanned: Scanned) -> None:
        seen = self._transaction.classification
        degraded = tuple(dict.fromkeys((*seen.degraded, *scanned.degraded)))
        found = merged(self._around, scanned.findings)
        self._transaction.learn(replace(seen, findings=found, degraded=degraded))
        self._decide()

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
        """Nobody could read it: rules that look at the content say what happens then."""
        seen = self._transaction.classification
        degraded = tuple(dict.fromkeys((*seen.degraded, f"{stage}: {why}")))
        found = merged(seen.findings, (not_inspected(why, CLASSIFIER),))
        self._transaction.learn(replace(seen, findings=found, degraded=degraded))
        self._decide()

    def fail(self, error: BaseException) -> None:
        """It cannot be scanned: what has not left stays here."""
        reference = self._transaction.reference
        log.error("upload tap failed: %s; reference %s", type(error).__name__, reference)
        self._cut(failures.answer(self._deciding.parts.policy, "hook", reference))

    def _cut(self, decision: Decision) -> None:
        if self.stopped:
            return
        self.stopped = True
        self.scan.stop()
        if not self.leaves:
            self._transaction.revise(decision)
            return
        self._transaction.left(self._passed, whole=False)
        self._transaction.cut(f"{CUT_OFF} {counted(self._passed, 'byte')} had left", decision)
        self._held.clear()
        travel = self._transaction.travel
        known = None if travel.late is None or travel.reader is None else travel.reader
        self._close(self._transaction, None if known is None else known.answer(travel.late))


def passes_still(transaction: Transaction) -> bool:
    """Return whether more of a body may leave, though its answer is there."""
    passes = isinstance(transaction.travel.body, PastTap) and not transaction.exchange.complete
    return passes and not transaction.stopped


def answered_early(transaction: Transaction) -> None:
    """Have the record, which ends here, say that more may leave: of a body that still passes."""
    if not passes_still(transaction):
        return
    transaction.note(ANSWERED_EARLY_NOTE)
    seen = transaction.classification
    found = merged(seen.findings, (not_inspected(ANSWERED_EARLY_NOTE, CLASSIFIER),))
    transaction.learn(replace(seen, findings=found))


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
