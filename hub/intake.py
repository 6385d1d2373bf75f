"""Takes uploads: checks the chain before anything is kept, and keeps each entry once.

The row of its chain is locked while an upload is taken, so that hubs beside each other and
deliveries that overlap come one after the other. What is kept and where the chain stands now are
one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.vocabulary.fleet import Alarm
from evidence.merkle import Frontier
from fleet.walking import Walked, walk
from fleet.wire import BrokenUpload, Claims, opened, unpacked
from hub.act_rows import dropped_up_to, keep_acts
from hub.alarms import alarmed
from hub.chains import begin_chain, begun_by
from hub.database import Connection, Database
from hub.erasing import unexplained
from hub.facts import Fact, fact_of
from hub.file_rows import Texts, keep_with_room
from hub.held_checkpoints import hold_against, sizes_of
from hub.how_rows import keep_hows
from hub.reading_later import Whose
from hub.record_rows import keep_records
from hub.room import FileRoom, Room
from hub.sightings import sighted
from hub.stored import entries_of
from hub.sums import add_beside
from hub.words import Numbered, Words

_MOST_QUARANTINED = 200
_MOST_ASIDE_BYTES = 256 << 20
"""Uploads of one endpoint, whatever chains they name, and their bytes: enough to examine, and no
way to fill the disk.
"""
_CHAIN = """SELECT number, endpoint, state, last, head, frontier, key, cut, cut_head, cut_frontier,
    files_to FROM chains WHERE chain = %s AND state <> 'superseded' FOR UPDATE"""
_STANDS = """SELECT endpoint, state, last, cut FROM chains
    WHERE chain = %s AND state <> 'superseded'"""
_KEEP = """INSERT INTO uploads (received, chain, first, last, prev, head, blob)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
_MOVE = """UPDATE chains SET last = %(last)s, head = %(head)s, frontier = %(frontier)s, key = %(key)s,
    files_to = %(files_to)s,
    hows_to = CASE WHEN hows_to = last THEN %(last)s ELSE hows_to END,
    went_to = CASE WHEN went_to = last THEN %(last)s ELSE went_to END,
    rows_to = CASE WHEN rows_to = last THEN %(last)s ELSE rows_to END WHERE number = %(number)s"""
"""What an older hub left out, or read otherwise, is read later: until then no more counts as read.
Hubs of schema 21 go by `went_to`, those of this one by `rows_to`.
"""
_GAP = "INSERT INTO gaps (chain, first, last) VALUES (%s, %s, %s)"
_ASIDE = """INSERT INTO quarantine (at, endpoint, chain, first, last, head, why, blob)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s
    WHERE (SELECT count(*) < %s AND coalesce(sum(length(blob)), 0) + %s <= %s
        FROM quarantine WHERE endpoint = %s)
    ON CONFLICT DO NOTHING"""
_NOT_YOURS = "the chain was begun by another endpoint"
"""Whose it is, nobody at an endpoint is told."""
_QUARANTINE = "UPDATE chains SET state = 'quarantined' WHERE number = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """All entries of the upload are kept, now or before."""

    next: int
    """Number of the entry that is wanted next."""
    new: int
    """Entries that were not there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Entries before those of the upload are missing; nothing was kept."""

    wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The upload is set aside for somebody to look at."""

    why: str


type Answer = Taken | Gap | Refused


