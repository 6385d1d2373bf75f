"""Lots: what one gate wrote without anybody in between, closed so that only this installation could
have closed it. `verify` need not read the texts of a closed lot again.

While it writes, a gate hashes the stored bytes of each row and adds up what the rows add to cases,
scripts, hours, traffic and marks. With each checkpoint that stands in the table `lots`, encrypted
and authenticated (ChaCha20-Poly1305) under a key made of the one that signs checkpoints. Rows whose
bytes have that hash are the rows that this gate wrote, and add up to what it says.
"""

import hashlib
import hmac
import os
import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from evidence.case_sums import CaseSums
from evidence.chain_ids import chain_id
from evidence.database import Connection
from evidence.frames import loosened, tightly
from evidence.marks import PRIME, Pair, pair, product
from evidence.notary import seed_beside
from evidence.rollup import Rollup
from evidence.statements import INSERT_LOT
from evidence.weighing import Columns, Scales

ENOUGH = 8192
"""A lot with so many entries grows no more."""
AT_ONCE = 64
"""So many rows are added up together: one by one costs a gate several times as much."""
WEIGHED = {"hours": Columns(time=0, sums=6), "traffic": Columns(time=2, sums=3)}
"""Tables whose first sum is above 0 in every row."""
_CONTEXT = b"outgate.lots/1"
_NONCE_BYTES = 12
_GONE = """SELECT 1 FROM review_entries WHERE seq > ? AND action IN ('erased', 'expired_apart')
    UNION ALL SELECT 1 FROM past WHERE cut >= ? LIMIT 1"""
_ROW = struct.Struct("<qq?qIIIIII")
type Row = Sequence[Any]
"""All columns of an entry in the order of its table."""


class BadLot(ValueError):  # noqa: N818 - says what is, as evidence
    """A lot that this installation did not close, or not so."""


def stored_bytes(*rows: Row) -> bytes:
    """Return the bytes of rows that are hashed: no two rows have the same. Raises struct.error,
    TypeError, AttributeError where a column is of another type than a gate writes.
    """
    found, pack = list[bytes](), _ROW.pack
    for seq, id_, at_us, case, prev, hash_, salt, cuts, body in rows:
        name = id_.encode()
        sizes = len(name), len(prev), len(hash_), len(salt), len(cuts), len(body)
        numbers = pack(seq, at_us, case is None, case or 0, *sizes)
        found += (numbers, name, prev, hash_, salt, cuts, body)
    return b"".join(found)


@dataclass(frozen=True)
class LotKey:
    """What closes lots, and opens them."""

    key: bytes = field(repr=False)

    @classmethod
    def of_seed(cls, seed: bytes) -> "LotKey":
        """Return the key that goes with the key that signs checkpoints."""
        return cls(hmac.digest(seed, _CONTEXT, "sha256"))

    @classmethod
    def beside(cls, evidence: Path) -> "LotKey | None":
        """Return that of the installation that a file stands in, where it has a key."""
        seed = seed_beside(evidence)
        return None if seed is None else cls.of_seed(seed)

    @cached_property
    def marks(self) -> int:
        """The secret of the product of marks (`evidence.marks`)."""
        return int.from_bytes(hashlib.blake2b(b"marks", key=self.key).digest()) % PRIME

    @cached_property
    def scales(self) -> Mapping[str, Scales]:
        """What weighs hours and traffic."""
        return {table: Scales(self.key, table, columns) for table, columns in WEIGHED.items()}

    def weights(self, sums: Rollup) -> dict[str, int]:
        """Return what hours and traffic among the sums weigh."""
        scales = self.scales
        return {
            "hours": scales["hours"].weigh((*key, *row) for key, row in sums.hours.items()),
            "traffic": scales["traffic"].weigh((*key, *row) for key, row in sums.traffic.items()),
        }

    @cached_property
    def _cipher(self) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(hmac.digest(self.key, b"close", "sha256"))

    def closed(self, text: bytes, place: bytes) -> bytes:
        """Return what only this key opens, and only at this place."""
        nonce = os.urandom(_NONCE_BYTES)
        packed = tightly(text)
        return nonce + self._cipher.encrypt(nonce, packed, place)

    def opened(self, closed: bytes, place: bytes) -> bytes:
        """Return the text. Raises BadLot."""
        try:
            packed = self._cipher.decrypt(closed[:_NONCE_BYTES], closed[_NONCE_BYTES:], place)
            return loosened(packed)
        except (InvalidTag, ValueError, TypeError):
            raise BadLot("this installation did not close it") from None


def place_of(chain: str, first: int, last: int) -> bytes:
    """Return where a lot belongs: it opens nowhere else."""
    return f"outgate.lot/1\n{chain}\n{first}\n{last}".encode()


