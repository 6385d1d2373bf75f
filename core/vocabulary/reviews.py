"""What a reviewer did and why, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from core.review import Action, Disposition


class DispositionWords(NamedTuple):
    """How a reason to close a case is called, and what it means."""

    words: str
    meaning: str


DISPOSITIONS: Mapping[Disposition, DispositionWords] = MappingProxyType(
    {
        Disposition.CONFIRMED_LEAK: DispositionWords(
            "confirmed leak",
            "Should not have left. Returns if repeated.",
        ),
        Disposition.FALSE_ALARM: DispositionWords(
            "false alarm", "What was found is not what it looks like."
        ),
        Disposition.ALLOWED_PURPOSE: DispositionWords(
            "allowed purpose",
            "The data may go there for this purpose.",
        ),
        Disposition.TEST_DATA: DispositionWords("test data", "No real person or key is concerned."),
        Disposition.ALREADY_HANDLED: DispositionWords(
            "already handled",
            "Dealt with elsewhere. Returns if repeated.",
        ),
    }
)

ACTS: Mapping[Action, str] = MappingProxyType(
    {
        Action.CLOSE: "closed",
        Action.REOPEN: "reopened",
        Action.NOTE: "noted",
        Action.APPROVE: "approved",
        Action.REFUSE: "refused",
        Action.ASK_APPROVE: "asked a second person to approve",
        Action.APPROVE_SCRIPT: "approved the script of",
        Action.ASK_APPROVE_SCRIPT: "asked a second person to approve the script of",
        Action.WITHDRAW_SCRIPT: "took back the approval of the script of",
    }
)
"""What somebody did with a case, before `it`."""
SHORT_ACTS: Mapping[Action, str] = MappingProxyType(
    {
        Action.CLOSE: "closed",
        Action.REOPEN: "reopened",
        Action.APPROVE: "let pass",
        Action.REFUSE: "refused",
        Action.ASK_APPROVE: "asked for",
        Action.APPROVE_SCRIPT: "script approved",
        Action.ASK_APPROVE_SCRIPT: "script's approval asked for",
        Action.WITHDRAW_SCRIPT: "script's approval taken back",
    }
)
"""The same where one word must do, of what the sender of a case can do for himself."""


def done(action: Action) -> str:
    """Return what somebody did, as a phrase of its own: `closed it`, `approved this version`."""
    match action:
        case Action.APPROVE_SCRIPT:
            return "approved this version"
        case Action.ASK_APPROVE_SCRIPT:
            return "asked a second person to approve this version"
        case Action.WITHDRAW_SCRIPT:
            return "took back the approval of this version"
        case _:
            return f"{ACTS[action]} it"
