"""A part of the gate that fails: what is logged of it, and what the failure table answers."""

import logging
import traceback
from dataclasses import replace
from pathlib import Path

from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.ports import Policy

log = logging.getLogger("outgate.gate")
_FRAMES = 4


def stage_of(error: BaseException) -> str:
    """Return the stage of the failure table that an error in a hook belongs to."""
    return "evidence" if isinstance(error, EvidenceError) else "hook"


def tell(stage: str, error: BaseException, reference: str | None = None) -> str:
    """Log a failure without its message, which may quote payload; return the reference to it."""
    reference = reference or uuid7()
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    log.error("%s failed: %s at %s; reference %s", stage, type(error).__name__, where, reference)
    return reference


def too_late(decision: Decision) -> Decision:
    """Return the refusal of an answer to what had left before something failed."""
    why = decision.reason.rstrip(".")
    told = f"{why}; the request had already been sent, and only its answer is withheld"
    return replace(decision, reason=told)


def answer(policy: Policy, stage: str, reference: str) -> Decision:
    """Return what the failure table says; refuse when even that cannot be asked."""
    try:
        return policy.on_gate_failure(stage, reference)
    except BaseException:  # noqa: BLE001 - boundary: the last answer of a gate in trouble is no
        return Decision(
            verdict=Verdict.BLOCK,
            reason="Outgate could not decide.",
            degraded=(f"{stage}: failed",),
        )
