"""What bytes that were decoded from text are: text, a file, packed, numbers, or unknown."""

from classifiers.codecs.bson import begins_bson
from classifiers.codecs.cbor import read_cbor
from classifiers.codecs.charset import ebcdic, readable_runs, text_of
from classifiers.codecs.magic import (
    document_type,
    has_long_mark,
    holds_mark,
    packed_as,
    picture_type,
)
from classifiers.codecs.media import media_in
from classifiers.codecs.media.weights import are_fractions
from classifiers.codecs.number_vectors import characters
from classifiers.codecs.packed import is_plain
from classifiers.codecs.unnamed import coding_by_content
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.payload import Path
from core.vocabulary.unread import UnreadKind

_SMALLEST_PICTURE = 256
_LONGEST_SIGNATURE = 512
"""Bytes: unknown data of no more are a key, a hash or a signature, and its text was given."""
_FEWEST_MIXED, _READABLE = 40, 16
_TELLING_RUN = 14
"""Once in five thousand signatures of 512 bytes."""
_FEWEST_EBCDIC = 24
_SAMPLE = 512
_FEWEST_VALUES = 16
"""Bytes of fewer different values are a ruler of dots, not unknown data."""
_CONTROLS = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_HIGH = bytes(range(128, 256))
_FEWEST_SAID, _FEWEST_LETTERS = 12, 6
_CUT = "unexpected end of data"
"""How UTF-8 is refused that ends within a letter."""
_OPAQUE_KEYS = frozenset(
    {
        "signature",
        "encrypted_content",
        "thoughtSignature",
        "thought_signature",
    }
)


def read_decoded(
    reading: Reading, data: bytes, key: str | None, path: Path, depth: int, *, new: bool = True
) -> bool:
    """Queue what was decoded where it is known what it is; say of what is longer than a signature
    that nobody knows. False where the text that it was decoded from may just be text. `new`: its
    letters are not those of that text.
    """
    data = without_filling(data)
    if (plain := characters(data)) is not None:
        return reading.later(Piece(plain, "", key, (*path, "(numbers)"), depth + 1))
    if _is_something(data) or (new and _is_set_with_controls(data)):
        return reading.later(Piece(data, "", key, path, depth + 1))
    if len(data) <= _LONGEST_SIGNATURE or len(set(data)) < _FEWEST_VALUES:
        if new and (words := _long_runs(data)):
            reading.later(Piece(words, "text/plain", key, (*path, "(readable)"), depth + 1))
        return False
    reading.unread("encoded data in no known format", path, _kind_of(data, key))
    return True


def _long_runs(data: bytes) -> bytes:
    """Return the readable runs that are too long to stand in a key or a signature by chance: short
    messages hold texts between few other bytes.
    """
    runs = readable_runs(data).split(b"\n")
    return b"\n".join(run for run in runs if len(run) >= _TELLING_RUN)


def _is_something(data: bytes) -> bool:
    if known(data) is not None or begins_file(data, len(data)):
        return True
    if coding_by_content(data) is not None or _holds_texts(data) or _holds_packed(data):
        return True
    if len(data) >= _FEWEST_EBCDIC and ebcdic(data) is not None:
        return True
    if data[:1] in _OPENING and _is_msgpack(data):
        return True
    if begins_bson(data) or (data[:1] in _OPENING_CBOR and _is_cbor(data)):
        return True
    return len(data) > _LONGEST_SIGNATURE and media_in(data, None) is not None


_OPENING = tuple(bytes((first,)) for first in (*range(0x81, 0xA0), 0xDC, 0xDE))
"""How an array or a map of msgpack begins."""
_OPENING_CBOR = tuple(
    bytes((first,)) for first in (*range(0x81, 0x99), 0x9F, *range(0xA1, 0xB9), 0xBF, 0xC1, 0xD9)
)
"""How a list, a map and what has a tag begin in CBOR."""
_TELLING_MEMBER = 8


def _is_cbor(data: bytes) -> bool:
    """True for a whole list or map that holds a text of some length, a map under names that can be
    read.
    """
    if not _FEWEST_VALUES < len(data) <= _LONGEST_SIGNATURE:
        return False
    parsed = read_cbor(data, len(data))
    if not parsed.whole or len(parsed.values) != 1:
        return False
    root = parsed.values[0]
    if isinstance(root, dict):
        members, named = list(root.values()), all(map(str.isprintable, root))
    else:
        members, named = root if isinstance(root, list) else [], True
    texts = [value for value in members if isinstance(value, str | bytes)]
    return named and any(len(text) >= _TELLING_MEMBER and _reads(text) for text in texts)


def _reads(text: str | bytes) -> bool:
    return text.isprintable() if isinstance(text, str) else known(text) is not None


def _is_msgpack(data: bytes) -> bool:
    """True for a whole map or array that holds a text or bytes of some length."""
    import msgpack

    if not _FEWEST_VALUES < len(data) <= _LONGEST_SIGNATURE:
        return False
    try:
        value = msgpack.unpackb(data, strict_map_key=False, raw=True)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException, RecursionError):
        return False
    members = [*value, *value.values()] if isinstance(value, dict) else value
    return any(isinstance(m, bytes | tuple) and _is_telling(m) for m in members)


