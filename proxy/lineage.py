"""Which file a request holds: asked for what is flagged, large or stored somewhere, and for all
where a rule asks.
"""

import asyncio
import time
from dataclasses import replace

from core.attribution import Attribution
from core.budgets import INLINE_BYTES
from core.classification import Classification
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.findings import NOT_INSPECTED
from core.sent_file import FilesLook, FileTracer, Traced
from core.values import changed
from core.vocabulary.files import LOOKS
from proxy.stack_sampling_budget import FILE_S, LineBudget
from proxy.threads import COURTESIES

STAGE = "files"
_NOBODY = Traced(look=FilesLook.NOBODY)
_STREAMED = Traced(look=FilesLook.STREAMED)
_TIME_USED_UP = Traced(look=FilesLook.TIME_USED_UP)


class Lineage:
    """Asks for files. One per gate."""

    def __init__(self, tracer: FileTracer | None, patience_s: float) -> None:
        self._tracer = tracer
        self._patience_s = patience_s
        self._budget = LineBudget(FILE_S)

    async def added(
        self,
        exchange: Exchange,
        sender: Attribution,
        seen: Classification,
        *,
        asked: bool,
        streams: bool = False,
    ) -> Classification:
        """Return what is known with the files that it holds, and whether these are all. With
        `asked` a rule depends on it: then the stage has failed where nobody could look, or not in
        time.

        `streams`: the body goes past, and is not there.
        """
        if not exchange.body and not streams and exchange.body_bytes == 0 and exchange.complete:
            return seen
        looked = await self._looked(exchange, sender, asked=asked)
        seen = changed(seen, files=looked.files, files_look=looked.look)
        return _as_failed(seen) if asked and looked.look is not FilesLook.WHOLE else seen

    async def _looked(self, exchange: Exchange, sender: Attribution, *, asked: bool) -> Traced:
        if self._tracer is None:
            return _NOBODY
        if not exchange.body:
            return _STREAMED
        begun = time.monotonic()
        if not asked and self._is_over(exchange, sender, begun):
            return _TIME_USED_UP
        try:
            async with asyncio.timeout(self._patience_s):
                return await COURTESIES.run(self._tracer.sent, exchange, sender)
        except TimeoutError:
            return Traced(look=FilesLook.LATE)
        finally:
            self._budget.spent(sender, time.monotonic() - begun)

    def _is_over(self, exchange: Exchange, sender: Attribution, now: float) -> bool:
        """True for small requests of a process that sends so many that it would feel the looks."""
        if exchange.body_bytes > INLINE_BYTES or sender.process is None:
            return False
        return not self._budget.allows(sender, now)


def failed(seen: Classification, *, asked: bool) -> Classification:
    """Return what is known where the look itself broke."""
    seen = replace(seen, files_look=FilesLook.FAILED)
    return _as_failed(seen) if asked else seen


def _as_failed(seen: Classification) -> Classification:
    assert seen.files_look is not None
    return replace(seen, degraded=(*seen.degraded, f"{STAGE}: {LOOKS[seen.files_look]}"))


def is_worth_it(exchange: Exchange, seen: Classification, decision: Decision) -> bool:
    """Return True for what is flagged, large, or stored with a service."""
    if decision.verdict is not Verdict.ALLOW or exchange.body_bytes > INLINE_BYTES:
        return True
    return seen.destination.upload or any(f.kind != NOT_INSPECTED for f in seen.findings)
