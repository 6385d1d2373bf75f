"""Sends on what a collector has not taken yet. The evidence itself is the outbox: what is kept is
only how far each collector came, so nothing is lost while it is away, and nothing is kept twice.

What retention removed before the collector took it is an act in the evidence, with from where to
where. A parcel may come twice (the collector had it, and its answer was lost): every message
names its entry of the chain.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InputError
from core.happenings import Event, Fact, happening
from evidence.cursors import FOLDER, NOT_BELIEVED, Cursor, read_cursor, write_cursor
from evidence.notary import Notary, public_key
from evidence.store import Store
from exports.alone import alone_at
from exports.outbox.collectors import Collector, Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a collector has not taken yet."""

    records: int
    acts: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """What goes to one collector."""

    store: Store
    name: str
    machine: str

    @property
    def _folder(self) -> Path:
        return self.store.path.with_name(FOLDER)

    @property
    def file(self) -> Path:
        """Where it is kept how far the collector came."""
        return self._folder / f"{self.name}.json"

    def cursor(self) -> Cursor:
        """Return how far it came; nothing where that is of another evidence file, or where this
        installation did not sign it. Raises InputError.
        """
        begin = Cursor(chain=self.store.chain_id)
        try:
            kept = read_cursor(self.file)
        except FileNotFoundError:
            return begin
        except (ValueError, OSError):
            raise InputError(
                f"Nobody can read in {self.file} how far the collector came.",
                remedy="Remove the file: everything that is kept is then sent again.",
            ) from None
        believed = kept.believed(self.name, public_key(self.store.path))
        return kept.cursor if believed and kept.cursor.chain == begin.chain else begin

    def doubt(self) -> str | None:
        """Return what to say where a file tells how far it came, and is not believed."""
        try:
            kept = read_cursor(self.file)
        except (ValueError, OSError):
            return None  # none, or told by who reads it
        believed = kept.believed(self.name, public_key(self.store.path))
        if believed or kept.cursor.chain != self.store.chain_id:
            return None
        return f"How far it came is not signed by this installation. {NOT_BELIEVED}"

    def waiting(self) -> Waiting:
        """Return what it has not taken yet. Raises InputError, EvidenceError."""
        at = self.cursor()
        with self.store.reading() as connection:
            records = connection.value("SELECT count(*) FROM entries WHERE seq > ?", (at.records,))
            acts = connection.value("SELECT count(*) FROM review_entries WHERE seq > ?", (at.acts,))
        return Waiting(records=int(records), acts=int(acts))

    def forward(self, collector: Collector) -> Waiting:
        """Deliver the next parcel; return what still waits. Where another process is at it, nothing
        is delivered. Raises NotDeliveredError, InputError, EvidenceError.
        """
        with alone_at(self.file) as alone:
            if alone:
                self._forward(collector)
        return self.waiting()

    def _forward(self, collector: Collector) -> None:
        at = self._past_what_is_gone(self.cursor())
        records, acts = self.store.entries_after(at.records), self.store.act_entries_after(at.acts)
        if not records and not acts:
            return
        refused = collector.deliver(Parcel(records=records, acts=acts, machine=self.machine))
        self._keep(
            replace(
                at,
                records=records[-1].link.seq if records else at.records,
                acts=acts[-1].link.seq if acts else at.acts,
            )
        )
        if refused and records:  # an act for refused acts would be refused, too, for ever
            facts: dict[str, Fact] = {
                "collector": self.name,
                "refused": refused,
                "why": "the collector refused it",
            }
            self.store.tell(happening(Event.OUTBOX_DROPPED, facts))

    def _past_what_is_gone(self, at: Cursor) -> Cursor:
        """Tell what expired before it was taken, and go on behind it."""
        with self.store.reading() as connection:
            gone = int(connection.value("SELECT coalesce(max(cut), 0) FROM past WHERE cut > 0"))
        if gone <= at.records:
            return at
        facts: dict[str, Fact] = {
            "collector": self.name,
            "first": at.records + 1,
            "last": gone,
            "why": "their time was over before the collector took them",
        }
        self.store.tell(happening(Event.OUTBOX_DROPPED, facts))
        moved = replace(at, records=gone)
        self._keep(moved)
        return moved

    def _keep(self, cursor: Cursor) -> None:
        write_cursor(self.file, cursor, Notary(self.store.path).key)
