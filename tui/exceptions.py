"""Which exception of the policy would let pass what a record says could not be inspected. Pure."""

from core.attribution import Certainty
from core.fate import WANTS_CERTIFICATE, Fate
from core.record import Record
from policy.exception_lines import Needed, Wants


def needed_exception(record: Record) -> Needed | None:
    """Return the exception that it would take; None where none would help."""
    if WANTS_CERTIFICATE in record.notes:
        wants = Wants.CERTIFICATE
    elif record.fate is Fate.UNTRUSTED:
        wants = Wants.PINNED
    else:
        return None
    script = record.sender.script
    proven = record.sender.certainty is Certainty.EXACT and script is not None
    path = script.path if proven and script is not None else None
    return Needed(wants=wants, host=record.destination.host, script=path)
