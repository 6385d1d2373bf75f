"""Erasing from the sums of records that expired: rows that name somebody go, and so do the short
hashes by which different values are counted, for whoever has the key of marks could tell by them
whether a value was there.
"""

from collections.abc import Collection
from dataclasses import replace

from core.errors import EvidenceError
from evidence.database import Connection
from evidence.frames import packed, unpacked
from evidence.named import Named
from evidence.past import Sums, digest
from evidence.sketch import hashes_of, stand_in


def sums_that_tell(connection: Connection, names: Named, fingerprints: Collection[str]) -> int:
    """Return how many sums tell of one of the names, or of a value with one of the fingerprints."""
    hashes, found = hashes_of(fingerprints), 0
    if names or hashes:
        for (text,) in connection.execute("SELECT unpacked(body) FROM past"):
            sums = _sums(text)
            found += sums is not None and (sums.name(names.is_in) or sums.marked(hashes))
    return found


def take_out_of_sums(
    connection: Connection, names: Named, fingerprints: Collection[str]
) -> list[str]:
    """Take these names, and the values with these fingerprints, out of the sums; within a
    transaction. Return which were changed, with their new hashes. Raises EvidenceError.

    A value's hash gives way to a random number: as many different values are told as before. The
    salt goes, too: with it, the hash of the old text would tell whether a guess is right.
    """
    told = []
    stand_ins = {one: stand_in(one) for one in hashes_of(fingerprints)}
    query = "SELECT cut, body FROM past ORDER BY cut"
    for cut, frame in connection.execute(query).fetchall() if names or stand_ins else ():
        sums = _sums(unpacked(frame))
        if sums is None:
            raise EvidenceError(
                "The sums of records that expired are damaged: no name can be taken out of them.",
                remedy="See what outgate verify says of them.",
            )
        unmarked = sums.unmarked(stand_ins)
        if not (unmarked or sums.name(names.is_in)):
            continue
        left = replace(sums.without(names.is_in), salt=Sums().salt).to_bytes()
        _put_sums(connection, cut, frame, packed(left))
        told.append(f"{cut}:{digest(left)}")
    return told


def _put_sums(connection: Connection, cut: int, frame: bytes, left: bytes) -> None:
    """Put sums in the place of others; where they are longer, what was there is overwritten first,
    for a row that grows leaves what it held on its page.
    """
    change = "UPDATE past SET body = ? WHERE cut = ?"
    if len(left) > len(frame):
        connection.execute(change, (bytes(len(frame)), cut)).close()
    connection.execute(change, (left.ljust(len(frame), b"\0"), cut)).close()


def _sums(text: bytes) -> Sums | None:
    """Return the sums of what expired; None where they are damaged, which `verify` names."""
    try:
        return Sums.from_bytes(text)
    except ValueError:
        return None
