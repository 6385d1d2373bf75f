"""Step 3 of the story: classify inline when that is cheaper than the way to a worker, else in a
worker.
"""

from dataclasses import replace

from core.classification import Classification
from core.errors import DegradedError
from core.exchange import Exchange
from core.findings import CLASSIFIER, not_inspected
from core.ports import Classifier, ClassifierPool


async def classified(
    exchange: Exchange, classifier: Classifier, pool: ClassifierPool, deadline_s: float
) -> Classification:
    """Return what is in the exchange. A late, killed or crashed worker degrades the result; it
    never raises.
    """
    if classifier.is_cheap(exchange):
        seen = classifier.classify(exchange)
        if not seen.deferred:
            return seen
    try:
        seen = await pool.classify(exchange, deadline_s)
        return _with_account(seen, classifier.on_headers(exchange))
    except DegradedError as error:
        return _unread(exchange, classifier, f"{error.stage}: {error.message}")


def _with_account(seen: Classification, known: Classification) -> Classification:
    """A worker has learnt of no accounts: what this process knows of the account stands."""
    account = known.destination.account
    return (
        seen
        if account == seen.destination.account
        else replace(seen, destination=replace(seen.destination, account=account))
    )


def _unread(exchange: Exchange, classifier: Classifier, why: str) -> Classification:
    known = classifier.on_headers(exchange)
    unread = not_inspected(why, CLASSIFIER)
    return replace(known, findings=(*known.findings, unread), degraded=(*known.degraded, why))
