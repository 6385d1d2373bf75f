"""Keeps which files were sent, by name and content, so that a hunt for one reads an index: with
each message that comes, and beside other work of what came before there was an index.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import LiteralString

import orjson

from core.text import printable
from core.vocabulary.fleet import Alarm
from evidence.shipping import Shipped
from hub.alarms import alarmed
from hub.database import Connection, Database
from hub.reading_later import Later, Whose
from hub.room import FileRoom
from hub.stored import Message

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
    SELECT r.seq, r.received, r.at, r.bytes, t.file, r.chain, r.place, r.destination, r.kinds,
        r.went
    FROM unnest(%s::bigint[], %s::int[]) AS t (seq, file)
        JOIN records r ON r.chain = %s AND r.received = %s AND r.seq = t.seq
    ON CONFLICT DO NOTHING"""
"""Sender and place stand in the row of the record: what is not told apart there is not here."""
_FILL = "UPDATE chains SET files_full = true WHERE number = %s"
_ROOM_AGAIN = "UPDATE chains SET files_full = false WHERE files_full"
LATER = Later(column="files_to", unless="files_full")
_TAKE = "DELETE FROM sent_files WHERE chain = %s AND seq = ANY(%s) RETURNING file"
_UNSENT: LiteralString = """SELECT number FROM files f
    WHERE NOT EXISTS (SELECT 1 FROM sent_files s WHERE s.file = f.number)
    ORDER BY path, sha256 FOR UPDATE"""
_UNSENT_OF = _UNSENT.replace("WHERE", "WHERE number = ANY(%s) AND", 1)
_FORGET = """DELETE FROM files f WHERE number = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM sent_files s WHERE s.file = f.number)"""
"""Asked once more: whoever held one of them may have sent it meanwhile."""


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


type Texts = Iterable[tuple[int, bytes]]
"""Records by their numbers in their chain."""


def keep_files(connection: Connection, chain: int, received: datetime, texts: Texts) -> None:
    """Keep which files these records of one message sent, behind their rows and inside the
    caller's transaction.
    """
    found = _by_record(texts)
    named = sorted({file for files in found.values() for file in files})
    if not named:
        return
    numbers = _numbers(connection, named)
    rows = [(seq, numbers[file]) for seq, files in found.items() for file in files]
    seqs, files = map(list, zip(*rows, strict=True))
    connection.execute(_KEEP, (seqs, files, chain, received))


def keep_with_room(
    connection: Connection,
    whose: Whose,
    message: tuple[datetime, Texts],
    room: FileRoom,
    now: datetime,
) -> bool:
    """Keep which files a message (when it came, its records) sent. False where its endpoint has no
    room for more: an alarm tells of it, and who hunts reads the messages.
    """
    received, texts = message[0], [one for one in message[1] if _HOLDS_FILES in one[1]]
    rows = sum(map(len, _by_record(texts).values()))
    if rows and not room.holds(connection, whose.endpoint, rows):
        connection.execute(_FILL, (whose.chain,))
        alarmed(connection, whose.endpoint, Alarm.FILES, now)
        return False
    keep_files(connection, whose.chain, received, texts)
    return True


def room_again(connection: Connection) -> None:
    """Look anew whether there is room: a month was removed with its files."""
    connection.execute(_ROOM_AGAIN)


def _by_record(texts: Texts) -> dict[int, list[tuple[str, str]]]:
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


def take_files(connection: Connection, chain: int, seqs: Sequence[int]) -> set[int]:
    """Take out what these records sent: they are erased. Return the numbers of the files."""
    return {number for (number,) in connection.execute(_TAKE, (chain, list(seqs))).fetchall()}


def forget_files(connection: Connection, of: Collection[int] | None = None) -> None:
    """Forget the names of files that no record sent; `of`: of these alone, by their numbers."""
    query, values = (_UNSENT, ()) if of is None else (_UNSENT_OF, (sorted(of),))
    numbers = [number for (number,) in connection.execute(query, values).fetchall()]
    if numbers:
        connection.execute(_FORGET, (numbers,))


def read_files(database: Database, within_s: float, now: datetime) -> int:
    """Read for so long what is not in the index; return how many records are left. Raises
    DatabaseDownError.
    """
    room = FileRoom()

    def keep(connection: Connection, whose: Whose, message: Message) -> bool:
        texts = ((seq, entry.text) for seq, entry in message.entries)
        return keep_with_room(connection, whose, (message.received, texts), room, now)

    LATER.read(database, within_s, keep)
    with database.at_once() as connection:
        return LATER.left(connection)
