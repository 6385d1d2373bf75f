"""What a script's page tells of the file as it lies there: its owner and who follows, flaws,
credentials, schedules. Where the file was not looked at, why: never that there is nothing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.happenings import Event, Happening
from core.record import Record
from core.scanned import OwnerState
from core.vocabulary.sizes import number

if TYPE_CHECKING:
    from app.home import Home
    from app.settings import Settings
    from core.scanned import Flaw, Owner, ScannedScript
    from evidence.store import Store
    from inventory.owners import Listed

_MOST = 20
_GONE = frozenset({OwnerState.GONE, OwnerState.DISABLED})
_CHANGED = "of the file as it lies there: it has changed since it ran last"
_PERHAPS = "of the file as it lies there: whether it changed since it ran last is not known"
_SCHEDULES = (
    "/etc/crontab",
    "/etc/anacrontab",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron",
    "/etc/systemd/system",
    "~/.config/systemd/user",
    "~/Library/LaunchAgents",
    "/Library/LaunchDaemons",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsItLies:
    """The file of a script, as the scan sees it."""

    scanned: "ScannedScript | None"
    why_not: str | None
    """Why nobody could look at it; None where it was looked at."""
    unread: str | None = None
    """Why it, or a part of it, could not be read."""
    differs: str | None = None
    """How what is told may not be of the version that ran last."""

    @property
    def owner(self) -> "Owner | None":
        """Whose file it is; None where nobody could look."""
        return None if self.scanned is None else self.scanned.owner


def as_it_lies(
    home: "Home",
    settings: "Settings",
    script: str,
    ran: str | None,
    listed: "Mapping[str, Listed] | None",
) -> AsItLies:
    """Return what the scan engine says of a script's file. `ran`: hash of the version that ran
    last, where it is known.
    """
    from app.scanning import look_at

    why = _absent(script, hidden=settings.user_names != "clear")
    scanned = None if why is not None else look_at(home, script, _SCHEDULES, listed)
    if why is None and scanned is None:
        why = "the file there is no script of anybody's, but part of a package or of the system"
    if scanned is None:
        return AsItLies(scanned=None, why_not=why)
    differs = None if scanned.sha256 == ran else _CHANGED
    return AsItLies(
        scanned=scanned,
        why_not=None,
        unread=None if scanned.readable else scanned.why_unread or "it cannot be read",
        differs=differs if ran and scanned.sha256 else _PERHAPS,
    )


def _absent(script: str, *, hidden: bool) -> str | None:
    """Return why no file lies where this script was; None where one does."""
    if not os.path.isabs(script):  # noqa: PTH117 - a path as records hold it
        return "it is no file"
    try:
        os.stat(script)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        told = "the file is gone"
        return f"{told}, or user_names hides its path" if hidden else told
    except (OSError, ValueError):
        return "this account may not look there"
    return None if os.path.isfile(script) else "it is no file"  # noqa: PTH113


def first_of(lines: Sequence[str]) -> Iterator[str]:
    """Yield the first lines of a part, and how many there are beside."""
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"and {number(len(lines) - _MOST)} more"


def successors(store: "Store") -> dict[str, Happening]:
    """Return the newest act that names a successor, by script."""
    from evidence.acts import StoredAct

    found: dict[str, Happening] = {}
    for stored in store.iter_acts():
        act = stored.act if isinstance(stored, StoredAct) else None
        if isinstance(act, Happening) and act.event is Event.SUCCESSOR_NAMED:
            found[str(act.facts.get("script"))] = act
    return found


def owner_lines(store: "Store", script: str, last: Record | None, file: AsItLies) -> Iterator[str]:
    """Yield whose it is, whether that account can still answer, and who follows."""
    owner = file.owner
    yield _recorded_owner(last, file) if owner is None else _owner(owner)
    named = successors(store).get(script)
    if named is not None:
        yield f"successor {named.facts['successor']}, named by {named.who} on {named.at:%Y-%m-%d}"
        if named.facts.get("reason"):
            yield f"“{named.facts['reason']}”"
    elif owner is not None and is_orphan(owner):
        proposed = f" {owner.successor}" if owner.successor else " NAME"
        yield f"name a successor: outgate scripts owner {script} --successor{proposed}"


def _owner(owner: "Owner") -> str:
    if owner.state is OwnerState.PRESENT:
        return owner.name
    return f"{owner.name} ({owner.state.value}): {owner.why}"


def _recorded_owner(last: Record | None, file: AsItLies) -> str:
    script = None if last is None else last.sender.script
    version = {} if script is None or script.version is None else script.version
    name = version.get("owner")
    return f"{name}, when it ran last; {file.why_not}" if name else f"not known; {file.why_not}"


def is_orphan(owner: "Owner") -> bool:
    """Return whether nobody can answer for a script any more."""
    return owner.state in _GONE


def flaw_lines(file: AsItLies) -> Iterator[str]:
    """Yield the flaws of the file, or why nobody looked."""
    from core.scanned import Grade

    if file.scanned is None:
        yield f"not looked for: {file.why_not}"
        return
    yield from _remarks(file)
    grave = [flaw for flaw in file.scanned.flaws if flaw.grade is not Grade.REMARK]
    yield from first_of([_flaw(flaw) for flaw in grave])
    if not grave and file.unread is None:
        from inventory import flaws

        yield "none" if flaws.program() else f"not looked for: install {flaws.EXTRA}"


def _remarks(file: AsItLies) -> Iterator[str]:
    if file.unread is not None:
        yield f"not all could be looked for: {file.unread}"
    if file.differs is not None:
        yield file.differs


def _flaw(flaw: "Flaw") -> str:
    return f"{flaw.place}: {flaw.words} ({flaw.rule}, {flaw.grade})"


def credential_lines(file: AsItLies) -> Iterator[str]:
    """Yield the credentials in the file, masked, or why nobody looked."""
    if file.scanned is None:
        yield f"not looked for: {file.why_not}"
        return
    yield from _remarks(file)
    real = [secret for secret in file.scanned.secrets if not secret.test_data]
    told = [f"{one.place}: {one.type} {one.excerpt} ({one.confidence.value})" for one in real]
    yield from first_of(told)
    if not told and file.unread is None:
        yield "none"


def schedule_lines(file: AsItLies, last: Record | None) -> Iterator[str]:
    """Yield what starts the file, and what started the run that sent last."""
    from inventory import wording

    entries = () if file.scanned is None else file.scanned.started_by
    yield from first_of([wording.starts(one) for one in entries])
    by = None if last is None else last.sender.started_by
    if by:
        yield f"started by {by} when it ran last"
    elif file.scanned is None:
        yield f"not looked for: {file.why_not}"
    elif not entries:
        yield "none known"
