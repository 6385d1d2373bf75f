"""Step 6 for the verdicts that take more than yes or no: redact, and hold for a person."""

from dataclasses import replace
from datetime import timedelta

from core.budgets import INLINE_BYTES
from core.decision import Decision, HoldOutcome
from core.fingerprint import Fingerprinter
from core.ports import Classifier, Holds
from core.redaction import CannotRedactError, Redacted
from core.review import APPROVAL_LASTS, HoldAnswer
from core.vocabulary.times import lasting
from proxy.approvals import hold_key
from proxy.hold_polling import Asking
from proxy.threads import DECISIONS
from proxy.transaction import Transaction

_NOBODY = "hold: nobody can be asked here"
_UNANSWERED = "It waited for a person and nobody answered: have it approved, then run again."


async def redact(classifier: Classifier, transaction: Transaction) -> Redacted | None:
    """Redact this request; None when that cannot be done: then `on_error` is the decision."""
    script = transaction.sender.script
    who = "" if script is None else script.path or script.name
    arguments = (transaction.exchange, transaction.decision.redact_kinds, who)
    try:
        if len(transaction.exchange.body) <= INLINE_BYTES:
            redacted = classifier.redact(*arguments)
        else:
            redacted = await DECISIONS.run(classifier.redact, *arguments)
    except CannotRedactError as error:
        why = f"redaction: {error.message}"
        transaction.fall_back(fallen_back(transaction.decision, why))
        return None
    transaction.redact(redacted.values)
    return redacted


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

    def __init__(self, holds: Holds | None, fingerprinter: Fingerprinter | None) -> None:
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
        transaction.hold(key)
        since = transaction.exchange.at - APPROVAL_LASTS
        before = await DECISIONS.run(self._holds.answered_before, key, since)
        if before is None or not before.approved:
            return True
        transaction.recall(before.who)
        return False

    async def ask(self, transaction: Transaction) -> None:
        """Wait for a person. Raises EvidenceError when nobody can be asked any more."""
        assert self._asking is not None
        transaction.wait()
        seconds = transaction.decision.hold_seconds or 0
        answer = await self._asking.answer(transaction.reference, seconds)
        outcome = _outcome(answer)
        note = f"nobody answered within {lasting(timedelta(seconds=seconds))}"
        if answer is not None:
            note = f"{outcome} by {answer.who}"
        transaction.hear(outcome, note, _told(transaction.decision.reason, outcome))


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
