"""The answer for uploads to an account that nobody can name: a floor under what rules decide."""

from dataclasses import dataclass

from core.classification import AccountKind, Category
from core.decision import Mode, Verdict
from core.situation import Situation
from policy.compiled import CompiledRule

RULE_ID = "on_unknown_account"
_WITH_ACCOUNTS = frozenset({Category.CLOUD_STORAGE, Category.CODE_HOST, Category.MESSAGING})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAccountAnswer:
    """What happens to uploads to an account that nobody can name."""

    verdict: Verdict
    over: int = 0
    """Bytes that a script must have sent there within a day, this request included. Where not all
    was counted, it may have.
    """

    def to(self, s: Situation) -> Verdict | None:
        """Return the answer to this request; None when it is none of its business."""
        reached = _within_a_day(s) >= self.over or not s.volume.day_exact
        return self.verdict if _nobodys(s) and reached else None

    def waits_for_size(self, s: Situation) -> bool:
        """Return True when the answer depends on how much is still to come."""
        return _nobodys(s) and _within_a_day(s) < self.over and s.volume.day_exact

    def as_rule(self, mode: Mode) -> CompiledRule:
        """Return the rule that stands in decisions and records."""
        return CompiledRule(
            id=RULE_ID,
            description="nobody can tell whose account this is",
            verdict=self.verdict,
            mode=mode,
            on_error=None,
        )


def _nobodys(s: Situation) -> bool:
    d = s.destination
    return d.upload and d.account.kind is AccountKind.UNKNOWN and d.category in _WITH_ACCOUNTS


def _within_a_day(s: Situation) -> int:
    return s.volume.bytes_day + s.request_bytes
