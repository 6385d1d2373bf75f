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
from core.sent_file import FileTracer
from proxy.stack_sampling_budget import LineBudget
from proxy.threads import COURTESIES

STAGE = "files"
_STREAMS = "the body is too large to be held"
_NOBODY = "nobody looks at the files of senders here"
_GONE = "the files of the sender could not be looked at"
_LATE = "the files of the sender could not be looked at in time"


class Lineage:
    """Asks for files. One per gate."""

    def __init__(self, tracer: FileTracer | None, patience_s: float) -> None:
        self._tracer = tracer
        self._patience_s = patience_s
        self._budget = LineBudget()

    async def added(
        self, exchange: Exchange, sender: Attribution, seen: Classification, *, asked: bool
    ) -> Classification:
        """Return what is known with the files that it holds. With `asked` a rule depends on it:
        then the stage has failed where nobody could look, or not in time.
        """
        if sender.is_python is False:
            return seen
        if self._tracer is None:
            return _missed(seen, _NOBODY, counts=asked and exchange.body_bytes > 0)
        if not exchange.body:
            streams = exchange.body_bytes > 0 or not exchange.complete
            return _missed(seen, _STREAMS, counts=asked and streams)
        begun = time.monotonic()
        if not asked and self._is_over(exchange, sender, begun):
            return seen
        try:
            async with asyncio.timeout(self._patience_s):
                files = await COURTESIES.run(self._tracer.sent, exchange, sender)
        except TimeoutError:
            return _missed(seen, _LATE, counts=asked)
        finally:
            self._budget.spent(sender, time.monotonic() - begun)
        if files is None:
            return _missed(seen, _GONE, counts=asked)
        return replace(seen, files=files) if files else seen

    def _is_over(self, exchange: Exchange, sender: Attribution, now: float) -> bool:
        """True for small requests of a process that sends so many that it would feel the looks."""
        if exchange.body_bytes > INLINE_BYTES or sender.process is None:
            return False
        return not self._budget.allows(sender, now)


def _missed(seen: Classification, why: str, *, counts: bool) -> Classification:
    """Return what is known without a look at files; a failed stage where that `counts`."""
    return failed(seen, why) if counts else seen


def failed(seen: Classification, why: str = "the look at files failed") -> Classification:
    """Return what is known where nobody could say which files were sent."""
    return replace(seen, degraded=(*seen.degraded, f"{STAGE}: {why}"))


def is_worth_it(exchange: Exchange, seen: Classification, decision: Decision) -> bool:
    """Return True for what is flagged, large, or stored with a service."""
    if decision.verdict is not Verdict.ALLOW or exchange.body_bytes > INLINE_BYTES:
        return True
    return seen.destination.upload or any(f.kind != NOT_INSPECTED for f in seen.findings)
