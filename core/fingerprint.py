"""Keyed fingerprints: the same value gives the same mark on this installation, and tells nothing without the key."""

import hashlib
import hmac


class Fingerprinter:
    """Makes HMAC-SHA-256 fingerprints of values; the key is never shown."""

    __slots__ = ("_base",)

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("a fingerprint key has at least 32 bytes")
        self._base = hmac.new(key, digestmod=hashlib.sha256)

    def of(self, kind: str, value: str) -> str:
        """Return 16 hex digits for this value of this kind; normalise the value before."""
        mac = self._base.copy()
        mac.update(kind.encode())
        mac.update(b"\0")
        mac.update(value.encode("utf-8", "surrogatepass"))
        return mac.hexdigest()[:16]

    def __repr__(self) -> str:
        return "<Fingerprinter>"

    def __reduce__(self) -> str:
        raise TypeError("a fingerprinter does not leave its process; send the key over a private channel")