@dataclass(frozen=True, slots=True)
class Told:
    """What a closed lot tells."""

    digest: bytes
    """SHA-256 of the stored bytes of its rows."""
    marks: int
    """Product of the marks of its records."""
    weights: Mapping[str, int]
    """Table → what its rows weigh (`evidence.weighing`)."""
    sums: Rollup
    """Cases and versions of scripts."""
    ids: Mapping[str, int]
    """Case → its id in the file."""
    before: int
    """Where the lot before it begins; 0 where there was none."""

    @classmethod
    def of(cls, text: bytes) -> "Told":
        """Read it. Raises BadLot."""
        try:
            value = orjson.loads(text)
            cases = [CaseSums.of(one) for one in value["cases"]]
            return cls(
                digest=bytes.fromhex(value["digest"]),
                marks=int(value["marks"], 16),
                weights={table: int(value[table], 16) for table in WEIGHED},
                sums=Rollup(
                    cases={one.key: one for one in cases},
                    scripts={(row[0], row[1]): row[2:] for row in value["scripts"]},
                ),
                ids=value["ids"],
                before=_before(value),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise BadLot("an earlier version closed it") from None


def before_in(text: bytes) -> int:
    """Return where the lot before the one that tells this begins; 0 where there was none. Raises
    BadLot.
    """
    try:
        return _before(orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError, ValueError, AttributeError):
        raise BadLot("an earlier version closed it") from None


def _before(value: Mapping[str, Any]) -> int:
    return int(value.get("before", 0))


class Lot:
    """The lot that one gate is writing. Is told only what was committed."""

    def __init__(self, key: LotKey) -> None:
        self._key = key
        self.drop()

    def drop(self) -> None:
        """Begin anew with what is written next; what was told stays as it was closed last."""
        self.first = self.last = 0
        self._acts, self._before = -1, 0
        self._digest, self._marks = hashlib.sha256(), 1
        self._weights = dict.fromkeys(WEIGHED, 0)
        self._sums, self._ids = Rollup(), dict[str, int]()
        self._rows, self._pairs = list[Row](), list[Pair]()

    def look(self, connection: Connection) -> None:
        """Note which acts there are before the first entry, within its transaction."""
        if not self.first and self._acts < 0:
            newest = connection.value("SELECT max(seq) FROM review_entries")
            self._acts = int(newest or 0)
            self._before = int(connection.value("SELECT max(first) FROM lots") or 0)

    def take(
        self,
        rows: Sequence[Row],
        marks: Sequence[tuple[int, int]],
        sums: Rollup,
        ids: Mapping[str, int],
    ) -> None:
        """Add rows that were written behind those before, their marks, what they add up to, and the
        ids of their cases.
        """
        self.first = self.first or rows[0][0]
        self.last = rows[-1][0]
        self._rows += rows
        self._pairs += [pair(*one) for one in marks]
        self._ids.update(ids)
        for key, later in sums.cases.items():
            # Not `later` itself: the writer goes on adding to that.
            known = self._sums.case(key, later.first_us)
            known.join(later)
        self._sums.join_lists(sums)
        if len(self._rows) >= AT_ONCE:
            self._add_up()

    def _add_up(self) -> None:
        """Add what was taken since the last time to what is told in one number."""
        self._digest.update(stored_bytes(*self._rows))
        self._marks = product(self._pairs, self._key.marks, self._marks)
        for table, weight in self._key.weights(self._sums).items():
            self._weights[table] += weight
        self._rows, self._pairs = [], []
        self._sums.traffic, self._sums.hours = {}, {}

    def close(self, connection: Connection) -> None:
        """Put it down as it is now, within a transaction; not where something of it was erased or
        expired meanwhile, for what it tells would tell of that.
        """
        if not self.first:
            return
        if connection.value(_GONE, (self._acts, self.first)) is not None:
            self.drop()
            return
        place = place_of(chain_id(connection, "records"), self.first, self.last)
        row = (self.first, self.last, self._key.closed(self._text(), place))
        INSERT_LOT.run_rows(connection, [row])
        if self.last - self.first >= ENOUGH:
            self.drop()

    def _text(self) -> bytes:
        self._add_up()
        value = {
            "digest": self._digest.hexdigest(),
            "marks": f"{self._marks:x}",
            **{table: f"{weight % PRIME:x}" for table, weight in self._weights.items()},
            "cases": [orjson.Fragment(one.to_text()) for one in self._sums.cases.values()],
            "scripts": [[*key, *seen] for key, seen in self._sums.scripts.items()],
            "ids": self._ids,
            "before": self._before,
        }
        return orjson.dumps(value)


def forget_lots(connection: Connection, entries: Iterable[int]) -> None:
    """Remove the lots that hold one of these entries, of which something goes; within a
    transaction.
    """
    going = sorted(entries)
    places = connection.execute("SELECT first, last FROM lots").fetchall()
    gone = [(first,) for first, last in places if holds_any(going, first, last)]
    connection.executemany("DELETE FROM lots WHERE first = ?", gone).close()


def holds_any(entries: Sequence[int], first: int, last: int) -> bool:
    """Return whether one of the entries, which are in order, is among these."""
    at = bisect_left(entries, first)
    return at < len(entries) and entries[at] <= last
