"""What classifying a text takes, told before it is done: by what stands in it, not by its size.

Every sign, digit and encoded run is a candidate that some detector looks at; words are passed over.
The weights are upper bounds of what `benchmarks/hostile.py` measures, shape by shape.
"""

from collections.abc import Iterable

ON_THE_LOOP_US = 2_000
"""What the gate's event loop may be kept for, in microseconds."""
DEAR_US = 50_000
"""What others may wait for behind one body in a worker, in microseconds."""
_DEAR_BYTES = 256_000
LEAST_DEAR = 1_000
"""Bytes of which no shape takes longer."""
_BASE = 60.0
_BYTE, _HIGH, _DIGIT, _SIGN, _CAPITAL, _RUN = 0.03, 0.05, 0.9, 3.0, 0.8, 90.0
_QUOTE, _STOP, _ESCAPE, _LABEL = 0.6, 4.0, 0.3, 40.0
_ODD = 1.6
"""Microseconds for one of each; the last for a character that is read as another, or as nothing."""
_ODD_BYTES = (b"\xe2", b"\xee", b"\xef", b"\xf3", b"\xcc", b"\xcd", b"\xc2\xad")
_ODD_ESCAPES = (b"\\u2", b"\\u03", b"\\u00ad", b"\\ue", b"\\uf", b"\\udb", b"\\u001")
"""How such characters begin in UTF-8 and in JSON; most languages have few of them."""
_DIGITS = b"0123456789"
_SIGNS = b"@=/%&<;|#~`^$!?*'_+-"
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ASCII = bytes(range(128))
_LETTERS = bytes(
    1 if chr(b).isascii() and (chr(b).isalnum() or b in b"+/_-") else 0 for b in range(256)
)
_LONG = b"\1" * 24
_LABELS = (b"assw", b"ecret", b"oken", b"_key", b"pikey")
_HEX_OF_ESCAPE = 3
"""Digits in the number of an escaped letter, on average; the rest of it are small letters."""


def estimate_us(data: bytes) -> float:
    """Return how many microseconds it takes to classify this text on an ordinary core, with all
    its signs being what is dearest.
    """
    size = len(data)
    if size <= LEAST_DEAR:
        return _BASE
    escapes = data.count(b"\\u")
    nested = data.count(b"\\\\u")
    digits = size - len(data.translate(None, _DIGITS)) - _HEX_OF_ESCAPE * escapes
    odd = data.count(b"\x1b")
    if escapes:
        odd += sum(map(data.count, _ODD_ESCAPES))
    if not data.isascii():
        odd += sum(map(data.count, _ODD_BYTES))
    return (
        _BASE
        + _ODD * odd
        + _BYTE * size
        + (0 if data.isascii() else _HIGH * (size - len(data.translate(None, _ASCII))))
        + _DIGIT * max(0, digits)
        + _SIGN * (size - len(data.translate(None, _SIGNS)))
        + _CAPITAL * (size - len(data.translate(None, _CAPITALS)))
        + _QUOTE * (data.count(b'"') + data.count(b":") + data.count(b","))
        + _STOP * data.count(b".")
        + _ESCAPE * (escapes + data.count(b"\\"))
        + _SIGN * nested
        + _LABEL * sum(map(data.count, _LABELS))
        + _RUN * data.translate(_LETTERS).count(_LONG)
    )


def is_dear(body: bytes, *, packed: bool) -> bool:
    """Return True for a body that may keep a worker for a long time. `packed`: what it unpacks to
    is not known before.
    """
    if len(body) > _DEAR_BYTES or (packed and len(body) > LEAST_DEAR):
        return True
    return estimate_us(body) > DEAR_US


def is_quick(parts: Iterable[bytes]) -> bool:
    """Return True when all of these may be classified on the event loop."""
    left = float(ON_THE_LOOP_US)
    for part in parts:
        left -= estimate_us(part)
        if left < 0:
            return False
    return True
