"""Step 6 for the verdicts that take more than yes or no: redact, and hold for a person."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from core.decision import HOLD_SECONDS, Decision, HoldOutcome
from core.errors import DegradedError
from core.fingerprint import Fingerprinter
from core.ports import Classifier, Holds, RedactionPool
from core.redaction import CannotRedactError, Redacted, RedactionTask
from core.review import APPROVAL_LASTS, HoldAnswer
from core.vocabulary.times import lasting
from proxy.approvals import hold_key
from proxy.hold_polling import Asking
from proxy.parts import Parts
from proxy.threads import DECISIONS
from proxy.transaction import Transaction

_AT_ONCE = 200
"""So many values get their placeholders before others have their turn."""
_NOBODY = "hold: nobody can be asked here"
_UNANSWERED = "It waited for a person and nobody answered: have it approved, then run again."


async def redact(parts: Parts, transaction: Transaction, seconds: float) -> Redacted | None:
    """Redact this request; None when that cannot be done: then `on_error` is the decision.

    On the event loop where that is quick, else by a worker, which may take so many seconds for
    each of two steps.
    """
    sent, pool = transaction.exchange, parts.redaction
    try:
        if pool is None or parts.classifier.redacts_quickly(sent):
            kinds, who = transaction.decision.redact_kinds, _script(transaction)
            redacted = parts.classifier.redact(sent, kinds, who)
        else:
            redacted = await _by_worker(parts.classifier, pool, transaction, seconds)
    except DegradedError as error:
        why = f"redaction: {error.message}"
        transaction.fall_back(fallen_back(transaction.decision, why))
        return None
    transaction.redact(redacted.values)
    return redacted


def _script(transaction: Transaction) -> str:
    script = transaction.sender.script
    return "" if script is None else script.path or script.name


async def _by_worker(
    classifier: Classifier, pool: RedactionPool, transaction: Transaction, seconds: float
) -> Redacted:
    """Have the values found, give them their placeholders here, and have them replaced."""
    task = RedactionTask(exchange=transaction.exchange, kinds=transaction.decision.redact_kinds)
    found = await pool.redact(task, seconds)
    if found.refused is not None:
        raise CannotRedactError(found.refused)
    marks: dict[str, str] = {}
    for at in range(0, len(found.values), _AT_ONCE):
        some = found.values[at : at + _AT_ONCE]
        marks |= classifier.marks(some, _script(transaction), transaction.exchange.at)
        await asyncio.sleep(0)
    done = await pool.redact(replace(task, marks=marks), seconds)
    if done.redacted is None:
        raise CannotRedactError(done.refused or "the worker gave no body")
    return done.redacted


def fallen_back(decision: Decision, why: str) -> Decision:
    """Return the rule's answer for a request that cannot be treated as asked."""
    reason = f"{decision.reason.rstrip('.')}; it could not be done: {why.partition(': ')[2]}."
    return replace(
        decision,
        verdict=decision.on_error,
        intended=decision.verdict,
        reason=reason,
        degraded=(*decision.degraded, why),
        redact_kinds=frozenset(),
    )


class People:
    """Those who decide on held requests. One per gate."""

    def __init__(
        self,
        holds: Holds | None,
        fingerprinter: Fingerprinter | None,
        wait_s: float = HOLD_SECONDS,
    ) -> None:
        self._wait_s = wait_s
        self._holds = holds
        self._fingerprinter = fingerprinter
        self._asking = None if holds is None else Asking(holds)

    async def hold(self, transaction: Transaction) -> bool:
        """Hold this request; True when a person is to be asked about it.

        False when its decision is final: nobody can be asked, or its like was approved lately.
        """
        if self._holds is None or self._fingerprinter is None:
            transaction.fall_back(fallen_back(transaction.decision, _NOBODY))
            return False
        key = hold_key(self._fingerprinter, transaction)
        transaction.hold(key, self._seconds(transaction))
        since = transaction.exchange.at - APPROVAL_LASTS
        before = await DECISIONS.run(self._holds.answered_before, key, since)
        if before is None:
            before = await DECISIONS.run(self._holds.standing, transaction.record())
        if before is None or not before.approved:
            return True
        transaction.recall(before.signed)
        return False

    def _seconds(self, transaction: Transaction) -> float:
        """How long it waits: what its rule says, else what the settings say, and less than the
        client itself waits, so that it hears why.
        """
        asked = transaction.decision.hold_seconds
        seconds = self._wait_s if asked is None else asked
        patience = client_patience(transaction.exchange.headers)
        return seconds if patience is None else min(seconds, max(1.0, patience - _BEFORE_CLIENT_S))

    async def ask(self, transaction: Transaction) -> None:
        """Wait for a person. Raises EvidenceError when nobody can be asked any more."""
        assert self._asking is not None
        transaction.wait()
        seconds = transaction.decision.hold_seconds or 0
        answer = await self._asking.answer(transaction.reference, seconds)
        outcome = _outcome(answer)
        note = f"nobody answered within {lasting(timedelta(seconds=seconds))}"
        if answer is not None:
            note = f"{outcome} by {answer.signed}"
        transaction.hear(outcome, note, _told(transaction.decision.reason, outcome))


def client_patience(headers: Iterable[tuple[str, str]]) -> float | None:
    """Return after how many seconds the client gives up, where it says so or is known to."""
    told = {name: value.strip() for name, value in headers if name in _PATIENCE}
    found = [s for name, value in headers if name == "user-agent" for s in _usual(value)]
    for name, value in told.items():
        unit = value[-1:] if name == "grpc-timeout" else "S"
        digits = value[:-1] if name == "grpc-timeout" else value
        if unit in _UNITS and _PLAIN.fullmatch(digits):
            found.append(float(digits) * _UNITS[unit])
    return min((seconds for seconds in found if seconds > 0), default=None)


def _usual(agent: str) -> Iterator[float]:
    """Yield how long programs of this name wait unless told otherwise."""
    yield from (seconds for name, seconds in _USUALLY if name in agent.lower())


_USUALLY = (("botocore/", 60.0), ("boto3/", 60.0), ("aws-cli/", 60.0))
"""Those that ask again when they give up: each time a person would be asked anew."""
_PATIENCE = frozenset({"x-stainless-timeout", "grpc-timeout"})
"""Headers by which clients say how long they wait."""
_PLAIN = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,6})?")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 0.001}
_BEFORE_CLIENT_S = 2.0


def _outcome(answer: HoldAnswer | None) -> HoldOutcome:
    if answer is None:
        return HoldOutcome.TIMED_OUT
    return HoldOutcome.APPROVED if answer.approved else HoldOutcome.REFUSED


def _told(reason: str, outcome: HoldOutcome) -> str:
    if outcome is HoldOutcome.TIMED_OUT:
        return f"{reason.rstrip('.')}. {_UNANSWERED}"
    if outcome is HoldOutcome.REFUSED:
        return f"{reason.rstrip('.')}. A person looked at it and refused."
    return reason
