"""Verifies the chain of acts: what people did and what befell the gate, and that the record which
each saw is there.
"""

from typing import Any

from core.review import ReviewEvent
from evidence.acts import ReadAct, gone_columns, read_act
from evidence.attested import Roots
from evidence.chain import ChainBroken, ChainVerifier, link, told
from evidence.chain_ids import chain_id
from evidence.database import Connection
from evidence.past import Past
from evidence.removed import Removed

_COLUMNS = (
    *("id", "at_us", "case_key", "action", "script", "script_sha256", "record_id", "hold_key"),
)


class Acts:
    """Reads the chain of acts, and whether the records that they saw are there."""

    def __init__(self, connection: Connection, roots: Roots, past: Past) -> None:
        """Take what is to be read, and up to where records have expired."""
        self._cut, self._head = past.cut, past.head
        self._connection = connection
        self._gone = Removed.of(connection).acts
        self._roots = roots
        self.chain = ChainVerifier(chain_id(connection, "reviews"))
        self.problem: str | None = None
        self.forgotten: str | None = None
        """The first act that saw a record which is not there, or is another."""
        self.reviews = self.unreadable = 0
        self.untold: set[str | None] = set()
        """Cases of acts that cannot be read."""

    def read(self) -> None:
        """Read them all, or up to the first that is not right."""
        query = """SELECT seq, prev, hash, CAST(body AS BLOB),
            id, at_us, case_key, action, script, script_sha256, record_id, hold_key
            FROM review_entries ORDER BY seq"""
        for seq, prev, hash_, text, *columns in self._connection.execute(query):
            over = not text or seq in self._gone
            try:
                self.chain.feed(seq, prev, hash_, text, told(hash_) if over else link)
            except ChainBroken as broken:
                self.problem = str(broken)
                return
            self._roots.feed(hash_)
            if self.problem is None and over:
                self.problem = self._over(seq, text, tuple(columns))
            elif self.problem is None:
                self.problem = self._filed(seq, text, tuple(columns))

    def _filed(self, seq: int, text: bytes, columns: tuple[Any, ...]) -> str | None:
        try:
            act = read_act(text)
        except ValueError:
            self.reviews += 1
            self.unreadable += 1
            self.untold.add(columns[2])
            return None
        self.reviews += isinstance(act.act, ReviewEvent)
        if self.forgotten is None:
            self.forgotten = self._saw(seq, act)
        if act.columns == columns:
            return None
        other = "another id, time, case, act, script or request than it states"
        return f"entry {seq} is filed under {other}"

    def _over(self, seq: int, text: bytes, columns: tuple[Any, ...]) -> str | None:
        """Return what is wrong with an act whose time is over, if anything: nothing is left of it
        but its hash, which the next one proves.
        """
        if seq not in self._gone:
            return f"entry {seq} was emptied, and no act tells of it"
        left = gone_columns(seq)
        if text or columns != tuple(left[name] for name in _COLUMNS):
            return f"the time of entry {seq} was over, and something of it is there again"
        return None

    def _saw(self, seq: int, act: ReadAct) -> str | None:
        if not act.head:
            return None
        if act.up_to < self._cut:
            return None
        query = "SELECT hash FROM entries WHERE seq = ?"
        found = (
            self._head if act.up_to == self._cut else self._connection.value(query, (act.up_to,))
        )
        if found is not None and bytes(found) == act.head:
            return None
        wrong = "which is not there" if found is None else "which is another one here"
        return f"act {seq} in the reviews saw records up to entry {act.up_to}, {wrong}"
