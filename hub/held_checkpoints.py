"""Holds the signed checkpoints of an upload against the entries that it brings. Pure but for the
signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.vocabulary.fleet import Alarm
from evidence.checkpoint import BadCheckpoint, Checkpoint, Part, fingerprint, opened
from fleet.wire import Claims


@dataclass(slots=True)
class Held:
    """What came of it."""

    key: bytes | None
    """With which this chain's checkpoints are signed now."""
    alarms: list[tuple[Alarm, str]] = field(default_factory=list)


def sizes_of(upload: Claims) -> set[int]:
    """Return the sizes at which checkpoints of an upload claim a root; of bad ones none."""
    found = set()
    for note in upload.notes:
        try:
            found.add(_part(opened(note.note, note.public), upload).size)
        except BadCheckpoint:
            continue
    return found


def hold_against(upload: Claims, roots: Mapping[int, bytes], key: bytes | None) -> Held:
    """Compare the checkpoints with the roots at their sizes; `key` signed those before, if any."""
    held = Held(key)
    for note in upload.notes:
        try:
            part = _part(opened(note.note, note.public), upload)
        except BadCheckpoint as bad:
            held.alarms.append((Alarm.CHECKPOINT, str(bad)))
            continue
        if part.chain != upload.chain:
            held.alarms.append((Alarm.CHECKPOINT, "it is of another chain"))
        elif roots.get(part.size, part.root) != part.root:
            held.alarms.append((Alarm.CHECKPOINT, f"its root at {part.size} entries is another"))
        if held.key is not None and held.key != note.public:
            told = f"{fingerprint(held.key)} before, {fingerprint(note.public)} now"
            held.alarms.append((Alarm.KEY, told))
        held.key = note.public
    return held


def _part(checkpoint: Checkpoint, upload: Claims) -> Part:
    return checkpoint.records if upload.kind == "records" else checkpoint.acts
