"""Erasures: what an endpoint erased is erased here, too: in the uploads, in the rows, in the sums.

The hub holds what the endpoint held (salts, keys of parts), so it erases as the endpoint did, and
every hash stays right. Old versions of the rows are left in PostgreSQL's files until they are
written anew: `sweep` does that, and only then is an erasure told as swept.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from core.happenings import Event, Happening
from evidence.acts import read_act
from evidence.parts import erase
from evidence.removed import Removed
from evidence.shipping import Run, Shipped
from fleet.wire import packed
from hub.act_rows import acts_chain, records_chain
from hub.database import Connection, Database
from hub.facts import fact_of
from hub.file_rows import forget_files, keep_files, take_files
from hub.stored import Kept, readable, rows_from
from hub.sums import keep_dropped, make_all_alone, sum_again, unname
from hub.words import Words

_PENDING = """SELECT e.chain, e.seq, e.endpoint, c.chain, a.body FROM erasures e
    JOIN chains c ON c.number = e.chain JOIN acts a ON a.chain = e.chain AND a.seq = e.seq
    WHERE e.done_at IS NULL ORDER BY e.chain, e.seq LIMIT 1 FOR UPDATE OF e SKIP LOCKED"""
_RECORDS = "SELECT number, last, files_to FROM chains WHERE chain = %s AND endpoint = %s"
_REWRITE = "UPDATE uploads SET blob = %s WHERE number = %s"
_ROW = """UPDATE records SET place = %s, destination = %s, kinds = %s, outcome = %s, account = %s,
    bytes = %s, found = %s, rows_hit = %s, people = %s, most_values = %s, went = %s, review = %s,
    how = %s,
    gone = true WHERE chain = %s AND seq = %s RETURNING received"""
_TOLD = """SELECT a.body FROM acts a JOIN chains c ON c.number = a.chain
    WHERE c.chain = %s AND c.state <> 'superseded'
        AND a.word IN ('erased', 'expired_apart', 'unreadable') ORDER BY a.seq"""
"""Also what an older hub took and could not read: its text is kept as it came."""
_APART = """UPDATE quarantine SET blob = '' WHERE endpoint = %s AND chain = %s
    AND EXISTS (SELECT 1 FROM unnest(%s::bigint[]) AS seq WHERE seq BETWEEN first AND last)"""
_HELD = "DELETE FROM holds WHERE endpoint = %s AND over_at IS NOT NULL"
"""Who was held and what for: what became of it stands in the evidence."""
_SWEPT = (
    *("places", "people", "sums", "had", "scripts", "quarantine", "holds"),
    *("totals", "fleet_cases", "desk_cases", "sent_files", "files", "how_sent", "past_hows"),
)
_DONE = "UPDATE erasures SET done_at = %s, entries = %s WHERE chain = %s AND seq = %s"
_ORPHANS = """DELETE FROM places p WHERE p.endpoint = %s
    AND NOT EXISTS (SELECT 1 FROM records r WHERE r.place = p.number)
    AND NOT EXISTS (SELECT 1 FROM past_sums s WHERE s.place = p.number)"""
_UNSEEN = """DELETE FROM hunt_sightings h WHERE h.endpoint = %s
    AND NOT EXISTS (SELECT 1 FROM places p WHERE p.number = h.place)"""
_ROWS_LEFT = """UPDATE records SET place = %s, how = 0, gone = true
    WHERE chain = %s AND seq = ANY(%s)"""
"""Rows whose messages somebody dropped by hand, or are damaged: of what was in them nothing is
known but these.
"""
_UNLISTED = """DELETE FROM fleet_cases c WHERE c.family = 0
    AND NOT EXISTS (SELECT 1 FROM places p WHERE p.path = c.name)"""
"""Cases of programs that are known by their path alone, of which nothing is left."""
_LONELY = """DELETE FROM people p
    WHERE NOT EXISTS (SELECT 1 FROM places x WHERE x.person = p.number)"""


def erase_pending(database: Database, now: datetime) -> int:
    """Do all erasures that were told of; return how many. Raises DatabaseDownError."""
    done = 0
    while True:
        with database.work() as connection:
            row = connection.execute(_PENDING).fetchone()
            if row is None:
                return done
            chain, seq, endpoint, name, body = row
            entries = _erase(connection, endpoint, records_chain(name), _removed(body))
            connection.execute(_DONE, (now, entries, chain, seq))
        done += 1


def _removed(body: str) -> Removed:
    found = Removed()
    try:
        act = read_act(body).act
    except ValueError:
        return found
    if isinstance(act, Happening) and act.event is Event.ERASED:
        found.take(act)
    return found


def unexplained(connection: Connection, chain: str, first: int, entries: Sequence[Shipped]) -> str:
    """Return what was taken out of entries of a chain of records without an act that tells of it;
    empty where all is told.
    """
    touched = [(seq, entry) for seq, entry in enumerate(entries, first) if entry.emptied]
    if not touched:
        return ""
    removed = Removed()
    for (body,) in connection.execute(_TOLD, (acts_chain(chain),)).fetchall():
        with suppress(ValueError):
            act = read_act(body).act
            if isinstance(act, Happening):
                removed.take(act)
    for seq, entry in touched:
        erased = frozenset[int]() if entry.seal is None else entry.seal.erased
        problem = removed.problem(seq, is_empty=not entry.text, erased=erased)
        if problem is not None:
            return problem
    return ""


def _erase(connection: Connection, endpoint: int, chain: str, removed: Removed) -> int:
    """Erase these entries of a chain; return how many were here."""
    wanted: dict[int, Collection[int] | None] = {**removed.parts, **dict.fromkeys(removed.whole)}
    entries, files = 0, set[int]()
    connection.execute(_APART, (endpoint, chain, sorted(wanted)))
    make_all_alone(connection, endpoint)
    keep_dropped(connection, endpoint)
    for number, last, files_to in connection.execute(_RECORDS, (chain, endpoint)).fetchall():
        here = sorted(seq for seq in wanted if seq <= last)
        if not here:
            continue
        touched: set[int] = set()
        for row in list(rows_from(connection, number, here[0])):
            these = {seq: wanted[seq] for seq in here if row[1] <= seq <= row[2]}
            kept = readable(row) if these else None
            if kept is not None:
                touched.update(these)
                files |= _rewrite(connection, endpoint, (number, files_to), kept, these)
            elif these:  # damaged here: nobody can say what in it tells of whom
                connection.execute(_REWRITE, (b"", row[0]))
        files |= _unname(connection, endpoint, number, here, touched)
        entries += len(here)
    connection.execute(_HELD, (endpoint,))
    if entries:
        sum_again(connection, endpoint)
        forget_files(connection, files)
        connection.execute(_ORPHANS, (endpoint,))
        connection.execute(_UNSEEN, (endpoint,))
        connection.execute(_LONELY)
        connection.execute(_UNLISTED)
    return entries


def _unname(
    connection: Connection, endpoint: int, chain: int, wanted: Sequence[int], done: Collection[int]
) -> set[int]:
    """Take the senders of these entries out of rows whose messages are not here any more, and out
    of the sums of rows that are not; return the numbers of the files that they sent.
    """
    fact = fact_of(b"")
    place = Words().of(connection, endpoint, [fact]).places[fact.sender]
    lacking = [seq for seq in wanted if seq not in done]
    connection.execute(_ROWS_LEFT, (place, chain, lacking))
    unname(connection, chain, wanted, place)
    return take_files(connection, chain, lacking)


def _rewrite(
    connection: Connection,
    endpoint: int,
    chain: tuple[int, int],
    kept: Kept,
    wanted: Mapping[int, Collection[int] | None],
) -> set[int]:
    """Write an upload of a chain, whose files are kept up to an entry, anew without these
    entries, or these parts of them; return the numbers of the files that they sent before.
    """
    run, entries, prev = kept.upload.run, [], kept.upload.run.prev
    for seq, entry in enumerate(run.entries, run.first):
        hash_ = entry.link(prev, seq)
        entries.append(_left(entry, hash_, wanted[seq]) if seq in wanted else entry)
        prev = hash_
    left = Run(
        first=run.first, prev=run.prev, entries=tuple(entries), head=run.head, notes=run.notes
    )
    frame = packed(kept.upload.chain, kept.upload.kind, left)
    connection.execute(_REWRITE, (frame, kept.number))
    files = take_files(connection, chain[0], sorted(wanted))
    words = Words()  # nothing that is remembered elsewhere may name what goes now
    for seq in wanted:
        fact = fact_of(entries[seq - run.first].text)
        found = words.of(connection, endpoint, [fact])
        to, kinds = found.destinations[fact.destination], found.kinds[fact.kinds]
        named = (found.places[fact.sender], to, kinds)
        row: tuple[Any, ...] = (*named, found.words[fact.outcome], found.words[fact.account])
        counts = (*fact[6:11], fact.went, fact.review, found.hows.get(fact.how, 0))
        there = connection.execute(_ROW, (*row, *counts, chain[0], seq)).fetchone()
        if there is not None and seq <= chain[1]:
            keep_files(connection, chain[0], there[0], [(seq, entries[seq - run.first].text)])
    return files


def _left(entry: Shipped, hash_: bytes, parts: Collection[int] | None) -> Shipped:
    if not entry.text:
        return entry
    if parts is None or entry.seal is None:
        return Shipped(text=b"", hash=hash_)
    known = set(range(len(entry.seal.cuts)))
    text, seal = erase(entry.text, entry.seal, known & set(parts))
    return Shipped(text=text, seal=seal)


def sweep(database: Database, now: datetime) -> int:
    """Write anew what erased rows stood in; return how many erasures are swept now.

    The tables are locked meanwhile, one partition after the other: do it at night.
    """
    done = "SELECT count(*) FROM erasures WHERE done_at IS NOT NULL AND swept_at IS NULL"
    parts = """SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent IN ('uploads'::regclass, 'records'::regclass) ORDER BY 1"""
    with database.at_once() as connection:
        row = connection.execute(done).fetchone()
        if row is None or not row[0]:
            return 0
        for (name,) in connection.execute(parts).fetchall():
            connection.execute(f"VACUUM (FULL) {name}".encode())
        for name in _SWEPT:
            connection.execute(f"VACUUM (FULL) {name}".encode())
        connection.execute("CHECKPOINT")
        swept = "UPDATE erasures SET swept_at = %s WHERE done_at <= %s AND swept_at IS NULL"
        return connection.execute(swept, (now, now)).rowcount
