"""What a reviewer does with a case, in words. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """What a reviewer did."""

    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK_APPROVE = "ask_approve"
    """To release or approve a request, which takes a second person."""
    APPROVE_SCRIPT = "approve_script"
    WITHDRAW_SCRIPT = "withdraw_script"
    ASK_APPROVE_SCRIPT = "ask_approve_script"


ASKED_AS: Mapping[Action, Action] = MappingProxyType(
    {Action.APPROVE: Action.ASK_APPROVE, Action.APPROVE_SCRIPT: Action.ASK_APPROVE_SCRIPT}
)
"""What an approval is while it waits for a second person."""
