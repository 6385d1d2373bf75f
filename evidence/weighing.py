"""Weighs tables of sums: one secret number that tells whether what many rows add up to is what a
table holds, without putting the rows beside each other. Pure.

Each row adds weight(its key) times (its sums times secret factors), modulo a prime. That is linear:
what two batches weigh is, added, what a table weighs to which both were added. Who does not know
the key finds two different tables of the same weight once in 10^38 tries; so no weight may be shown
in plain, for many of them would tell the key.
"""

import hashlib
from collections.abc import Iterable, Sequence
from math import sumprod
from typing import Any

import orjson

from evidence.marks import PRIME

_MOST_SUMS = 8
_WEIGHT_BYTES = 16


class Scales:
    """Weighs the rows of one table."""

    __slots__ = ("_empty", "_factors")

    def __init__(self, key: bytes, table: str) -> None:
        self._empty = hashlib.blake2b(key=key, digest_size=_WEIGHT_BYTES, person=table.encode())
        made = hashlib.shake_256(key + table.encode()).digest(_MOST_SUMS * 2 * _WEIGHT_BYTES)
        width = 2 * _WEIGHT_BYTES
        self._factors = tuple(
            int.from_bytes(made[at : at + width]) % PRIME for at in range(0, len(made), width)
        )

    def weigh(self, rows: Iterable[tuple[Sequence[Any], Sequence[int]]]) -> int:
        """Return what rows weigh: keys of texts and numbers, and their sums. A row whose sums are
        all zero weighs nothing.
        """
        empty, dumps, number, total = self._empty, orjson.dumps, int.from_bytes, 0
        factors: Sequence[int] = ()
        for key, sums in rows:
            if len(factors) != len(sums):
                factors = self._factors[: len(sums)]
            hashed = empty.copy()
            hashed.update(dumps(key))
            total += number(hashed.digest()) * sumprod(factors, sums)
        return total % PRIME
