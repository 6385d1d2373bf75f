"""How many different values there are, without keeping them: the smallest hashes of their
fingerprints. Pure.

Exact up to `_MOST`; beyond, a number that it is at least, but for one in a hundred thousand: the
estimate of Bar-Yossef et al. (2002) less four times its standard error.
"""

import hashlib
import struct
from bisect import bisect_left
from collections.abc import Iterable

_MOST = 512
_BYTES = 4
_SPACE = 2.0 ** (8 * _BYTES)
_SURE = 1 - 4 / _MOST**0.5
_FEW = 8
"""So many are put in one by one."""
_EMPTY = hashlib.blake2b(digest_size=_BYTES)


class Sketch:
    """The smallest hashes of values. Joining is the same in any order."""

    __slots__ = ("_kept", "_read")

    def __init__(self) -> None:
        self._read: list[int] | None = []
        """In order, at most `_MOST`; None until they are asked for."""
        self._kept: bytes | None = b""
        """As they are kept: most values of a large case are none of the smallest and change nothing.
        None once something changed.
        """

    @property
    def _hashes(self) -> list[int]:
        if self._read is None:
            kept = self._kept or b""
            self._read = sorted(struct.unpack(f">{len(kept) // _BYTES}I", kept))[:_MOST]
        return self._read

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self._hashes == other._hashes

    __hash__ = None  # type: ignore[assignment]

    def add(self, fingerprints: Iterable[str]) -> None:
        """Add the values with these fingerprints."""
        self._take(map(_hashed, fingerprints))

    def join(self, other: "Sketch") -> None:
        """Add the values of another one."""
        self._take(other._hashes)

    def _take(self, hashes: Iterable[int]) -> None:
        known = self._hashes
        if len(known) >= _MOST:
            largest = known[-1]
            hashes = [one for one in hashes if one < largest]
        new = set(hashes)
        before = len(known)
        if len(new) > _FEW:
            known[:] = sorted(new.union(known))
        else:
            for one in new:
                at = bisect_left(known, one)
                if at == len(known) or known[at] != one:
                    known.insert(at, one)
        if len(known) != before:
            self._kept = None
        del known[_MOST:]

    @property
    def exact(self) -> bool:
        """True while each value counts."""
        return self._count < _MOST

    @property
    def _count(self) -> int:
        return len(self._kept or b"") // _BYTES if self._read is None else len(self._read)

    @property
    def least(self) -> int:
        """How many different values there are at least."""
        count = self._count
        if count < _MOST:
            return count
        if self._read is None:
            largest = int.from_bytes((self._kept or b"")[-_BYTES:])
        else:
            largest = self._read[-1]
        return max(_MOST, int((_MOST - 1) * _SPACE / max(1, largest) * _SURE))

    def to_text(self) -> str:
        """Return it in hexadecimal digits."""
        if self._kept is None:
            hashes = self._hashes
            self._kept = struct.pack(f">{len(hashes)}I", *hashes)
        return self._kept.hex()

    @classmethod
    def of_text(cls, text: str) -> "Sketch":
        """Read what `to_text` gave. Raises ValueError."""
        found = cls()
        found._kept, found._read = bytes.fromhex(text), None
        if len(found._kept) % _BYTES:
            raise ValueError("a sketch is cut")
        return found


def _hashed(fingerprint: str) -> int:
    """Return a hash too short to look a value up by."""
    digest = _EMPTY.copy()  # made anew it takes half as long again
    digest.update(fingerprint.encode("utf-8", "replace"))
    return int.from_bytes(digest.digest())
