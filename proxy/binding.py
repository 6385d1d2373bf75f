"""Which flow of mitmproxy is which exchange: one key in its metadata, and nothing else of ours."""

from typing import Any, Protocol

from proxy.life_cycle import OrderError
from proxy.transaction import Transaction

_KEY = "outgate"


class Carries(Protocol):
    """What has room for the gate's own: a flow of mitmproxy."""

    metadata: dict[str, Any]


def bind(flow: Carries, transaction: Transaction) -> Transaction:
    """Put a transaction into its flow."""
    flow.metadata[_KEY] = transaction
    return transaction


def transaction_of(flow: Carries) -> Transaction:
    """Return the transaction of a flow. Raises OrderError when none was opened."""
    found = bound(flow)
    if found is None:
        raise OrderError("This flow was never opened.")
    return found


def bound(flow: Carries) -> Transaction | None:
    """Return the transaction of a flow; None for one that the gate was not asked about."""
    return flow.metadata.get(_KEY)
