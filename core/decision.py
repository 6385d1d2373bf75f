"""What is done with an exchange, by which rule, and why."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from core.values import quick


class Verdict(StrEnum):
    """What happens to a request."""

    ALLOW = "allow"
    WATCH = "watch"
    WARN = "warn"
    REDACT = "redact"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def passes(self) -> bool:
        """True when the request goes out unchanged at once."""
        match self:
            case Verdict.ALLOW | Verdict.WATCH | Verdict.WARN:
                return True
            case Verdict.REDACT | Verdict.HOLD | Verdict.BLOCK:
                return False
            case _:
                assert_never(self)


class HoldOutcome(StrEnum):
    """How a hold ended; kept apart, for a timeout is nobody's refusal."""

    APPROVED = "approved"
    APPROVED_BEFORE = "approved_before"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"

    @property
    def released(self) -> bool:
        """True when the held request went out after all."""
        match self:
            case HoldOutcome.APPROVED | HoldOutcome.APPROVED_BEFORE:
                return True
            case HoldOutcome.REFUSED | HoldOutcome.TIMED_OUT:
                return False
            case _:
                assert_never(self)


def lets_out(verdict: Verdict, hold: HoldOutcome | None = None) -> bool:
    """Return whether a request leaves: as a whole, redacted, or held and then released.

    The one answer to “did it leave?”. `hold` is None while it waits: nothing has left then.
    """
    match verdict:
        case Verdict.ALLOW | Verdict.WATCH | Verdict.WARN | Verdict.REDACT:
            return True
        case Verdict.HOLD:
            return hold is not None and hold.released
        case Verdict.BLOCK:
            return False
        case _:
            assert_never(verdict)


HOLD_SECONDS: float = 120
"""How long a held request waits where neither its rule nor the settings say it: so long that a
person who is told can look and answer.
"""


def hold_word(ending: HoldOutcome) -> str:
    """Return how sums of outcomes call a hold that ended so."""
    return f"{Verdict.HOLD}:{ending}"


@lru_cache(maxsize=256)
def left_by(verdict: str, hold: str | None = None) -> bool:
    """Return `lets_out` of a case's words; False for words of a later version, whose sense is not
    known.
    """
    if verdict not in Verdict:
        return False
    outcome = HoldOutcome(hold) if hold is not None and hold in HoldOutcome else None
    return lets_out(Verdict(verdict), outcome)


def left_by_ending(word: str) -> bool:
    """Return `left_by` of an outcome as sums call it: see `core.record.Record.ending`."""
    verdict, _, hold = word.partition(":")
    return left_by(verdict, hold or None)


class Mode(StrEnum):
    """Watch records what a rule would have done; enforce does it."""

    WATCH = "watch"
    ENFORCE = "enforce"


_DEEDS = frozenset({"redaction", "hold"})
"""Stages that do what a rule asks, when all is known."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of policy for one exchange."""

    verdict: Verdict
    """What is really done."""
    rule: str | None = None
    """Id of the rule that decided; None when no rule matched."""
    reason: str = ""
    """Plain words for the analyst and the officer."""
    degraded: tuple[str, ...] = ()
    """Stages that failed before the decision, each as `stage: why`."""
    intended: Verdict | None = None
    """What the rule asks for, when watch mode or a failure made it something else."""
    policy: str | None = None
    """Version of the policy in force: the first 16 hex digits of its SHA-256."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers to set on the request (overwrite, never append)."""
    contact: str | None = None
    """Whom an analyst may ask."""
    hold_seconds: float | None = None
    hold_key: str | None = None
    """Keyed mark of a held request: identical requests share it."""
    hold_outcome: HoldOutcome | None = None
    """None while it is held, and for requests that never were."""
    redact_kinds: frozenset[str] = frozenset()
    """Kinds to redact, when the verdict is REDACT."""
    restore: bool = True
    """Whether redacted values are put back into the answer."""
    on_error: Verdict = Verdict.BLOCK
    """What happens when the request cannot be redacted or held as asked."""

    @property
    def left(self) -> bool:
        """Whether the gate let the request leave; what of it arrived is another question."""
        return lets_out(self.verdict, self.hold_outcome)

    @property
    def failed_checks(self) -> tuple[str, ...]:
        """What failed and left something unchecked: all of `degraded` but that a request could not
        be redacted or held, which is what becomes of one that was read.
        """
        return tuple(one for one in self.degraded if one.partition(":")[0] not in _DEEDS)
