"""A large body on disk while it is inspected: encrypted, key in memory only, name gone at once."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import DegradedError

PIECE = 1024 * 1024
_TAG = 16
STAGE = "spool"


class Spool:
    """Takes a body to its end, then gives it back in pieces. Not for several threads at once.

    Chunks are sealed with ChaCha20-Poly1305, numbered, so that none can be changed, left out or
    swapped unnoticed.
    """

    def __init__(self, folder: Path | None, limit: int) -> None:
        """Create the file. Raises DegradedError when there is no place for it."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._seal = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())
        self._limit = limit
        self._waiting = bytearray()
        self._chunks = 0
        self.size = 0
        """Bytes taken so far."""
        path = Path(folder or tempfile.gettempdir()) / f".spool-{secrets.token_hex(8)}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY", "O_TEMPORARY", "O_NOINHERIT"):
            flags |= getattr(os, name, 0)
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise _no_place(error) from None
        with contextlib.suppress(OSError):  # Windows keeps the name until the file is closed
            path.unlink()

    def __repr__(self) -> str:
        return f"<Spool {self.size} bytes>"

    def write(self, data: bytes) -> None:
        """Take more of the body. Raises DegradedError when it is too large or the disk is full."""
        self.size += len(data)
        if self.size > self._limit:
            raise DegradedError(
                STAGE, f"the body is larger than {self._limit >> 20} MB, the most that is kept"
            )
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._put(PIECE)

    def finish(self) -> None:
        """The body is complete. Raises DegradedError when the disk is full."""
        if self._waiting:
            self._put(len(self._waiting))

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole body, once it is complete.

        Raises DegradedError when the file is not what was written.
        """
        from cryptography.exceptions import InvalidTag

        left, at = self.size, 0
        for number in range(self._chunks):
            size = min(PIECE, left)
            try:
                sealed = self._read(at, size + _TAG)
                yield self._seal.decrypt(_nonce(number), sealed, None)
            except (OSError, InvalidTag):
                raise DegradedError(STAGE, "the kept body cannot be read back") from None
            left -= size
            at += size + _TAG

    def close(self) -> None:
        """Forget body and key."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._waiting.clear()

    def _put(self, size: int) -> None:
        sealed = memoryview(
            self._seal.encrypt(_nonce(self._chunks), bytes(memoryview(self._waiting)[:size]), None)
        )
        try:
            while sealed:
                sealed = sealed[os.write(self._file, sealed) :]
        except OSError as error:
            raise _no_place(error) from None
        self._chunks += 1
        del self._waiting[:size]

    def _read(self, at: int, size: int) -> bytes:
        os.lseek(self._file, at, os.SEEK_SET)
        parts = bytearray()
        while len(parts) < size and (part := os.read(self._file, size - len(parts))):
            parts += part
        return bytes(parts)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _no_place(error: OSError) -> DegradedError:
    return DegradedError(
        STAGE, f"the body cannot be kept for inspection: {error.strerror or 'no place for it'}"
    )
