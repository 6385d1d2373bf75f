"""Keeps which files were sent, by name and content, so that a hunt for one reads an index: with
each message that comes, and beside other work of what came before there was an index.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

import orjson

from core.text import printable
from evidence.shipping import Shipped
from hub.database import Connection, Database
from hub.facts import Fact, fact_of
from hub.stored import next_message
from hub.words import Numbered, Words

IN_A_ROUND_S = 20.0
"""How long each minute a hub that serves reads what is not in the index yet."""
_HOLDS_FILES = b'"files"'
_MOST_PATH, _MOST_FILES, _MOST_SENT = 400, 1000, 50_000
"""Of a record, and of a message: many times what a gate tells."""
_SHA256_HEX = 64
_FIND = """SELECT path, sha256, number FROM files
    WHERE (path, sha256) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
    ORDER BY path, sha256 FOR KEY SHARE"""
"""Nobody forgets meanwhile what is there; others may send it, too."""
_MAKE = """INSERT INTO files (path, base, sha256)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
    ON CONFLICT (path, sha256) DO UPDATE SET base = EXCLUDED.base RETURNING path, sha256, number"""
_KEEP = """INSERT INTO sent_files (seq, received, at, bytes, file, chain, place, destination, kinds,
        went)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::int[],
        %s::int[], %s::int[], %s::int[], %s::int[], %s::bool[])
    ON CONFLICT DO NOTHING"""
_MOVE = "UPDATE chains SET files_to = %s WHERE number = %s"
_NEXT = """SELECT number, endpoint, files_to, last FROM chains
    WHERE kind = 'records' AND state <> 'superseded' AND files_to < last
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED"""
_LEFT = """SELECT coalesce(sum(last - files_to), 0)::bigint FROM chains
    WHERE kind = 'records' AND state <> 'superseded' AND files_to < last"""
_TAKE = "DELETE FROM sent_files WHERE chain = %s AND seq = ANY(%s) RETURNING file"
_UNSENT: LiteralString = """SELECT number FROM files f
    WHERE NOT EXISTS (SELECT 1 FROM sent_files s WHERE s.file = f.number)
    ORDER BY path, sha256 FOR UPDATE"""
_UNSENT_OF = _UNSENT.replace("WHERE", "WHERE number = ANY(%s) AND", 1)
_FORGET = """DELETE FROM files f WHERE number = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM sent_files s WHERE s.file = f.number)"""
"""Asked once more: whoever held one of them may have sent it meanwhile."""


class Sent(NamedTuple):
    """A record that sent files."""

    seq: int
    received: datetime
    fact: Fact
    text: bytes


def base_of(path: str) -> str:
    """Return what stands behind the last separator of either kind."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def files_in(text: bytes) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 (hex; empty: not known) of the files in a record, inert."""
    try:
        files = orjson.loads(text).get("files")
    except (orjson.JSONDecodeError, AttributeError):
        return
    for one in files[:_MOST_FILES] if isinstance(files, list) else ():
        path = one.get("path") if isinstance(one, dict) else None
        if isinstance(path, str):
            yield printable(path, _MOST_PATH), _sha256(one.get("sha256"))


def _sha256(value: object) -> str:
    is_one = isinstance(value, str) and len(value) == _SHA256_HEX
    return value if is_one and isinstance(value, str) and set(value) <= _HEX else ""


_HEX = frozenset("0123456789abcdef")


def sent_in(first: int, now: datetime, facts: Sequence[Fact], texts: Sequence[bytes]) -> list[Sent]:
    """Return those of a message's records that sent files; most sent none."""
    return [
        Sent(seq, now, fact, text)
        for seq, (fact, text) in enumerate(zip(facts, texts, strict=True), first)
        if _HOLDS_FILES in text
    ]


def keep_files(
    connection: Connection, chain: int, sent: Sequence[Sent], numbered: Numbered
) -> None:
    """Keep which files these records sent, inside the caller's transaction."""
    found = _by_record((one.seq, one.text) for one in sent)
    named = sorted({file for files in found.values() for file in files})
    if not named:
        return
    numbers = _numbers(connection, named)
    rows = [
        (*_of(one), numbers[file], chain, *_named(one.fact, numbered))
        for one in sent
        for file in found[one.seq]
    ]
    connection.execute(_KEEP, tuple(map(list, zip(*rows, strict=True))))


