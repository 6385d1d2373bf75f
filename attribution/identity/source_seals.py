"""Seals what is kept of a version of a script: a keyed hash over the version, what of it is kept,
and the text, which stands behind the text as a frame that readers of zstd pass over.
"""

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from enum import StrEnum

_CONTEXT = b"outgate.kept/1"
_KEY_ID_BYTES = 8
_MAC_BYTES = 32
_HEAD = struct.pack("<II", 0x184D2A5E, _KEY_ID_BYTES + _MAC_BYTES)
"""A skippable frame (RFC 8878, 3.1.2): its magic number and how long it is."""
_BYTES = len(_HEAD) + _KEY_ID_BYTES + _MAC_BYTES


class Sealed(StrEnum):
    """What a seal says of a kept text."""

    FITS = "fits"
    NONE = "none"
    """It carries none: an earlier version kept it, or somebody took the seal off."""
    TAKEN_OFF = "taken_off"
    """It carries none though it was kept when everything was sealed."""
    OTHER_KEY = "other_key"
    """It was made with another key, or there is no key to hold it against."""
    BROKEN = "broken"
    """It is not what was kept of this version."""


@dataclass(frozen=True)
class SourceSeal:
    """Makes seals, and knows its own."""

    key: bytes = field(repr=False)

    @classmethod
    def of_seed(cls, seed: bytes) -> "SourceSeal":
        """Return the seal that goes with a secret of the installation."""
        return cls(hmac.digest(seed, _CONTEXT, "sha256"))

    def of(self, name: str, text: bytes) -> bytes:
        """Return the frame that seals the text kept under this name."""
        message = len(name.encode()).to_bytes(4, "big") + name.encode() + text
        return _HEAD + self._key_id + hmac.digest(self.key, message, "sha256")

    def told(self, name: str, text: bytes, frame: bytes) -> Sealed:
        """Return what the frame behind a text says of it; `frame` as `frame_of` found it."""
        if not frame:
            return Sealed.NONE
        right = self.of(name, text)
        if frame[:-_MAC_BYTES] != right[:-_MAC_BYTES]:
            return Sealed.OTHER_KEY
        return Sealed.FITS if hmac.compare_digest(frame, right) else Sealed.BROKEN

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(_CONTEXT + self.key).digest()[:_KEY_ID_BYTES]


def frame_of(packed: bytes) -> bytes:
    """Return the seal at the end of a file; nothing where there is none."""
    end = packed[-_BYTES:]
    return end if end.startswith(_HEAD) and len(end) == _BYTES else b""
