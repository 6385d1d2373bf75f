"""How many different people stand in the requests since a day, from their records: read in steps,
the newest first, so that nobody waits for all of them.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from core.case_inside import people_in
from core.findings import AT_LEAST, NOT_INSPECTED
from core.vocabulary.kinds import tells_of_people
from evidence.alike import Found
from evidence.case_sums import KindSums
from evidence.database import Connection
from evidence.frames import opener
from evidence.store import Store
from evidence.times import micros

STEP = 2_000
"""So many entries are read at once: some 30 ms."""
_NEW = "SELECT seq, at_us, body FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
_OLD = """SELECT seq, at_us, body FROM entries
    WHERE at_us >= ? AND (at_us, seq) < (?, ?) ORDER BY at_us DESC, seq DESC LIMIT ?"""
_NEWEST = "SELECT coalesce(max(seq), 0) FROM entries"
_BEGIN, _END = b',"findings":[', b'],"id":"'
"""Around the findings in the text of a record. No string in it holds their quotes."""
_DEGRADED = b'{"degraded":["'
"""Some stage of the decision failed."""
_LAST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSince:
    """What is known."""

    people: int
    """Different ones in all requests that were read, sent or stopped; at least so many unless
    `exact`.
    """
    exact: bool
    whole: bool
    """Every request of that time was read."""
    unknown: int
    """Requests of which nobody knows whom else they are about: erased, damaged, or not inspected
    in full.
    """


@dataclass(slots=True)
class _Sums:
    """Requests whose values have fingerprints under one key."""

    most: int = 0
    kinds: dict[str, KindSums] = field(default_factory=dict)

    def add(self, personal: Sequence[Found]) -> None:
        """Add what one request tells of people."""
        for kind in {one.kind for one in personal}:
            self.kinds.setdefault(kind, KindSums()).requests += 1
        for one in personal:
            self.most = max(self.most, one.distinct if one.subjects is None else one.subjects)
            self.kinds[one.kind].add(one)

    @property
    def people(self) -> tuple[int, bool]:
        """How many, and whether that is exact."""
        return people_in(self.most, {kind: sums.inside for kind, sums in self.kinds.items()})


class PeopleLately:
    """Counts people since one moment; asked for another, it begins again. For one thread."""

    def __init__(self, store: Store, step: int = STEP) -> None:
        self._store, self._step = store, step
        self._open = opener()
        self._begin(None, 0)

    def _begin(self, since_us: int | None, newest: int) -> None:
        self._since_us, self._first, self._top = since_us, newest, newest
        self._before: tuple[int, int] | None = (_LAST, _LAST)
        """What is older than this is still to be read; None: nothing is."""
        self._sums: dict[int, _Sums] = {}
        self._unknown = 0

    def read_on(self, since: datetime, ended: Sequence[datetime] = ()) -> PeopleSince:
        """Read one step further, new entries first. `ended`: when keys of fingerprints ended, the
        earliest first: under another key a person is not known again. Raises EvidenceError.
        """
        since_us = micros(since)
        with self._store.reading() as connection:
            if since_us != self._since_us:
                self._begin(since_us, int(connection.value(_NEWEST)))
            new = connection.execute(_NEW, (self._top, self._step)).fetchall()
            old = self._older(connection, self._step - len(new))
        if new:
            self._top = new[-1][0]
        keys = [micros(one) for one in ended]
        for _, at_us, body in new:
            if at_us >= since_us:
                self._add(bisect(keys, at_us), body)
        for seq, at_us, body in old:
            if seq <= self._first:  # what came later was read as new
                self._add(bisect(keys, at_us), body)
        return self._told(whole=self._before is None and len(new) < self._step)

    def _older(self, connection: Connection, room: int) -> list[tuple[int, int, object]]:
        if not room or self._before is None:
            return []
        old = connection.execute(_OLD, (self._since_us, *self._before, room)).fetchall()
        self._before = (old[-1][1], old[-1][0]) if len(old) == room else None
        return old

    def _add(self, key: int, body: object) -> None:
        text = self._open(body)
        try:
            found = findings_in(text)
        except ValueError:
            self._unknown += 1
            return
        if text and (_DEGRADED in text or any(one.kind == NOT_INSPECTED for one in found)):
            self._unknown += 1
        personal = [one for one in found if tells_of_people(one.kind)]
        if personal:
            self._sums.setdefault(key, _Sums()).add(personal)

    def _told(self, *, whole: bool) -> PeopleSince:
        each = [sums.people for sums in self._sums.values()]
        people = max((people for people, _ in each), default=0)
        exact = whole and not self._unknown and len(each) <= 1 and all(one for _, one in each)
        return PeopleSince(people=people, exact=exact, whole=whole, unknown=self._unknown)


def findings_in(text: bytes | None) -> list[Found]:
    """Return what the text of an entry tells of its findings, but for published examples; an
    observation has none. Raises ValueError where that cannot be read, or was erased.
    """
    text = text or b""
    begin = text.find(_BEGIN)
    end = text.find(_END, begin) if begin >= 0 else -1
    try:
        if end >= 0:
            findings = orjson.loads(text[begin + len(_BEGIN) - 1 : end + 1])
        else:
            findings = orjson.loads(text).get("findings", [])
        return [_found(one) for one in _listed(findings) if not one.get("test_data")]
    except (KeyError, TypeError, AttributeError):
        raise ValueError("its findings are damaged") from None


def _listed(findings: object) -> list[Any]:
    if not isinstance(findings, list):
        raise TypeError
    return findings


def _found(finding: Mapping[str, Any]) -> Found:
    distinct, subjects = finding["distinct"], finding.get("subjects")
    if not isinstance(distinct, int) or not isinstance(subjects, int | None):
        raise TypeError
    return Found(
        kind=str(finding["kind"]),
        distinct=distinct,
        records=None,
        subjects=subjects,
        fingerprints=tuple(map(str, finding["fingerprints"])),
        least=AT_LEAST in (finding.get("note") or ""),
    )
