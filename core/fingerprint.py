"""Keyed fingerprints: the same value gives the same mark on this installation, and tells nothing
without the key.
"""

import hashlib

_BLOCK = 64
_INNER, _OUTER = bytes(b ^ 0x36 for b in range(256)), bytes(b ^ 0x5C for b in range(256))


class Fingerprinter:
    """Makes HMAC-SHA-256 fingerprints of values; the key is never shown.

    The two keyed states of HMAC (RFC 2104) are computed once and copied: half the time of the
    library's own HMAC for the short values of the hot path, the same result.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("a fingerprint key has at least 32 bytes")
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def of(self, kind: str, value: str) -> str:
        """Return 16 hex digits for this value of this kind; normalise the value before."""
        inner = self._inner.copy()
        inner.update(f"{kind}\0{value}".encode("utf-8", "surrogatepass"))
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:16]

    def __repr__(self) -> str:
        return "<Fingerprinter>"

    def __reduce__(self) -> str:
        raise TypeError(
            "a fingerprinter does not leave its process; send the key over a private channel"
        )
