"""Which senders are of a run: those that descend from its process, and those that its gate knows to
be of it though nobody above them is there any more, as of daemons.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.attribution import Attribution, ProcessRef
from core.stored import OpenedEntry, StoredRecord

_RECORDINGS, _ITSELF = "recording", "GATE"
"""Methods: of attribution to a recording; of a request that the gate makes of itself."""
_SAME_MS = 50
"""Starts are told to a clock tick or so."""
SAME = timedelta(seconds=1)
"""Starts of one process differ by no more, though the clock was put right meanwhile."""

type Members = frozenset[tuple[int, int]]
"""Processes, each with its start in milliseconds since 1970."""


def members_told(answer: Mapping[str, Any] | None) -> Members:
    """Return the processes of a run, as its gate tells them: each with its start."""
    told = (answer or {}).get("members")
    pairs = told if isinstance(told, list) else []
    return frozenset(
        (one[0], one[1])
        for one in pairs
        if isinstance(one, list) and len(one) == 2 and all(isinstance(n, int) for n in one)
    )


def is_member(sender: Attribution, members: Members) -> bool:
    """Return whether this sender is one of them."""
    process = sender.process
    if process is None or process.started_at is None:
        return False
    began = process.started_at.timestamp() * 1000
    return any(pid == process.pid and abs(ms - began) < _SAME_MS for pid, ms in members)


def descends(sender: Attribution, pid: int) -> bool:
    """Return whether a request was sent by this process or one that descends from it.

    Of a socket that several processes share, any of them will do.
    """
    return any(process.pid == pid for process in _line(sender))


def descends_from(
    sender: Attribution, process: ProcessRef, set_by: timedelta = timedelta()
) -> bool:
    """Return the same of a process and not of its number, which others had before it: whose start
    is not known is nobody's ancestor. `set_by`: as much as the clock was put right meanwhile.
    """
    began, same = process.started_at, SAME + set_by
    return began is not None and any(
        one.pid == process.pid and one.started_at is not None and abs(one.started_at - began) < same
        for one in _line(sender)
    )


def _line(sender: Attribution) -> Iterator[ProcessRef]:
    own = (sender.process, sender.script_process, *sender.ancestry, *sender.candidates)
    return (process for process in own if process is not None)


def has_no_sender(entry: OpenedEntry) -> bool:
    """Return whether this is a request through a gate that can be nobody's in particular: its
    connection was ended before its process was seen.
    """
    if not isinstance(entry, StoredRecord):
        return False
    record, sender = entry.record, entry.record.sender
    unseen = sender.process is None and not sender.candidates
    return unseen and sender.method != _RECORDINGS and record.request.method != _ITSELF


def may_be_detached(sender: Attribution, run: ProcessRef, set_by: timedelta = timedelta()) -> bool:
    """Return whether this process began after a run's did and has let go of its parents, as daemons
    do: it may be of that run, and nothing above it tells. `set_by`: see `descends_from`.
    """
    process, began = sender.process, run.started_at
    if process is None or process.started_at is None or began is None:
        return False
    began -= set_by
    older = [one for one in sender.ancestry if not _is_later(one, began)]
    return _is_later(process, began) and (not older or _adopts(older[0]))


def _is_later(process: ProcessRef, began: datetime) -> bool:
    return process.started_at is not None and process.started_at > began - SAME


def _adopts(process: ProcessRef) -> bool:
    """Whether processes become its children whose parents are gone."""
    return process.pid == 1 or process.name == "systemd"
