"""Which senders are of a run: those that descend from its process, and those that its gate knows to
be of it though nobody above them is there any more, as of daemons.
"""

from collections.abc import Mapping
from typing import Any

from core.attribution import Attribution
from core.stored import OpenedEntry, StoredRecord

_RECORDINGS, _ITSELF = "recording", "GATE"
"""Methods: of attribution to a recording; of a request that the gate makes of itself."""
_SAME_MS = 50
"""Starts are told to a clock tick or so."""

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
    own = (sender.process, sender.script_process, *sender.ancestry, *sender.candidates)
    return any(process is not None and process.pid == pid for process in own)


def has_no_sender(entry: OpenedEntry) -> bool:
    """Return whether this is a request through a gate that can be nobody's in particular: its
    connection was ended before its process was seen.
    """
    if not isinstance(entry, StoredRecord):
        return False
    record, sender = entry.record, entry.record.sender
    unseen = sender.process is None and not sender.candidates
    return unseen and sender.method != _RECORDINGS and record.request.method != _ITSELF
