"""What the queue says of a case in front of what was found: how its hold ended, why it is closed,
and what the sender did on the own behalf. Pure.
"""

from core.decision import HoldOutcome
from core.review import Action, Case, CaseStatus, HoldState
from core.vocabulary.desk import (
    APPROVED_SINCE,
    ASKED_FOR,
    BY_THE_SENDER,
    CAME_BACK,
    EXPIRED_UNSEEN,
    NOT_CERTAIN,
    PROBABLY,
    REFUSED_SINCE,
    UNKNOWN_SENDER,
)
from core.vocabulary.reviews import SHORT_ACTS
from tui.wording import case_sender, disposition_words, safe


def sender_told(case: Case) -> str:
    """Return who sent it, as far as that is certain: `probably report.py`, `unknown sender`."""
    name = case_sender(case)
    if not name:
        return UNKNOWN_SENDER
    return f"{PROBABLY} {name}" if case.likely else name


def sender_short(case: Case) -> str:
    """Return the same where there is no room for the word: `≈ report.py`."""
    name = case_sender(case)
    return f"{NOT_CERTAIN} {name}" if name and case.likely else sender_told(case)


def hold_remark(hold: HoldState | None) -> str:
    """Return what the queue says of a hold that nobody answered in time, or nothing."""
    if hold is None:
        return ""
    if hold.asked_by:
        return f"{ASKED_FOR} {safe(hold.asked_by, 80)}"
    if hold.outcome is not HoldOutcome.TIMED_OUT:
        return ""
    if hold.answer is None:
        return EXPIRED_UNSEEN
    return APPROVED_SINCE if hold.answer.approved else REFUSED_SINCE


def own_remark(case: Case) -> str:
    """Return what the sender did on the own behalf, `by the sender: closed, let pass`, or nothing;
    of a reopened case that it is open is enough.
    """
    answer = None if case.hold is None else case.hold.answer
    acts = set(case.own) | ({_answered(answer.approved)} if answer and answer.own else set())
    if case.status is CaseStatus.OPEN:
        acts.discard(Action.CLOSE)
    did = ", ".join(words for action, words in SHORT_ACTS.items() if action in acts)
    return f"{BY_THE_SENDER}: {did}" if did else ""


def _answered(approved: bool) -> Action:
    return Action.APPROVE if approved else Action.REFUSE


def case_remark(case: Case) -> str:
    """Return what stands before what was found: what the sender did first, for it is to be looked
    at.
    """
    closed = case.status is CaseStatus.CLOSED
    remark = disposition_words(case.disposition) if closed else hold_remark(case.hold)
    if not remark and (case.scope is not None or case.disposition is not None):
        remark = CAME_BACK
    return " · ".join(part for part in (own_remark(case), remark) if part)
