"""Weighs tables of sums: one secret number that tells whether what many rows add up to is what a
table holds, without putting the rows beside each other. Pure.

A row weighs f(its time) times g(its names) times (its sums times secret factors), modulo a prime; f
and g are keyed hashes. That is linear in the sums: what two batches weigh is, added, what a table
weighs to which both were added. A difference between two tables is a polynomial of the third degree
in numbers that only the key tells, so whoever does not know it finds two tables of one weight once
in 10^38 tries (Schwartz and Zippel). No weight may be shown in plain: some would tell the key.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sumprod
from typing import Any

import orjson

from evidence.marks import PRIME

_MOST_SUMS = 8
_BYTES = 32
_MOST_KNOWN = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Of a table that is weighed; what follows its names and its time are sums."""

    time: int
    """Place of the time, a whole number; the other columns before the sums are names."""
    sums: int
    """Place of the first sum."""


class Scales:
    """Weighs the rows of one table."""

    def __init__(self, key: bytes, table: str, columns: Columns) -> None:
        self._empty = hashlib.blake2b(key=key, digest_size=_BYTES, person=table.encode())
        self._columns = columns
        self._factors = [self._hashed(["factor", n]) for n in range(_MOST_SUMS)]
        self._times: dict[int, int] = {}
        self._names: dict[Sequence[str], int] = {}

    def weigh(self, rows: Iterable[tuple[Any, ...]]) -> int:
        """Return what rows weigh. A row whose sums are all zero weighs nothing."""
        time, first = self._columns.time, self._columns.sums
        begin, end = (1, first) if time == 0 else (0, time)
        times, names, total = self._times, self._names, 0
        factors: Sequence[int] = ()
        added: Any = sumprod  # of whole numbers: a whole number
        for row in rows:
            sums, at, named = row[first:], row[time], row[begin:end]
            if len(factors) != len(sums):
                factors = self._factors[: len(sums)]
            f, g = times.get(at), names.get(named)
            if f is None:
                f = self._learn(times, at, ["time", at])
            if g is None:
                g = self._learn(names, named, named)
            total += f * g * added(factors, sums)
        return total % PRIME

    def _learn[Key](self, known: dict[Key, int], key: Key, told: Sequence[object]) -> int:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        found = known[key] = self._hashed(told)
        return found

    def _hashed(self, told: Sequence[object]) -> int:
        hashed = self._empty.copy()
        hashed.update(orjson.dumps(told))
        return int.from_bytes(hashed.digest()) % PRIME
