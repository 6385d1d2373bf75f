"""Base32 of four alphabets, base45, and base64 with whatever stands between its letters."""

import base64
import binascii
from collections.abc import Iterator

_BASE_32, _SMALL_32 = (
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    b"abcdefghijklmnopqrstuvwxyz0123456789",
)
_RFC_4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_OTHERS_32 = (
    b"0123456789ABCDEFGHIJKLMNOPQRSTUV",
    b"0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    b"YBNDRFG8EJKMCPQXOT1UWISZA345H769",
)
"""Of base32hex, of Crockford, and of z-base-32."""
_FROM_OTHERS_32 = tuple((alphabet, bytes.maketrans(alphabet, _RFC_4648)) for alphabet in _OTHERS_32)
_HEAD, _HEAD_45 = 16, 12
_PLAIN = bytes((9, 10, 13, *range(32, 127)))
_FROM_URLSAFE = bytes.maketrans(b"-_", b"+/")
_NO_BASE_64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
)


def base_32(run: bytes) -> Iterator[bytes]:
    """Yield what a run of letters and digits may be in base32, of any alphabet that it is of."""
    if len(run.translate(None, _BASE_32)) and len(run.translate(None, _SMALL_32)):
        return
    upper = run.upper()
    whole = len(upper) // 8 * 8
    rest = max((n for n in (0, 2, 4, 5, 7) if n <= len(upper) - whole), default=0)
    upper = upper[: whole + rest]
    if not upper.translate(None, _RFC_4648):
        yield _decoded_32(upper)
    for alphabet, to_known in _FROM_OTHERS_32:
        if not upper.translate(None, alphabet):
            letters = upper.translate(to_known)
            if alphabet is _OTHERS_32[0] or _begins_as_text(_decoded_32(letters[:_HEAD])):
                yield _decoded_32(letters)


def _begins_as_text(head: bytes) -> bool:
    """True for ASCII without controls, and for what zlib has packed: rare alphabets are tried for
    nothing else.
    """
    return head[:1] == b"x" or not head.translate(None, _PLAIN)


def _decoded_32(upper: bytes) -> bytes:
    return base64.b32decode(upper + b"=" * (-len(upper) % 8))


def from_base_64(text: bytes) -> bytes:
    """Return what base64 says, whatever stands between its letters and however it is padded."""
    pieces = text.translate(_FROM_URLSAFE, _NO_BASE_64).split(b"=")
    return b"".join(map(_base_64_piece, pieces))


def _base_64_piece(run: bytes) -> bytes:
    spare = len(run) % 4
    return binascii.a2b_base64(run[:-1] if spare == 1 else run + b"=" * (-spare % 4))


_45 = {
    letter: value for value, letter in enumerate(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
}


def from_base_45(text: bytes) -> bytes:
    """Return what a run in base45 (RFC 9285) says; nothing where it is none, or neither text nor
    packed by zlib. Raises KeyError for letters of another alphabet.
    """
    return _decoded_45(text) if _begins_as_text(_decoded_45(text[:_HEAD_45])) else b""


def _decoded_45(text: bytes) -> bytes:
    out = bytearray()
    for at in range(0, len(text), 3):
        digits = [_45[letter] for letter in text[at : at + 3]]
        value = sum(digit * 45**place for place, digit in enumerate(digits))
        width = len(digits) - 1
        if not width or value >= 256**width:
            return b""
        out += value.to_bytes(width)
    return bytes(out)
