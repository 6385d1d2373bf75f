"""Which case a record or an observation belongs to: what those of one case share."""

import hashlib

from core.observation import OBSERVED, Observation
from core.record import Record


def case_id(key: str) -> str:
    """Return the short id of a case: the beginning of the SHA-256 of its key."""
    return hashlib.sha256(key.encode()).hexdigest()[:CASE_DIGITS]


CASE_DIGITS = 12


def called(record: Record | Observation) -> str:
    """Return what a person calls the sender; nothing where it is not known."""
    script, process = record.sender.script, record.sender.process
    if script is not None:
        return script.name
    return "" if process is None else process.name


def sender_of(record: Record | Observation) -> str:
    """Return the script's path or name, else the program's; the first part of a case's key."""
    script, process = record.sender.script, record.sender.process
    if script is not None:
        return script.path or script.name
    if process is not None:
        return process.exe or process.name
    return "unknown"


def destination_of(record: Record) -> str:
    """Return the service's id, else the host; the second part of a case's key."""
    return record.destination.service or record.destination.host


def observation_key(seen: Observation) -> str:
    """Return what alike observations share, joined as in `case_key`."""
    return "\x1f".join((sender_of(seen), seen.about, seen.kind.value, OBSERVED))


def case_key(record: Record) -> str:
    """Return what the records of one case share, joined by a unit separator; not a hash, so that it
    stays explainable.
    """
    account = record.destination.account.kind.value
    return "\x1f".join((sender_of(record), destination_of(record), account))


def case_of_key(key: str) -> str:
    """Return the key of the case that an act of any version is about: those of earlier versions
    name kinds and outcome, too, which made cases of their own.
    """
    parts = key.split("\x1f")
    return "\x1f".join(parts[:3]) if len(parts) == _PARTS_BEFORE else key


_PARTS_BEFORE = 5


def key_before(record: Record) -> str:
    """Return the key that earlier versions gave the record's case."""
    kinds = ",".join(sorted({finding.kind for finding in record.findings}))
    return "\x1f".join((case_key(record), kinds, record.outcome))
