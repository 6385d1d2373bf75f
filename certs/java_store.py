"""A trust store for Java: the JKS format, which every Java reads whatever its own default is."""

import hashlib
import struct
from collections.abc import Iterable

_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2
_HEAD, _ENTRY, _SIZE, _DATE = (struct.Struct(form) for form in (">III", ">I", ">I", ">Q"))
_PASSWORD = "changeit"  # noqa: S105 - Java's own for its trust store, which holds no secret
_SALT = b"Mighty Aphrodite"


def java_store(roots: Iterable[bytes], milliseconds: int = 0) -> bytes:
    """Return a store that trusts these roots (DER). `milliseconds`: since 1970, the date of all."""
    entries = [
        b"".join(
            (
                _ENTRY.pack(_TRUSTED),
                _text(f"root{number:04d}"),
                _DATE.pack(milliseconds),
                _text("X.509"),
                _SIZE.pack(len(der)),
                der,
            )
        )
        for number, der in enumerate(roots)
    ]
    content = _HEAD.pack(_MAGIC, _VERSION, len(entries)) + b"".join(entries)
    sealed = hashlib.sha1(  # noqa: S324 - the format's own; nothing relies on it
        _PASSWORD.encode("utf-16-be") + _SALT + content
    )
    return content + sealed.digest()


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode("ascii")