@dataclass(slots=True)
class Chain:
    """Where a chain stood before an upload, as its row says."""

    number: int
    endpoint: int
    state: str
    last: int
    head: bytes
    frontier: bytes
    key: bytes | None
    cut: int
    cut_head: bytes | None
    cut_frontier: bytes | None
    files_to: int


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes uploads into one database; may be used from several threads."""

    database: Database
    words: Words
    clock: Callable[[], datetime]
    room: Room = field(default_factory=Room)
    file_room: FileRoom = field(default_factory=FileRoom)

    def take(self, endpoint: int, frame: bytes) -> Answer:
        """Take an upload that this endpoint sent.

        Raises BadUpload for what is none, DatabaseDownError.
        """
        now = self.clock()
        claims, data, at = unpacked(frame)
        try:
            walked = walk(claims, data, at)
        except BrokenUpload as broken:
            return self._aside(endpoint, claims, frame, Alarm.BROKEN, str(broken))
        facts: list[Fact] = []
        told, numbered, many = facts, Numbered(), False
        self.database.month_ready(now)
        if claims.kind == "records":
            facts = [fact_of(text) for text in walked.texts]
            with self.database.at_once() as connection:
                told, many = self.room.told_apart(connection, endpoint, facts)
                if _may_fit(connection, endpoint, claims):
                    numbered = self.words.of(connection, endpoint, told)
        with self.database.work() as connection:
            chain = _chain(connection, endpoint, claims, now)
            problem = _problem(connection, chain, endpoint, claims, walked.hashes)
            if problem is None and not self._still(connection, told, numbered):
                numbered = self.words.of(connection, endpoint, told)
            if isinstance(problem, Gap):
                return problem
            if many and problem is None:
                alarmed(connection, endpoint, Alarm.MANY, now)
            if problem is None:
                new = _Keeping(connection, chain, claims, walked, now, self.file_room)
                return new.kept(frame, facts, told, numbered)
        return self._aside(endpoint, claims, frame, *problem, stop=problem[0] is Alarm.FORK)

    def _still(self, connection: Connection, facts: Sequence[Fact], numbered: Numbered) -> bool:
        """Return whether the numbers are those of all facts, and still stand for the same."""
        if self.words.holds(connection, numbered):
            return bool(numbered.places) or not facts
        self.words.forget()
        return False

    def _aside(
        self,
        endpoint: int,
        claims: Claims,
        frame: bytes,
        kind: Alarm,
        why: str,
        *,
        stop: bool = False,
    ) -> Refused:
        """Set an upload aside and raise the alarm."""
        now = self.clock()
        with self.database.work() as connection:
            if stop:
                row = connection.execute(_CHAIN, (claims.chain,)).fetchone()
                if row is not None:
                    connection.execute(_QUARANTINE, (row[0],))
            alarmed(connection, endpoint, kind, now, why, claims.chain)
            run = (claims.chain, claims.first, claims.last, claims.head)
            most = (_MOST_QUARANTINED, len(frame), _MOST_ASIDE_BYTES, endpoint)
            connection.execute(_ASIDE, (now, endpoint, *run, why, frame, *most))
        return Refused(why=_NOT_YOURS if kind is Alarm.FOREIGN else why)


def _chain(connection: Connection, endpoint: int, claims: Claims, now: datetime) -> Chain:
    """Return the chain, its row locked; made where there is none."""
    row = connection.execute(_CHAIN, (claims.chain,)).fetchone()
    if row is None:
        begin_chain(connection, endpoint, claims.kind, claims.chain, now)
        row = connection.execute(_CHAIN, (claims.chain,)).fetchone()
    assert row is not None
    return Chain(*row)


def _may_fit(connection: Connection, endpoint: int, claims: Claims) -> bool:
    """Return whether an upload seems to be one to keep: of others no word is made."""
    row = connection.execute(_STANDS, (claims.chain,)).fetchone()
    if row is None:
        return claims.first == 1
    whose, state, last, cut = row
    before = claims.first - 1
    return (whose, state) == (endpoint, "good") and (before <= last or before == cut)


def _problem(
    connection: Connection, chain: Chain, endpoint: int, claims: Claims, hashes: Sequence[bytes]
) -> tuple[Alarm, str] | Gap | None:
    """Return why an upload is not to be kept, if so."""
    if chain.endpoint != endpoint:
        return Alarm.FOREIGN, begun_by(connection, claims.chain, endpoint)
    if chain.state != "good":
        return Alarm.FORK, "the chain is set aside since it forked"
    if claims.first > chain.last + 1:
        expired = chain.cut == claims.first - 1 and chain.cut_head == claims.prev
        return None if expired else Gap(wanted=chain.last + 1)
    here = min(chain.last, claims.last)  # the last entry that both know
    told = claims.prev if here < claims.first else hashes[here - claims.first]
    known = chain.head if here == chain.last else _hash_at(connection, chain.number, here)
    if known is not None and told != known:
        return Alarm.FORK, f"entry {here} is another one than was witnessed"
    return None


def _hash_at(connection: Connection, chain: int, seq: int) -> bytes | None:
    """Return the hash of an entry that was kept; None where it lies in a gap."""
    found = entries_of(connection, chain, seq)
    return None if found is None else found.hash_of(seq)


@dataclass(frozen=True, slots=True)
class _Keeping:
    """Keeps what is new of an upload whose chain fits."""

    connection: Connection
    chain: Chain
    claims: Claims
    walked: Walked
    now: datetime
    room: FileRoom

    def kept(
        self, frame: bytes, facts: Sequence[Fact], told: Sequence[Fact], numbered: Numbered
    ) -> Taken:
        """Keep it; `told`: what of the facts is told apart."""
        chain, claims = self.chain, self.claims
        skip = max(0, chain.last + 1 - claims.first)
        first, has_files = claims.first + skip, True
        if first > claims.last:
            return Taken(next=chain.last + 1, new=0)
        tree = self._tree(first)
        values = (self.now, chain.number, first, claims.last, claims.prev, claims.head, frame)
        self.connection.execute(_KEEP, values)
        if claims.kind == "records":
            place = (chain.number, first, self.now)
            new, texts = told[skip:], self.walked.texts[skip:]
            add_beside(self.connection, chain.endpoint)
            keep_records(self.connection, *place, new, numbered)
            keep_hows(self.connection, new, numbered, self.now)
            has_files = self._files(enumerate(texts, first))
            seen = zip(facts[skip:], new, texts, strict=True)
            sighted(self.connection, chain.endpoint, seen, numbered, self.now)
            self._alarm_emptied(first, frame)
        else:
            self._acts(first, self.walked.texts[skip:])
        key = self._grown(tree, first, self.walked.hashes[skip:])
        files_to = claims.last if has_files else chain.files_to
        moved = {"last": claims.last, "head": claims.head, "frontier": tree.to_bytes()}
        read_to = {"files_to": files_to, "key": key, "number": chain.number}
        self.connection.execute(_MOVE, {**moved, **read_to})
        return Taken(next=claims.last + 1, new=claims.last + 1 - first)

    def _files(self, texts: Texts) -> bool:
        """Keep what files were sent; return whether the index has all of the chain. Of one that an
        older hub went on with all is read later; one that is full is read by whoever hunts.
        """
        chain = self.chain
        if chain.files_to != chain.last:
            return False
        place, message = Whose(chain.number, chain.endpoint), (self.now, texts)
        return keep_with_room(self.connection, place, message, self.room, self.now)

    def _tree(self, first: int) -> Frontier:
        """Return the Merkle tree before the first new entry."""
        chain = self.chain
        if first == chain.last + 1:
            return Frontier.from_bytes(chain.last, chain.frontier)
        self.connection.execute(_GAP, (chain.number, chain.last + 1, first - 1))
        told = f"entries {chain.last + 1} to {first - 1}"
        place = (self.now, told, self.claims.chain)
        dropped = dropped_up_to(self.connection, self.claims.chain, first - 1)
        kind = Alarm.DROPPED if dropped else Alarm.GAP
        alarmed(self.connection, chain.endpoint, kind, *place)
        return Frontier.from_bytes(first - 1, chain.cut_frontier or b"")

    def _grown(self, tree: Frontier, first: int, hashes: Sequence[bytes]) -> bytes | None:
        """Grow the tree by the new entries, and hold the checkpoints of the upload against it."""
        sizes = sizes_of(self.claims)
        roots = {first - 1: tree.root()}
        for size, hash_ in enumerate(hashes, first):
            tree.append(hash_)
            if size in sizes:
                roots[size] = tree.root()
        held = hold_against(self.claims, roots, self.chain.key)
        for kind, told in held.alarms:
            chain = self.claims.chain
            alarmed(self.connection, self.chain.endpoint, kind, self.now, told, chain)
        return held.key

    def _alarm_emptied(self, first: int, frame: bytes) -> None:
        if not any(seq >= first for seq in self.walked.emptied):
            return
        entries = opened(frame).run.entries[first - self.claims.first :]
        told = unexplained(self.connection, self.claims.chain, first, entries)
        if told:
            place = (self.now, told, self.claims.chain)
            alarmed(self.connection, self.chain.endpoint, Alarm.EMPTIED, *place)

    def _acts(self, first: int, texts: Sequence[bytes]) -> None:
        place = (self.chain.number, self.chain.endpoint, self.claims.chain)
        keep_acts(self.connection, *place, first, texts, self.now)
