"""What is done with an exchange, by which rule, and why."""

from dataclasses import dataclass
from enum import StrEnum


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
        return self in {Verdict.ALLOW, Verdict.WATCH, Verdict.WARN}


class HoldOutcome(StrEnum):
    """How a hold ended; kept apart, for a timeout is nobody's refusal."""

    APPROVED = "approved"
    APPROVED_BEFORE = "approved_before"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"


class Mode(StrEnum):
    """Watch records what a rule would have done; enforce does it."""

    WATCH = "watch"
    ENFORCE = "enforce"


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
