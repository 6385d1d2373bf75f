"""How many different values there are, without keeping them: the smallest hashes of their
fingerprints. Pure.

Exact up to `_MOST`; beyond, a number that it is at least, but for one in a hundred thousand: the
estimate of Bar-Yossef et al. (2002) less four times its standard error.
"""

import hashlib
import heapq
import struct
from collections.abc import Iterable

_MOST = 512
_BYTES = 4
_SPACE = 2.0 ** (8 * _BYTES)
_SURE = 1 - 4 / _MOST**0.5
_EMPTY = hashlib.blake2b(digest_size=_BYTES)


class Sketch:
    """The smallest hashes of values. Joining is the same in any order."""

    __slots__ = ("_hashes",)

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        self._hashes = set(hashes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.to_text() == other.to_text()

    __hash__ = None  # type: ignore[assignment]

    def add(self, fingerprints: Iterable[str]) -> None:
        """Add the values with these fingerprints."""
        self._hashes.update(map(_hashed, fingerprints))
        self._shrink()

    def join(self, other: "Sketch") -> None:
        """Add the values of another one."""
        self._hashes |= other._hashes
        self._shrink()

    def _shrink(self) -> None:
        if len(self._hashes) > 2 * _MOST:
            self._hashes = set(heapq.nsmallest(_MOST, self._hashes))

    @property
    def exact(self) -> bool:
        """True while each value counts."""
        return len(self._hashes) < _MOST

    @property
    def least(self) -> int:
        """How many different values there are at least."""
        if self.exact:
            return len(self._hashes)
        largest = heapq.nsmallest(_MOST, self._hashes)[-1]
        return max(_MOST, int((_MOST - 1) * _SPACE / max(1, largest) * _SURE))

    def to_text(self) -> str:
        """Return it in hexadecimal digits."""
        kept = sorted(self._hashes)[:_MOST]
        return struct.pack(f">{len(kept)}I", *kept).hex()

    @classmethod
    def of_text(cls, text: str) -> "Sketch":
        """Read what `to_text` gave. Raises ValueError."""
        whole = bytes.fromhex(text)
        try:
            return cls(struct.unpack(f">{len(whole) // _BYTES}I", whole))
        except struct.error:
            raise ValueError("a sketch is cut") from None


def _hashed(fingerprint: str) -> int:
    """Return a hash too short to look a value up by."""
    digest = _EMPTY.copy()  # made anew it takes half as long again
    digest.update(fingerprint.encode("utf-8", "replace"))
    return int.from_bytes(digest.digest())
