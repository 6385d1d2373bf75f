"""What of an evidence file is exported: all, a time, or some cases; with the acts that belong to
it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from core.case_keys import case_of_key
from core.happenings import Happening
from core.ids import utc_now
from core.review import script_key
from core.stored import UnreadableEntry
from evidence.acts import StoredAct
from evidence.entries import Entry
from evidence.notary import Notary
from evidence.store import Store
from evidence.times import micros
from exports.contents import Contents, opened
from exports.head import Chained, Head, Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records; all conditions must hold."""

    since: datetime | None = None
    """Those that began at or after this time…"""
    until: datetime | None = None
    """… and before this."""
    cases: frozenset[str] | None = None
    """Those of the cases with these keys; None: of all, and of none."""

    records_up_to: int | None = None
    """Records up to this place in their chain; None: all."""
    acts_up_to: int | None = None
    """Acts up to this place in theirs."""

    def held(self, store: Store) -> "Selection":
        """Return it up to what is there now: a gate may write on while it is exported."""
        if self.records_up_to is not None:
            return self
        acts = _last(store.iter_act_entries())
        return replace(
            self,
            records_up_to=store.newest().seq,
            acts_up_to=0 if acts is None else acts.link.seq,
        )

    def contents(self, store: Store) -> Contents:
        """Return what there is of it, to be read once. Acts are read at once: they are few. What
        somebody changed in the file is marked as such.
        """
        if self.cases is None:
            records = store.iter_entries(self.since, self.until)
        else:
            records = store.iter_of_cases(self.cases)
        acts = (act.checked() for act in store.iter_act_entries())
        return Contents(
            (entry.checked() for entry in takewhile(self._reaches, records)),
            [act for act in acts if self._takes(act)],
        )

    def _reaches(self, entry: Entry) -> bool:
        return self.reaches(entry.link.seq)

    def reaches_act(self, act: StoredAct | UnreadableEntry) -> bool:
        """Return whether an act's place is one of those that are taken."""
        last, link = self.acts_up_to, act.link
        return last is None or link is None or link.seq <= last

    def reaches(self, seq: int) -> bool:
        """Return whether the record of this place is one of those that are taken."""
        return self.records_up_to is None or seq <= self.records_up_to

    def _takes(self, act: Entry) -> bool:
        """Return whether an act belongs to it.

        Of a time, all before its end: what was approved earlier is why something passed. Of cases,
        what was said of them and of their scripts.
        """
        if self.acts_up_to is not None and act.link.seq > self.acts_up_to:
            return False
        if self.until is not None and act.at_us >= micros(self.until):
            return False
        if self.cases is None:
            return True
        stored = opened(act)
        if isinstance(stored, UnreadableEntry):
            return True
        if isinstance(stored.act, Happening):
            return False
        return case_of_key(stored.act.case_key) in self.cases | self._scripts()

    def _scripts(self) -> frozenset[str]:
        return frozenset(script_key(key.partition("\x1f")[0]) for key in self.cases or ())

    def filter(self) -> dict[str, Any] | None:
        """Return by what the records are chosen beside their time."""
        return None if self.cases is None else {"cases": len(self.cases)}


def sealer_of(
    store: Store, selection: Selection, format_: str, by: str, at: datetime | None = None
) -> Sealer:
    """Return what makes the head of an export of this, made now or `at`; of a selection that is
    held (`Selection.held`), for a gate writes on. Raises EvidenceError.
    """
    from importlib.metadata import version

    newest, last = store.newest(selection.records_up_to), selection.acts_up_to
    every = store.iter_act_entries()
    acts = _last(act for act in every if last is None or act.link.seq <= last)
    draft = Head(
        format=format_,
        at=at or utc_now(),
        by=by,
        version=version("outgate"),
        since=selection.since,
        until=selection.until,
        filter=selection.filter(),
        records=Chained(chain=store.chain_id, of=newest.seq, head=newest.head.hex()),
        acts=Chained(
            chain=store.acts_chain_id,
            of=0 if acts is None else acts.link.seq,
            head="" if acts is None else acts.link.hash.hex(),
        ),
    )
    return Sealer(draft, Notary(store.path).key)


def _last(entries: Iterator[Entry]) -> Entry | None:
    found = None
    for entry in entries:
        found = entry
    return found
