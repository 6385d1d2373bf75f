"""Whole inspection: a large body is kept, read to its end and decided on; only then does it go out,
piece by piece.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from mitmproxy import http

from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.findings import merged
from proxy.inspection import Inspection
from proxy.spool import PIECE, Spool
from proxy.transaction import Ruling
from proxy.uploads import UploadTap, settled

AS_ONE = 64 << 20
"""Documents up to this size are read as one, in a worker; what a larger one holds is not
inspected."""
_SECONDS = 6
"""So many times the usual limit a worker may take for one."""


class WholeTap:
    """Keeps one request's body until it is decided on. Memory: a few pieces, or one document."""

    def __init__(
        self, flow: http.HTTPFlow, inspection: Inspection, scan: UploadTap, ruling: Ruling
    ) -> None:
        self._flow = flow
        self._inspection = inspection
        self._scan = scan
        scan.leaves = False
        self._ruling = ruling
        self._spool: Spool | None = None
        self._waiting = bytearray()
        self._pieces: Iterator[bytes] = iter(())
        self._failure: DegradedError | None = None
        self.ended = False

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
            await asyncio.to_thread(self._write, data)
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
            limits = self._inspection.limits
            self._spool = Spool(limits.spool_folder, limits.spool_bytes)
        return self._spool

    async def judge(self) -> Ruling:
        """Read the whole body; return the ruling, whose decision is final."""
        try:
            if self._failure is not None:
                raise self._failure
            await self._read()
        except DegradedError as error:
            stages = (*self._ruling.decision.degraded, f"{error.stage}: {error.message}")
            reason = (
                f"This request had to be inspected as a whole, and could not be: {error.message}."
            )
            self._ruling.decision = replace(
                self._ruling.decision,
                verdict=Verdict.BLOCK,
                reason=reason,
                degraded=stages,
                headers=(),
            )
        size = 0 if self._spool is None else self._spool.size
        self._ruling.exchange = replace(
            self._ruling.exchange, body_bytes=size, complete=self._failure is None
        )
        if not self._ruling.decision.verdict.passes:
            self.close()
        return self._ruling

    async def _read(self) -> None:
        first = next(self._kept.pieces(), b"")
        if self._kept.size <= AS_ONE and self._scan.scan.reads_as_one(first):
            self._ruling.decision = await self._as_one()
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
        parts, limits, ruling = self._inspection.parts, self._inspection.limits, self._ruling
        body = await asyncio.to_thread(lambda: b"".join(self._kept.pieces()))
        exchange = replace(ruling.exchange, body=body, body_bytes=len(body), complete=True)
        try:
            seen = await parts.pool.classify(exchange, limits.classify_s * _SECONDS)
        except DegradedError as error:
            self._scan.unread(error.stage, error.message)
        else:
            known = ruling.classification
            degraded = tuple(dict.fromkeys((*known.degraded, *seen.degraded)))
            found = merged(
                known.findings, tuple(f for f in seen.findings if f not in known.findings)
            )
            ruling.classification = replace(
                known, llm=seen.llm or known.llm, findings=found, degraded=degraded
            )
        situation = self._inspection.situation(exchange, ruling.sender, ruling.classification)
        return settled(parts.policy.decide(situation))

    def start(self) -> None:
        """The body may go: begin at its first piece."""
        self._pieces = self._kept.pieces()

    async def next_piece(self) -> bytes:
        """Return the next piece that goes out, nothing at the end. Raises DegradedError."""
        piece = await asyncio.to_thread(next, self._pieces, b"")
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """The request is over, however it ended."""
        if self._spool is not None:
            self._spool.close()
