"""Step 6 for the verdicts that take more than yes or no: redact, and hold for a person."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from core.attribution import Certainty
from core.decision import Decision, HoldOutcome
from core.fingerprint import Fingerprinter
from core.ports import Classifier, Holds
from core.redaction import CannotRedactError, Redacted
from core.review import APPROVAL_LASTS
from core.vocabulary.times import lasting
from proxy.hold_polling import Asking
from proxy.transaction import Ruling

INLINE_BYTES = 64 * 1024


async def redact(classifier: Classifier, ruling: Ruling) -> Redacted | None:
    """Redact the request of this ruling; None when that cannot be done: then `on_error` has become the decision."""
    script = ruling.sender.script
    who = "" if script is None else script.path or script.name
    arguments = (ruling.exchange, ruling.decision.redact_kinds, who)
    try:
        if len(ruling.exchange.body) <= INLINE_BYTES:
            redacted = classifier.redact(*arguments)
        else:
            redacted = await asyncio.to_thread(classifier.redact, *arguments)
    except CannotRedactError as error:
        ruling.decision = fallen_back(ruling.decision, f"redaction: {error.message}")
        return None
    ruling.notes.append(f"{redacted.count} values replaced by placeholders")
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


def hold_key(fingerprinter: Fingerprinter, ruling: Ruling) -> str:
    """Return the keyed mark of a request: same sender, destination, method and content share it."""
    exchange, script = ruling.exchange, ruling.sender.script
    who = "" if script is None else f"{script.path}|{script.sha256}|{script.name}"
    sender = ruling.sender
    if sender.certainty is not Certainty.EXACT:
        # An answer given for a proven script is nobody else's; one for a doubtful one is this process's alone.
        process = sender.process
        started = None if process is None else (process.pid, process.started_at)
        who = f"{who}|{sender.certainty}|{started}"
    where = f"{exchange.method}|{exchange.scheme}|{exchange.host}|{exchange.port}|{exchange.path}"
    return fingerprinter.of("held request", f"{who}|{where}|" + exchange.body.decode("latin-1"))


async def hold(asking: Asking, ruling: Ruling) -> None:
    """Wait for a person; the outcome stands in the decision. The record is journaled already, so it can be seen."""
    decision = ruling.decision
    assert decision.hold_key is not None
    answer = await asking.answer(ruling.reference, decision.hold_seconds or 0)
    if answer is None:
        outcome = HoldOutcome.TIMED_OUT
        ruling.notes.append(
            f"nobody answered within {lasting(timedelta(seconds=decision.hold_seconds or 0))}"
        )
    else:
        outcome = HoldOutcome.APPROVED if answer.approved else HoldOutcome.REFUSED
        ruling.notes.append(f"{outcome} by {answer.who}")
    ruling.decision = replace(
        decision, hold_outcome=outcome, reason=_told(decision.reason, outcome)
    )


async def approved_before(holds: Holds, ruling: Ruling) -> bool:
    """Return True, with the outcome in the decision, when an identical request was approved lately."""
    decision = ruling.decision
    assert decision.hold_key is not None
    since = ruling.exchange.at - APPROVAL_LASTS
    answer = await asyncio.to_thread(holds.answered_before, decision.hold_key, since)
    if answer is None or not answer.approved:
        return False
    ruling.notes.append(f"an identical request was approved by {answer.who}")
    ruling.decision = replace(decision, hold_outcome=HoldOutcome.APPROVED_BEFORE)
    return True


def passes(decision: Decision) -> bool:
    """Return True when the request goes out now."""
    return decision.left


def _told(reason: str, outcome: HoldOutcome) -> str:
    if outcome is HoldOutcome.TIMED_OUT:
        return f"{reason.rstrip('.')}. It waited for a person and nobody answered: have it approved, then run again."
    if outcome is HoldOutcome.REFUSED:
        return f"{reason.rstrip('.')}. A person looked at it and refused."
    return reason
