"""What an export holds: records, the acts beside them, and a count of what went by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.case_keys import case_key, case_of_key, sender_of
from core.happenings import Happening
from core.record import Record
from core.review import ReviewEvent, script_key
from core.stored import CHANGED, UnreadableEntry
from evidence.acts import Act, StoredAct, opened_act
from evidence.entries import Entry


@dataclass(slots=True)
class Tally:
    """The entries of one chain that went into an export."""

    count: int = 0
    runs: list[list[int]] = field(default_factory=list)
    """First and last number of each unbroken run."""

    def note(self, seq: int) -> None:
        """Count one more; numbers come in rising order."""
        self.count += 1
        if self.runs and self.runs[-1][1] == seq - 1:
            self.runs[-1][1] = seq
        else:
            self.runs.append([seq, seq])

    @property
    def first(self) -> int | None:
        """Number of the first."""
        return self.runs[0][0] if self.runs else None

    @property
    def last(self) -> int | None:
        """Number of the last."""
        return self.runs[-1][1] if self.runs else None


class Contents:
    """Records in the order of their chain, and the acts that belong to them in that of theirs."""

    def __init__(self, records: Iterable[Entry], acts: Sequence[Entry] = ()) -> None:
        self._records = records
        self.acts = acts
        """Entries of the chain of acts."""
        self.counted, self.acts_counted = Tally(), Tally()
        self.changed = sum(act.is_changed for act in acts)
        """Records and acts that went by and are not what was chained."""
        for act in acts:
            self.acts_counted.note(act.link.seq)

    def records(self) -> Iterator[Entry]:
        """Give the records once, and count them."""
        for entry in self._records:
            self.counted.note(entry.link.seq)
            self.changed += entry.is_changed
            yield entry

    def uncounted(self) -> Iterable[Entry]:
        """Return the records for somebody else to count."""
        return self._records

    def opened_acts(self) -> Iterator[StoredAct | UnreadableEntry]:
        """Give the acts as they are understood."""
        return map(opened, self.acts)


def opened(act: Entry) -> StoredAct | UnreadableEntry:
    """Return an act as it is understood."""
    if act.is_changed:
        return act.unreadable(CHANGED)
    link = act.link
    return opened_act(link.chain_id, (link.seq, link.prev, link.hash, act.id, act.text, None))


class Said:
    """What reviewers said, to be found by the record that they said it of."""

    def __init__(self, acts: Iterable[StoredAct | UnreadableEntry]) -> None:
        self._by: dict[str, list[tuple[int, ReviewEvent]]] = {}
        for stored in acts:
            if isinstance(stored, StoredAct) and isinstance(stored.act, ReviewEvent):
                self._file(stored.link.seq, stored.act)

    def _file(self, seq: int, event: ReviewEvent) -> None:
        if event.script is not None:
            key = _version(event.script, event.script_sha256)
        else:
            key = event.record_id or case_of_key(event.case_key)
        self._by.setdefault(key, []).append((seq, event))

    def of(self, record: Record) -> list[ReviewEvent]:
        """Return what was said of this record, its case or its version of the script, in order."""
        script = record.sender.script
        version = _version(sender_of(record), None if script is None else script.sha256)
        found = [
            said for key in (record.id, case_key(record), version) for said in self._by.get(key, ())
        ]
        return [event for _, event in sorted(found, key=lambda said: said[0])]


def _version(script: str, sha256: str | None) -> str:
    return f"{script_key(script)}\x1f{sha256 or ''}"


def is_review(act: Act) -> bool:
    """Return whether a person did it in the review; else it befell the gate."""
    return not isinstance(act, Happening)
