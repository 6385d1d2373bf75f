"""What a hook may not let through, step by step: whatever fails on the way ends in a refusal, or is
counted and logged.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from mitmproxy import http

from core.attribution import Attribution
from proxy import refusals
from proxy.applying import apply
from proxy.binding import transaction_of
from proxy.boundaries import is_ours
from proxy.inspection import Inspection
from proxy.life_cycle import OrderError
from proxy.outcome import WAIT, Outcome
from proxy.transaction import Transaction
from proxy.translate import exchange_of
from proxy.uninspected import Told

type Step = Callable[[http.HTTPFlow, Transaction], Awaitable[Outcome]]


class Guarded:
    """Takes the steps of the inspection, and applies what each says."""

    def __init__(self, inspection: Inspection) -> None:
        self.inspection = inspection
        self.health = inspection.health

    def _failed(self, stage: str, error: BaseException, reference: str | None = None) -> None:
        """Count and log a failure; what ends this very task from outside is none."""
        if not is_ours(error):
            raise error
        self.health.failed(stage, error, reference)

    async def _tell(
        self, told: Told, asked: Awaitable[Attribution], target: tuple[str, int]
    ) -> None:
        try:
            told(await asked, *target)
        except BaseException as error:  # noqa: BLE001
            # boundary: nothing passes here; only the record may be missing
            self._failed("evidence", error)

    def _unopened(self, flow: http.HTTPFlow, error: BaseException) -> None:
        flow.response = refusals.presumed()
        self._failed("hook", error)

    async def _guarded(self, flow: http.HTTPFlow, step: Step) -> None:
        """Take one step and apply its outcome; whatever it raises ends in a refusal."""
        transaction = transaction_of(flow)
        try:
            if (outcome := await step(flow, transaction)) is not WAIT:
                apply(outcome, flow)
        except BaseException as error:
            # boundary: mitmproxy would log it and let the body out
            flow.response = refusals.presumed()
            if not is_ours(error):
                raise
            if transaction.over and isinstance(error, OrderError):  # ended from outside meanwhile
                return
            unread = partial(exchange_of, flow, transaction, body=b"", body_bytes=0)
            apply(await self.inspection.failed(transaction, error, unread), flow)


async def failed_step(
    error: BaseException, flow: http.HTTPFlow, transaction: Transaction
) -> Outcome:
    """Stand for a step that has failed before it had to be waited for. Raises the error."""
    del flow, transaction
    raise error
