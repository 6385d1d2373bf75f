"""What befell a gate or its evidence, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from core.happenings import Event

HAPPENED: Mapping[Event, str] = MappingProxyType(
    {
        Event.GATE_STARTED: "a gate started",
        Event.GATE_STOPPED: "a gate stopped",
        Event.GATE_LOST: "a gate ended without stopping",
        Event.POLICY_CHANGED: "another policy came into force",
        Event.EVIDENCE_GAP: "evidence could not be written for a while",
        Event.CLOCK_JUMPED: "the clock of the machine jumped",
        Event.KEY_CHANGED: "checkpoints are signed with another key",
        Event.WITNESS_MISSED: "a witness could not be told of a checkpoint, or was told late",
        Event.MARKS_KEY_ROTATED: "marks of values are made with a new key",
        Event.MARKS_KEY_DESTROYED: "a key of marks was destroyed: its marks are found no more",
        Event.EXPORTED: "evidence was exported",
        Event.REBUILT: "the list of cases was made anew",
        Event.MIGRATED: "the evidence was brought to another format",
        Event.ERASED: "evidence was erased",
        Event.ERASURE_ASKED: "an erasure was asked for, which a second person has to confirm",
        Event.ERASURE_SWEPT: "the files were cleared of what was erased",
        Event.STAMPED: "a checkpoint was stamped with the time by a server",
        Event.EXPIRED: "evidence reached the end of its time and was removed",
        Event.EXPIRED_APART: (
            "evidence behind a legal hold reached the end of its time and was emptied"
        ),
        Event.SUMS_EXPIRED: "sums of long ago reached the end of their time and were removed",
        Event.ACTS_EXPIRED: "acts of long ago reached the end of their time and were emptied",
        Event.OUTBOX_DROPPED: "evidence did not reach a collector and is not sent again",
        Event.LEGAL_HOLD: "evidence was put under a legal hold",
        Event.HOLD_LIFTED: "a legal hold was lifted",
        Event.CONTRACT_WRITTEN: "a script's habits were written down as a contract, in shadow",
        Event.CONTRACT_ENFORCED: "a script was locked to its contract",
        Event.CONTRACT_LIFTED: "a script was unlocked from its contract",
        Event.SUCCESSOR_NAMED: "a script was given a successor to its owner",
        Event.SCANNED: "the scripts that lie on the machine were looked for",
        Event.HANDED_ON: "approved scripts were handed on",
        Event.CAPTURE_BEGAN: "the connections of this machine are brought to the gate",
        Event.CAPTURE_ENDED: "the connections of this machine are brought to the gate no more",
        Event.CAPTURE_PASSED: "connections of programs that are no Python passed the gate unread",
        Event.CAPTURE_WINDOW: "for a while no gate was there for the connections of this machine",
    }
)
"""A sentence without its full stop."""
