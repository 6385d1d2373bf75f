"""Whole inspection: a large body is kept, read to its end and decided on; only then does it go out,
piece by piece.
"""

from collections.abc import Iterator
from dataclasses import replace

from core.classification import Classification
from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.findings import merged
from proxy.deciding import Deciding
from proxy.spool import PIECE, Spool
from proxy.threads import DECISIONS
from proxy.transaction import Transaction
from proxy.uploads import UploadTap, settled

AS_ONE = 64 << 20
"""Documents up to this size are read as one, in a worker; what a larger one holds is not
inspected."""
_SECONDS = 6
"""So many times the usual limit a worker may take for one."""


class WholeTap:
    """Keeps one request's body until it is decided on. Memory: a few pieces, or one document."""

    def __init__(self, transaction: Transaction, scan: UploadTap, deciding: Deciding) -> None:
        self._transaction = transaction
        self._deciding = deciding
        self._scan = scan
        scan.leaves = False
        self._spool: Spool | None = None
        self._waiting = bytearray()
        self._pieces: Iterator[bytes] = iter(())
        self._failure: DegradedError | None = None
        self.ended = False
        self._sent = 0
        self.piece = b""
        """The piece that goes out next; nothing at the end."""

    def take(self, chunk: bytes | None) -> bool:
        """Take a chunk, None at the end; True when enough waits to be written."""
        self.ended = chunk is None
        if chunk and self._failure is None:
            self._waiting += chunk
        return self.ended or len(self._waiting) >= PIECE

    async def keep(self) -> None:
        """Write what waits. A failure is kept for the judgement: the rest of the body is thrown
        away.
        """
        data = bytes(self._waiting)
        self._waiting.clear()
        try:
            await DECISIONS.run(self._write, data)
        except DegradedError as error:
            self._failure = error

    def _write(self, data: bytes) -> None:
        if self._failure is not None:
            return
        self._kept.write(data)
        if self.ended:
            self._kept.finish()

    @property
    def _kept(self) -> Spool:
        """The file, made at first use. Raises DegradedError."""
        if self._spool is None:
            limits = self._deciding.limits
            self._spool = Spool(limits.spool_folder, limits.spool_bytes)
        return self._spool

    async def judge(self) -> Decision:
        """Read the whole body; return the decision, which is final."""
        decision = await self._outcome()
        size = 0 if self._spool is None else self._spool.size
        self._transaction.left(size, whole=self._failure is None)
        if decision.verdict.passes:
            self._pieces = self._kept.pieces()
        else:
            self.close()
        return decision

    async def _outcome(self) -> Decision:
        try:
            if self._failure is not None:
                raise self._failure
            await self._read()
        except DegradedError as error:
            return _unread(self._transaction.decision, error)
        return self._transaction.decision

    async def _read(self) -> None:
        first = next(self._kept.pieces(), b"")
        if self._kept.size <= AS_ONE and self._scan.scan.reads_as_one(first):
            self._transaction.revise(await self._as_one())
            return
        for piece in self._kept.pieces():
            if self._scan.take(piece):
                await self._scan.inspect()
                self._scan.release()
            if self._scan.stopped:
                return
        self._scan.take(None)
        await self._scan.inspect()
        self._scan.release()

    async def _as_one(self) -> Decision:
        parts, limits = self._deciding.parts, self._deciding.limits
        transaction = self._transaction
        body = await DECISIONS.run(lambda: b"".join(self._kept.pieces()))
        exchange = replace(transaction.exchange, body=body, body_bytes=len(body), complete=True)
        try:
            seen = await parts.pool.classify(exchange, limits.classify_s * _SECONDS)
        except DegradedError as error:
            self._scan.unread(error.stage, error.message)
        else:
            transaction.learn(_summed(transaction.classification, seen))
        known = transaction.sender, transaction.classification
        return settled(self._deciding.decide(exchange, *known))

    async def next_piece(self) -> None:
        """Have the next piece ready. Raises DegradedError."""
        self.piece = await DECISIONS.run(next, self._pieces, b"")
        self._sent += len(self.piece)
        self._transaction.left(self._sent, whole=not self.piece)
        if not self.piece:
            self.close()

    def close(self) -> None:
        """The request is over, however it ended."""
        if self._spool is not None:
            self._spool.close()


def _summed(known: Classification, seen: Classification) -> Classification:
    """Return what is known with what was seen in the whole, each finding once."""
    degraded = tuple(dict.fromkeys((*known.degraded, *seen.degraded)))
    fresh = tuple(found for found in seen.findings if found not in known.findings)
    found = merged(known.findings, fresh)
    return replace(known, llm=seen.llm or known.llm, findings=found, degraded=degraded)


def _unread(decision: Decision, error: DegradedError) -> Decision:
    """Return the refusal of a body that could not be read as a whole."""
    reason = f"This request had to be inspected as a whole, and could not be: {error.message}."
    stages = (*decision.degraded, f"{error.stage}: {error.message}")
    return replace(decision, verdict=Verdict.BLOCK, reason=reason, degraded=stages, headers=())