def _is_telling(member: bytes | tuple[int, bytes]) -> bool:
    """True for a member of some length that reads: digests are arrays of other bytes by chance."""
    data = member if isinstance(member, bytes) else member[1]
    if len(data) < _TELLING_MEMBER:
        return False
    try:
        return data.decode().isprintable() or known(data) is not None
    except UnicodeDecodeError:
        return coding_by_content(data) is not None


def _holds_packed(data: bytes) -> bool:
    """True when a packed stream or an archive begins somewhere in the data."""
    return len(data) >= _FEWEST_MIXED and holds_mark(data)


def _kind_of(data: bytes, key: str | None) -> UnreadKind:
    if are_fractions(data):
        return UnreadKind.WEIGHTS
    return UnreadKind.SEALED if key in _OPAQUE_KEYS else UnreadKind.CONTENT


def _holds_texts(data: bytes) -> bool:
    """True when the data begin with readable characters, or a third of them stands in runs of
    such.
    """
    if len(data) >= _FEWEST_MIXED and is_plain(data[:_READABLE]):
        return True
    return len(data) >= _FEWEST_MIXED and len(readable_runs(data)) * 3 > len(data) - data.count(0)


def begins_file(head: bytes, length: int) -> bool:
    """True for the beginning of a document, or of a picture or sound larger than a pixel: names may
    begin like those.
    """
    if document_type(head) is not None:
        return True
    if length < _SMALLEST_PICTURE and not has_long_mark(head):
        return False
    return picture_type(head) is not None


def without_filling(data: bytes) -> bytes:
    """Return ASCII of a fixed width without the zeros behind it; other data as they are."""
    if not data.endswith(b"\0"):
        return data
    text = data.rstrip(b"\0")
    return text if text.isascii() and text.translate(None, _CONTROLS) == text else data


def known(data: bytes) -> bytes | None:
    """Return the data when it is text or a packed stream; a cut last character does not matter."""
    if packed_as(data) or (data[:1] == b"x" and coding_by_content(data)):
        return data
    head = data[:48]
    if len(head) < 12:
        return None
    if head.count(0) * 3 > len(head):
        wide = text_of(head[: len(head) & ~1])
        return data if wide and _is_of_few_scripts(wide) else None
    if head.translate(None, _CONTROLS) != head:
        return None
    if head.isascii():
        return data
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.reason != _CUT:
            return data if len(head.translate(None, _HIGH)) * 8 > len(head) * 7 else None
        text = head[: error.start].decode()
    return data if _few_strange(text) else None


def is_text(data: bytes) -> bool:
    """True for a text to its end, or what is packed: measures in words often begin as texts do."""
    if packed_as(data):
        return True
    if len(data) < _FEWEST_SAID or data.translate(None, _CONTROLS) != data:
        return False
    if len(set(data)) < _FEWEST_LETTERS or len(data.translate(None, _HIGH)) * 8 < len(data) * 7:
        return False
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def said_in(data: bytes) -> bytes | None:
    """Return what is text or packed behind zeros, or the text of which most of the data are made
    up; None where there is none.
    """
    if known(data) is not None:
        return data
    bare = data.strip(b"\0")
    if known(bare) is not None:
        return bare
    if len(bare) < _FEWEST_MIXED:
        return None
    return runs if len(runs := readable_runs(bare)) * 2 > len(bare) - bare.count(0) else None


def _is_set_with_controls(data: bytes) -> bool:
    """True for ASCII with one or two kinds of controls in it, as colours and overstrikes have."""
    if len(data) < _FEWEST_EBCDIC:
        return False
    sample = data[:_SAMPLE]
    plain = sample.translate(None, _CONTROLS)
    kinds = len(set(sample) - set(plain))
    return len(plain) * 2 >= len(sample) and kinds < 3 and b"\0" not in sample and plain.isascii()


def _is_of_few_scripts(text: str) -> bool:
    """True for text; small numbers of two bytes each are letters from everywhere by chance."""
    blocks = {_COMMON_BLOCKS.get(ord(char) >> 8, ord(char) >> 8) for char in text}
    return len(blocks) <= _FEW_BLOCKS


_FEW_BLOCKS = 3
_COMMON_BLOCKS = dict.fromkeys(range(0x4E, 0xA0), 0x4E) | dict.fromkeys(range(0xAC, 0xD8), 0xAC)
"""Those of ideographs and of Korean syllables, by the first of each."""


def _few_strange(text: str) -> bool:
    """Random bytes that happen to read as text are full of odd letters; prose of any language is
    not of many blocks.
    """
    blocks = {ord(char) >> 8 for char in text if char.isalpha()}
    odd = sum(
        1
        for char in text
        if not (char.isalnum() or char.isspace() or char in "{}[]\":,.'-_/=+()@#;&?!*|<>")
    )
    return len(blocks) <= 2 and odd * 5 <= len(text)