def _by_record(texts: Iterable[tuple[int, bytes]]) -> dict[int, list[tuple[str, str]]]:
    """Return which files of a message are kept, by the record that sent them."""
    found, count = dict[int, list[tuple[str, str]]](), 0
    for seq, text in texts:
        if _HOLDS_FILES in text:
            found[seq] = sorted(set(files_in(text)))[: _MOST_SENT - count]
            count += len(found[seq])
    return found


def files_kept(entries: Iterable[tuple[int, Shipped]], up_to: int) -> int:
    """Return how many rows the index has of a message, of its records up to this one."""
    texts = ((seq, entry.text) for seq, entry in entries if seq <= up_to)
    return sum(map(len, _by_record(texts).values()))


def _numbers(
    connection: Connection, named: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the numbers of files, made where there are none."""
    columns = tuple(map(list, zip(*named, strict=True)))
    found = {(path, sha): n for path, sha, n in connection.execute(_FIND, columns).fetchall()}
    lacking = [one for one in named if one not in found]
    if lacking:
        paths, hashes = map(list, zip(*lacking, strict=True))
        made = connection.execute(_MAKE, (paths, list(map(base_of, paths)), hashes)).fetchall()
        found |= {(path, sha): n for path, sha, n in made}
    return found


def _of(one: Sent) -> tuple[int, datetime, datetime, int]:
    return one.seq, one.received, one.fact.at or one.received, one.fact.bytes


def _named(fact: Fact, numbered: Numbered) -> tuple[int, int, int, bool]:
    return (
        numbered.places[fact.sender],
        numbered.destinations[fact.destination],
        numbered.kinds[fact.kinds],
        fact.went,
    )


def take_files(connection: Connection, chain: int, seqs: Sequence[int]) -> set[int]:
    """Take out what these records sent: they are erased. Return the numbers of the files."""
    return {number for (number,) in connection.execute(_TAKE, (chain, list(seqs))).fetchall()}


def forget_files(connection: Connection, of: Collection[int] | None = None) -> None:
    """Forget the names of files that no record sent; `of`: of these alone, by their numbers."""
    query, values = (_UNSENT, ()) if of is None else (_UNSENT_OF, (sorted(of),))
    numbers = [number for (number,) in connection.execute(query, values).fetchall()]
    if numbers:
        connection.execute(_FORGET, (numbers,))


def not_read(connection: Connection) -> int:
    """Return of how many records nobody has read yet which files they sent."""
    row = connection.execute(_LEFT).fetchone()
    return 0 if row is None else int(row[0])


def read_files(database: Database, within_s: float) -> int:
    """Read for so long what is not in the index; return how many records are left. Raises
    DatabaseDownError.
    """
    end = time.monotonic() + within_s
    while time.monotonic() < end and _read_one(database):
        pass
    with database.at_once() as connection:
        return not_read(connection)


def _read_one(database: Database) -> bool:
    """Read one message; the row of its chain is locked meanwhile, as by whoever takes one."""
    with database.work() as connection:
        row = connection.execute(_NEXT).fetchone()
        if row is None:
            return False
        chain, endpoint, read, last = row
        found = next_message(connection, chain, read + 1)
        if found is not None:  # else what lacks was never here, or its month was removed
            _keep_message(connection, chain, endpoint, found.received, found.entries)
            last = found.last
        connection.execute(_MOVE, (last, chain))
    return True


def _keep_message(
    connection: Connection,
    chain: int,
    endpoint: int,
    received: datetime,
    entries: Sequence[tuple[int, Shipped]],
) -> None:
    sent = [
        Sent(seq, received, fact_of(entry.text), entry.text)
        for seq, entry in entries
        if _HOLDS_FILES in entry.text
    ]
    if sent:
        numbered = Words().of(connection, endpoint, [one.fact for one in sent])
        keep_files(connection, chain, sent, numbered)
