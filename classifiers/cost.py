"""What classifying a text takes, told before it is done: by what stands in it, not by its size.

Every sign, digit and line is a candidate that some detector or reader looks at; words are passed
over. The weights are upper bounds, fitted to what repeated signs, words and rows take in every
carrier (`benchmarks/loop.py` measures it anew).
"""

from collections.abc import Iterable
from zlib import adler32

from core.budgets import ON_THE_LOOP_US

DEAR_US = 50_000
"""What others may wait for behind one body in a worker, in microseconds."""
_DEAR_BYTES = 256_000
LEAST_DEAR = 400
"""Bytes of which no shape takes longer."""
_BASE = 135.0
_UNIT = 0.1
_WEIGHTS = (
    (b"abcdefghijklmnopqrstuvwxyz \\", 0.1),
    (b"]})>", 0.4),
    (b"\"'", 0.3),
    (b",", 0.6),
    (b"-_", 0.7),
    (b".", 1.0),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1.1),
    (b":", 1.3),
    (b"=%+~`^#$!?*", 2.2),
    (b"0123456789", 2.2),
    (b"[{(", 4.9),
    (b"/&;\t", 6.1),
    (b"<", 8.0),
    (b"\n\r", 9.6),
    (b"|", 13.5),
    (b"@", 20.0),
    (bytes(range(128, 256)), 0.3),
)
"""Microseconds for one of each."""
_CONTROL = 8.0
_LABEL, _RUN, _LINE, _ODD, _ESCAPE = 67.0, 60.0, 9.6, 4.7, 0.4
"""For a word that tells of a secret, for each 24 letters of an encoded run, for the escape of a
line end, and for a character that is read as another, or as nothing."""
_ODD_BYTES = (b"\xe2", b"\xee", b"\xef", b"\xf3", b"\xcc", b"\xcd", b"\xc2\xad")
_ODD_ESCAPES = (b"\\u2", b"\\u03", b"\\u00ad", b"\\ue", b"\\uf", b"\\udb", b"\\u001")
"""How such characters begin in UTF-8 and in JSON; most languages have few of them."""
_LINE_ESCAPES = (b"\\n", b"\\r", b"\\t")
_LETTERS = bytes(
    1 if chr(b).isascii() and (chr(b).isalnum() or b in b"+/_-") else 0 for b in range(256)
)
_LONG = b"\1" * 24
_LABELS = (b"assw", b"ecret", b"oken", b"_key", b"pikey")
_DIGITS_OF_ESCAPE = 3 * 2.2
"""What the digits in the number of an escaped letter are counted for, on average."""
_PIECE = 256
"""Bytes of which the weights add up to less than Adler's modulus."""


def _table() -> bytes:
    weights = [round(_CONTROL / _UNIT)] * 128 + [0] * 128
    for chars, weight in _WEIGHTS:
        for char in chars:
            weights[char] = round(weight / _UNIT)
    return bytes(weights)


_TABLE = _table()


def _weighed(data: bytes) -> float:
    """Return the sum of the weights of all bytes, in microseconds.

    The lower half of an Adler checksum is one and the sum of the bytes: the fastest sum there is.
    """
    weights, total = data.translate(_TABLE), 0
    for at in range(0, len(weights), _PIECE):
        total += (adler32(weights[at : at + _PIECE]) & 0xFFFF) - 1
    return total * _UNIT


def estimate_us(data: bytes) -> float:
    """Return how many microseconds it takes to classify this text on an ordinary core, with all
    its signs being what is dearest.
    """
    if len(data) <= LEAST_DEAR:
        return _BASE
    cost = _BASE + _weighed(data)
    if b"\\" in data:
        cost += _LINE * sum(map(data.count, _LINE_ESCAPES))
        if escapes := data.count(b"\\u"):
            cost += (_ESCAPE - _DIGITS_OF_ESCAPE) * escapes
            cost += _ODD * sum(map(data.count, _ODD_ESCAPES))
    if not data.isascii():
        cost += _ODD * sum(map(data.count, _ODD_BYTES))
    cost += _LABEL * sum(map(data.count, _LABELS))
    return max(_BASE, cost) + _RUN * data.translate(_LETTERS).count(_LONG)


def is_dear(body: bytes, *, packed: bool) -> bool:
    """Return True for a body that may keep a worker for a long time. `packed`: what it unpacks to
    is not known before.
    """
    if len(body) > _DEAR_BYTES or (packed and len(body) > LEAST_DEAR):
        return True
    return estimate_us(body) > DEAR_US


def is_quick(parts: Iterable[bytes], within_us: float = ON_THE_LOOP_US) -> bool:
    """Return True when all of these may be classified on the event loop."""
    left = float(within_us)
    for part in parts:
        left -= estimate_us(part)
        if left < 0:
            return False
    return True
