"""That a part of the gate has ended, as a record: who reviews must know since when."""

from datetime import datetime

from core.decision import Decision, Verdict
from core.duties import Duty
from core.exchange import Exchange
from core.ids import uuid7
from core.ports import Policy

OURSELVES = "outgate.internal"
"""Host of the records about the gate itself, and of requests for its health."""


def as_exchange(at: datetime) -> Exchange:
    """Return what stands for the gate itself where a record needs a request."""
    return Exchange(
        id=uuid7(at), at=at, scheme="http", host=OURSELVES, port=0, method="GATE", path="/"
    )


def told(policy: Policy, duty: Duty, kind: str) -> Decision:
    """Return what the record says of it; `kind` is that of the exception."""
    return Decision(
        verdict=Verdict.WATCH,
        reason=f"A part of Outgate has ended: nobody is {duty.value.what} ({kind}).",
        degraded=(f"gate: no longer {duty.value.what}",),
        policy=policy.version,
    )
