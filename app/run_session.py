"""What was sent since a program was started behind the gate: its own, and what may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.elsewhere import Elsewhere
from app.gate_registry import RunningGate
from app.home import Home
from core.ids import utc_now
from core.run_members import Members, descends, has_no_sender, is_member, members_told
from core.stored import StoredObservation, UnreadableEntry

if TYPE_CHECKING:
    from evidence.entries import Entry


@dataclass(frozen=True, slots=True)
class Session:
    """The time since a program was started behind the gate."""

    home: Home
    since: datetime

    @classmethod
    def begin(cls, home: Home) -> "Session":
        """Begin now."""
        return cls(home, utc_now())

    def entries(self, pid: int, answer: Mapping[str, Any] | None = None) -> list["Entry"]:
        """Return what this process and its descendants sent since the session began, oldest first.
        `answer`: the gate's, which knows of others that are of it.

        Entries that cannot be read are among them, and requests of which nobody knows the sender:
        they may be the program's.
        """
        from evidence import open_store

        store = open_store(self.home.evidence)
        members = members_told(answer)
        found = store.iter_entries(since=self.since)
        return [entry for entry in found if _may_be_of(entry, pid, members)]

    def told(
        self, gate: RunningGate, pid: int, answer: Mapping[str, Any] | None
    ) -> "tuple[Sequence[Entry], Elsewhere | None]":
        """Return what this process and its descendants sent by this gate, and where that is kept if
        not here.
        """
        if not gate.public:
            return self.entries(pid, answer), None
        elsewhere = Elsewhere.read(gate.url, answer)
        return elsewhere.entries or (), elsewhere


def _may_be_of(entry: "Entry", pid: int, members: Members) -> bool:
    opened = entry.opened()
    if isinstance(opened, UnreadableEntry):
        return True
    if has_no_sender(opened):
        return True
    found = opened.observation if isinstance(opened, StoredObservation) else opened.record
    return descends(found.sender, pid) or is_member(found.sender, members)
