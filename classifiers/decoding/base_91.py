"""Bytes in base91: pairs of letters of nearly all that ASCII has, for 13 or 14 bits each."""

from collections.abc import Iterator
from typing import Any

from classifiers.codecs.linear import compiled, ready
from classifiers.decoding import runs
from classifiers.decoding.decoded import known

_ALPHABET = (
    b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~"'
)
_DIGIT = {letter: value for value, letter in enumerate(_ALPHABET)}
_CAPITALS, _DIGITS = _ALPHABET[:26], _ALPHABET[52:62]
_SMALL, _SIGNS = _ALPHABET[26:52], _ALPHABET[62:]

_QUOTE = b'\\"'
"""How a quote stands in JSON as it is sent; one alone ends a string."""
_ARE_LETTERS = bytes(byte in _ALPHABET and byte != ord('"') for byte in range(256))

_LOOKED_AT, _HEAD = 2048, 80
_FEWEST_LETTERS, _SHORTEST = 12, 18
_RUN = b"\1" * _SHORTEST
_SHORT, _FEW = 64, 2
"""Letters of a word of which few need be signs, or capitals: what it says tells."""
_ONE_CAPITAL_IN, _ONE_DIGIT_IN, _ONE_SIGN_IN = 8, 32, 6
"""Of evenly mixed letters a quarter are capitals, a ninth digits, a third signs: code, links and
rows have fewer of one."""
_LONG = 690
"""Letters of what is told where nobody knows what it says: shorter ones may be signatures."""


def may_hold(data: bytes) -> bool:
    """Return True when a text, or JSON as it is sent, may hold such a stretch."""
    if _QUOTE in data:
        return next(places(data), None) is not None
    for run in runs.each(data, data.translate(_ARE_LETTERS), _RUN, column=True):
        if _is_mixed(run):  # what `places` finds where no quote is among the letters
            return True
    return False


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of what may be such stretches."""
    for found in _runs().finditer(data):
        if _is_mixed(found.group()):
            yield found.span()


def read(data: bytes) -> Iterator[bytes]:
    """Yield what the words of a text say, and what several in a row do, as lines are."""
    row: list[bytes] = []
    for word in data.split():
        if is_word(word):
            row.append(word)
        elif row:
            yield from _said(row, word)
            row = []
    if row:
        yield from _said(row, b"")


def _said(row: list[bytes], tail: bytes) -> Iterator[bytes]:
    """Yield what each word says, and what all do with what may be their last line."""
    if len(row) > 1 or (row and tail and not tail.translate(None, _ALPHABET)):
        whole = b"".join((*row, b"" if tail.translate(None, _ALPHABET) else tail))
        if known(_decoded(whole[:_HEAD])) is not None:
            yield _decoded(whole)
    for word in row:
        if known(_decoded(word[:_HEAD])) is not None or (len(word) >= _LONG and _is_even(word)):
            yield _decoded(word)


def is_word(word: bytes) -> bool:
    """Return True for a word that may be such a stretch."""
    return len(word) >= _SHORTEST and not word.translate(None, _ALPHABET) and _is_mixed(word)


def _is_mixed(run: bytes) -> bool:
    head = run[:_LOOKED_AT]
    size = len(head)
    if size <= _SHORT:
        signs = size - len(head.translate(None, _SIGNS))
        capitals = size - len(head.translate(None, _CAPITALS))
        return min(signs, capitals) >= _FEW and len(set(head)) >= _FEWEST_LETTERS
    return (
        (size - len(head.translate(None, _SIGNS))) * _ONE_SIGN_IN >= size
        and (size - len(head.translate(None, _CAPITALS))) * _ONE_CAPITAL_IN >= size
        and (size - len(head.translate(None, _DIGITS))) * _ONE_DIGIT_IN >= size
        and len(set(head)) >= _FEWEST_LETTERS
    )


def _is_even(word: bytes) -> bool:
    """True where letters of each kind are as many as unknown bytes have them: of code, some are
    rarer.
    """
    return all(
        abs(len(word) - len(word.translate(None, kind)) - (even := len(word) * len(kind) / 91))
        < even / 4
        for kind in (_CAPITALS, _SMALL, _DIGITS, _SIGNS)
    )


def _decoded(word: bytes) -> bytes:
    """Return the bytes of a word of the alphabet; the second letter of a pair counts 91 times."""
    bits = held = 0
    out = bytearray()
    for at in range(0, len(word) - 1, 2):
        pair = _DIGIT[word[at]] + 91 * _DIGIT[word[at + 1]]
        bits |= pair << held
        held += 13 if pair & 8191 > 88 else 14
        while held > 7:
            out.append(bits & 255)
            bits >>= 8
            held -= 8
    if len(word) & 1:
        out.append((bits | _DIGIT[word[-1]] << held) & 255)
    return bytes(out)


@ready
def _runs() -> Any:
    """Runs of the letters; those of a string in JSON end with it."""
    letters = "".join(f"\\x{letter:02x}" for letter in _ALPHABET if letter != ord('"'))
    return compiled(rf'(?:[{letters}]|\\"){{{_SHORTEST},}}')
