"""Step 3 of the story: classify inline when that is cheaper than the way to a worker, else in a
worker.
"""

from dataclasses import replace
from functools import partial

from core.classification import Classification
from core.errors import DegradedError
from core.exchange import Exchange
from core.findings import CLASSIFIER, not_inspected
from core.ports import Classifier, ClassifierPool
from proxy.rounds import Rounds


async def classified(
    exchange: Exchange,
    classifier: Classifier,
    pool: ClassifierPool,
    deadline_s: float,
    rounds: Rounds,
) -> Classification:
    """Return what is in the exchange. A late, killed or crashed worker degrades the result; it
    never raises.
    """
    if classifier.is_cheap(exchange):
        await classifier.prepared()
        await rounds.mine()
        seen = rounds.spent_on(partial(classifier.classify, exchange))
        if not seen.deferred:
            return seen
    try:
        seen = await pool.classify(exchange, deadline_s)
        return _with_account(seen, classifier.on_headers(exchange))
    except DegradedError as error:
        why = f"{error.stage}: {error.message}"
        return _unread(await _until_then(exchange, classifier, error), why)


async def _until_then(
    exchange: Exchange, classifier: Classifier, error: DegradedError
) -> Classification:
    """Return what was found before the failure: by the worker, else at once where that is quick."""
    known = classifier.on_headers(exchange)
    if isinstance(error.found, Classification):
        return _with_account(error.found, known)
    if classifier.is_quick(exchange):
        await classifier.prepared()
        seen = classifier.classify(exchange)
        if not seen.deferred:
            return seen
    return known


def _with_account(seen: Classification, known: Classification) -> Classification:
    """A worker has learnt of no accounts: what this process knows of the account stands."""
    account = known.destination.account
    return (
        seen
        if account == seen.destination.account
        else replace(seen, destination=replace(seen.destination, account=account))
    )


def _unread(known: Classification, why: str) -> Classification:
    unread = not_inspected(why, CLASSIFIER)
    return replace(known, findings=(*known.findings, unread), degraded=(*known.degraded, why))
