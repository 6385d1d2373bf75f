"""What befell a gate or its evidence, beside the requests and the reviews: started, stopped,
another policy, evidence that could not be written, a clock that jumped, something erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from core.ids import utc_now, uuid7

type Fact = str | int | bool | list[str] | list[int] | list[list[int]] | None


EPOCH_NAME = "%Y%m%dT%H%M%SZ"
"""How an epoch of the key of marks is called: by when it ended, UTC."""


class Event(StrEnum):
    """What happened."""

    GATE_STARTED = "gate_started"
    GATE_STOPPED = "gate_stopped"
    GATE_LOST = "gate_lost"
    POLICY_CHANGED = "policy_changed"
    EVIDENCE_GAP = "evidence_gap"
    CLOCK_JUMPED = "clock_jumped"
    KEY_CHANGED = "key_changed"
    WITNESS_MISSED = "witness_missed"
    MARKS_KEY_ROTATED = "marks_key_rotated"
    MARKS_KEY_DESTROYED = "marks_key_destroyed"
    EXPORTED = "exported"
    REBUILT = "rebuilt"
    MIGRATED = "migrated"
    ERASED = "erased"
    ERASURE_ASKED = "erasure_asked"
    ERASURE_SWEPT = "erasure_swept"
    STAMPED = "stamped"
    EXPIRED = "expired"
    EXPIRED_APART = "expired_apart"
    SUMS_EXPIRED = "sums_expired"
    ACTS_EXPIRED = "acts_expired"
    OUTBOX_DROPPED = "outbox_dropped"
    LEGAL_HOLD = "legal_hold"
    HOLD_LIFTED = "hold_lifted"
    CONTRACT_WRITTEN = "contract_written"
    CONTRACT_ENFORCED = "contract_enforced"
    CONTRACT_LIFTED = "contract_lifted"
    SUCCESSOR_NAMED = "successor_named"
    SCANNED = "scanned"
    HANDED_ON = "handed_on"
    CAPTURE_BEGAN = "capture_began"
    CAPTURE_ENDED = "capture_ended"
    CAPTURE_PASSED = "capture_passed"
    CAPTURE_WINDOW = "capture_window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event, chained like a review: append-only."""

    id: str
    at: datetime
    event: Event
    who: str | None = None
    """The person whose doing it is; None where it is the gate's own."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What is known of it, by name; texts of ours, names and numbers only."""


def epoch_end(name: str) -> datetime | None:
    """Return when the epoch of this name ended; None where the name does not say it."""
    try:
        return datetime.strptime(name, EPOCH_NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def happening(event: Event, facts: Mapping[str, Fact], who: str | None = None) -> Happening:
    """Return an event of now."""
    at = utc_now()
    return Happening(id=uuid7(at), at=at, event=event, who=who, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Which machine and which Outgate a gate is; every start says it in the chain."""

    machine: str
    """A random id of this installation."""
    host: str | None
    """The machine's own name, where the settings let it be told."""
    version: str
    """Of Outgate."""
    policy: str | None = None
    """Version of the policy in force at the start."""

    def facts(self) -> dict[str, Fact]:
        """Return it as facts of an event."""
        return {
            "machine": self.machine,
            "host": self.host,
            "version": self.version,
            "policy": self.policy,
        }
