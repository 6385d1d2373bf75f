"""How many different values there are, without keeping them: the smallest hashes of their
fingerprints. Pure.

Exact up to `_MOST`; beyond, a number that it is at least, but for one in a hundred thousand: the
estimate of Bar-Yossef et al. (2002) less four times its standard error.
"""

import hashlib
import secrets
import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache

_MOST = 512
_BYTES = 4
_SPACE = 2.0 ** (8 * _BYTES)
_SURE = 1 - 4 / _MOST**0.5
_DIGITS = 2 * _BYTES
_FEW = 8
"""So many new hashes are sooner put into the text one by one than all written again."""
_EMPTY = hashlib.blake2b(digest_size=_BYTES)


class Sketch:
    """The smallest hashes of values. Joining is the same in any order."""

    __slots__ = ("_bound", "_kept", "_new", "_order", "_read", "_text")

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        self._read: set[int] | None = set(hashes)
        self._kept = b""
        """As it is kept, until it is read: most are only asked for how many there are."""
        self._bound: int | None = None
        """What is larger changes nothing any more: so many smaller ones are there."""
        self._text: str | None = None
        """Those of `_order` in digits, where somebody asked for them."""
        self._order: list[int] | None = None
        """The hashes in order, but for those that came since."""
        self._new: list[int] = []

    @property
    def _hashes(self) -> set[int]:
        if self._read is None:
            self._read = set(struct.unpack(f">{len(self._kept) // _BYTES}I", self._kept))
        return self._read

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.to_text() == other.to_text()

    __hash__ = None  # type: ignore[assignment]

    def add(self, fingerprints: Iterable[str]) -> None:
        """Add the values with these fingerprints."""
        mine, bound = self._hashes, self._bound
        for one in map(_hashed, fingerprints):
            if one not in mine and (bound is None or one < bound):
                mine.add(one)
                if self._order is not None:
                    self._new.append(one)
        if len(mine) > 2 * _MOST:
            self._in_order()

    def join(self, other: "Sketch") -> None:
        """Add the values of another one."""
        mine, bound = self._hashes, self._bound
        new = other._hashes - mine
        if bound is not None and new:
            new = {one for one in new if one < bound}
        if new:
            mine |= new
            if self._order is not None:
                self._new += new
            if len(mine) > 2 * _MOST:
                self._in_order()

    def without(self, stand_ins: Mapping[int, int]) -> "Sketch | None":
        """Return it with other numbers in the place of hashes; None where it holds none of them.

        `stand_ins`: hash → number, as `stand_in` makes them.
        """
        gone = self._hashes & stand_ins.keys()
        if not gone:
            return None
        return Sketch((set(self._in_order()) - gone) | {stand_ins[one] for one in gone})

    def _in_order(self) -> list[int]:
        """Return the smallest hashes in order, and forget all larger ones."""
        order = self._order
        if order is None:
            order = self._order = sorted(self._hashes)
        elif len(self._new) > _FEW:
            order += self._new
            order.sort()  # of what is nearly in order, it takes a tenth of the time
            self._text = None
        else:
            self._put_in(order)
        self._new = []
        if len(order) > _MOST:
            self._hashes.difference_update(order[_MOST:])
            del order[_MOST:]
            self._text = None if self._text is None else self._text[: _DIGITS * _MOST]
        if len(order) == _MOST:
            self._bound = order[-1]
        return order

    def _put_in(self, order: list[int]) -> None:
        """Put what is new in its place, also in the text."""
        for one in self._new:
            place = bisect_left(order, one)
            order.insert(place, one)
            if (text := self._text) is not None:
                at = place * _DIGITS
                self._text = f"{text[:at]}{one:0{_DIGITS}x}{text[at:]}"

    @property
    def exact(self) -> bool:
        """True while each value counts."""
        if self._read is None:
            return len(self._kept) < _MOST * _BYTES
        return len(self._read) < _MOST

    @property
    def least(self) -> int:
        """How many different values there are at least."""
        if self._read is None:
            largest = int.from_bytes(self._kept[-_BYTES:])
            count = len(self._kept) // _BYTES
        else:
            count = len(self._read)
            largest = 0 if count < _MOST else self._in_order()[-1]
        if count < _MOST:
            return count
        return _estimated(largest)

    def to_text(self) -> str:
        """Return it in hexadecimal digits."""
        kept = self._in_order()
        if self._text is None:
            self._text = struct.pack(f">{len(kept)}I", *kept).hex()
        return self._text

    @classmethod
    def of_text(cls, text: str) -> "Sketch":
        """Read what `to_text` gave. Raises ValueError."""
        found = cls()
        found._kept, found._read = bytes.fromhex(text), None
        if len(found._kept) % _BYTES:
            raise ValueError("a sketch is cut")
        return found


def told_by(text: str) -> tuple[int, bool]:
    """Return how many different values `to_text` tells of at least, and whether it is each of them,
    without reading it. Raises ValueError.
    """
    count, rest = divmod(len(text), _DIGITS)
    if rest:
        raise ValueError("a sketch is cut")
    if count < _MOST:
        return count, True
    return _estimated(int(text[-_DIGITS:], 16)), False


def _estimated(largest: int) -> int:
    """Return how many there are at least where so many hashes are as small as this one."""
    return max(_MOST, int((_MOST - 1) * _SPACE / max(1, largest) * _SURE))


def hashes_of(fingerprints: Iterable[str]) -> set[int]:
    """Return the hashes by which sketches tell values with these fingerprints."""
    return set(map(_hashed, fingerprints))


def stand_in(hash_: int) -> int:
    """Return a random number below a hash, to stand in its place: whatever was kept with it stays
    kept, so as many values are told, and nobody can look up whose place it is.
    """
    return secrets.randbelow(hash_) if hash_ else 0


@lru_cache(maxsize=4096)
def _hashed(fingerprint: str) -> int:
    """Return a hash too short to look a value up by."""
    digest = _EMPTY.copy()  # made anew it takes half as long again
    digest.update(fingerprint.encode("utf-8", "replace"))
    return int.from_bytes(digest.digest())
