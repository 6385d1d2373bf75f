"""Reading and approving the version of a script that sent a case, by commands. Loads no Textual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.attribution import Script
from core.review import Action, ScriptVersion, script_event
from core.review_ports import CaseStore
from core.stored import StoredRecord
from tui.kept_code import Kept, KeptOf
from tui.script_view import read_script
from tui.version_changes import NOT_AT_HAND, Changes, what_is_new
from tui.wording import safe

DIGITS = 6
"""So many digits of a version's hash name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The version that sent the newest request of a case, and what is new in it."""

    version: ScriptVersion
    new: Changes
    approved: bool


def version_of(store: CaseStore, key: str, kept_of: KeptOf | None) -> Read | None:
    """Return the version that sent the newest request of a case; None where it is not known. Blocks
    on the disk.
    """
    script = _script(store, key)
    if script is None or script.sha256 is None:
        return None
    reading = read_script(store, script.path or script.name)
    known = [one for one in reading.versions if one.sha256 == script.sha256]
    if not known:
        return None
    new = what_is_new(reading, known[0], kept_of or (lambda _: Kept(why=NOT_AT_HAND)))
    return Read(version=known[0], new=new, approved=reading.approved(known[0]))


def _script(store: CaseStore, key: str) -> Script | None:
    newest = next(iter(store.records(key, 1)), None)
    return newest.record.sender.script if isinstance(newest, StoredRecord) else None


def told(read: Read, name: str) -> Iterator[str]:
    """Yield every line to read, and what approves it; `name` is the number of the case."""
    yield read.new.said
    yield from (f"  {row.text}" for row in read.new.lines)
    version = safe(read.version.sha256 or "", 64)[:12]
    if read.new.unread is not None:
        yield f"Only what can be read is approved. {read.new.unread}"
    elif read.approved:
        yield f"Version {version} is approved already."
    else:
        yield f"approve {name} {version} REASON approves this version and no other."


def objection(read: Read, digits: str, *, unread_too: bool) -> str | None:
    """Return why what was named is not approved, or None."""
    named = digits.lower()
    if len(named) < DIGITS or not (read.version.sha256 or "").startswith(named):
        return f"Say which version you read, by {DIGITS} digits or more of its hash; diff tells it."
    if read.approved:
        return "It is approved already."
    if read.new.unread is not None and not unread_too:
        return f"Only what can be read is approved. {read.new.unread}"
    return None


def approve(store: CaseStore, read: Read, who: str, at: datetime, note: str) -> str:
    """Write the approval of a version; return what was done, in words. Raises EvidenceError."""
    unread = read.new.unread is not None
    event = script_event(read.version, approve=True, who=who, at=at, note=note, unread=unread)
    [written] = store.append([event])
    if written.action is Action.ASK_APPROVE_SCRIPT:
        return "Asked for. It is approved once a second person says the same."
    return "Approved unread." if unread else "Approved."
