"""Pickles, never unpickled: the strings that their opcodes carry, and what their numbers are byte
by byte.
"""

import pickletools
from io import BytesIO

from classifiers.codecs.charset import readable_runs, text_of
from classifiers.codecs.magic import document_type
from classifiers.decoding.decoded import known
from classifiers.decoding.names import telling
from classifiers.decoding.number_forms import LARGEST, SMALLEST, of_float
from classifiers.decoding.packed import bytes_in
from classifiers.documents.behind import read_behind
from classifiers.documents.pickled_letters import Letters
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/x-pickle"})
_MAX_OPCODES = 3_000_000
_SLICE, _BYTE = 1 << 16, 256
_LONG, _TINY = 64, 3
_SHORTEST = 16
"""Fewer bytes that are no text are a number."""
_CODE = frozenset({"GLOBAL", "INST"})
_NUMBERS = frozenset({"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"})
"""Other opcodes have whole numbers of the pickle's own."""


def read(document: Document, work: Work) -> None:
    """Collect texts, long integers and packed files; nothing of the pickle is run."""
    texts, numbers = _Gathered(document, work), _Gathered(document, work, quoted=False)
    letters = Letters()
    count, octets = 0, bytearray()
    stream = BytesIO(document.data)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            count += 1
            letters.take(opcode.name, argument)
            if count > _MAX_OPCODES:
                work.unread("more of the pickle than is read", document.path)
                break
            if isinstance(argument, str | bytes | bytearray):
                _text(opcode.name, argument, texts, document, work)
            elif (octet := _octet(opcode.name, argument)) is not None:
                octets.append(octet)
            elif (digits := _digits(argument)) is not None:
                numbers.add(digits)
    except (ValueError, IndexError, OverflowError, UnicodeDecodeError, KeyError):
        work.unread("the pickle is broken", document.path)
    else:
        read_behind(stream.read(), document, work)
    texts.flush()
    numbers.flush()
    _octets(bytes(octets), document, work)
    if (whole := letters.whole()) is not None:
        work.text(whole, None, document.path)


def _octet(code: str, argument: object) -> int | None:
    """Return a number that may be a byte, whole ones kept as fractions too."""
    if type(argument) is float and argument.is_integer():
        argument = int(argument)
    elif type(argument) is not int or code not in _NUMBERS:
        return None
    return argument if 0 <= argument < _BYTE else None


def _text(
    code: str, argument: str | bytes | bytearray, texts: "_Gathered", document: Document, work: Work
) -> None:
    if isinstance(argument, bytes | bytearray):
        if len(argument) > _TINY:
            _bytes(bytes(argument), texts, document, work)
    elif code not in _CODE or telling(argument):
        texts.add(argument)
        if (inner := bytes_in(argument)) is not None:
            _bytes(inner, texts, document, work)


def _digits(argument: object) -> str | None:
    """Return a number that is long enough to be an id."""
    if type(argument) is int and SMALLEST <= argument < LARGEST:
        return str(argument)
    return of_float(argument) if type(argument) is float else None


def _octets(data: bytes, document: Document, work: Work) -> None:
    """Read what numbers of a byte each come to."""
    if known(data) is not None or document_type(data) is not None:
        work.member(data, None, document.path)
    else:
        work.text(readable_runs(data).decode("utf-8", "replace"), None, document.path)


def _bytes(data: bytes, texts: "_Gathered", document: Document, work: Work) -> None:
    if (text := text_of(data)) is not None and not document_type(data):
        texts.add(text)
    elif len(data) >= _SHORTEST and work.allow(len(data), document.path):
        work.member(data, None, document.path)


class _Gathered:
    """Strings put together, one a line, into texts of a readable size."""

    def __init__(self, document: Document, work: Work, *, quoted: bool = True) -> None:
        self.lines: list[str] = []
        self.size = 0
        self.document, self.work, self.quoted = document, work, quoted

    def add(self, text: str) -> None:
        """Take one string; a long one stands by itself, for it may be packed."""
        if len(text) >= _LONG or not text.isprintable():
            self.flush()
            self.lines.append(text)
            self.flush()
            return
        self.lines.append(text)
        self.size += len(text)
        if self.size > _SLICE:
            self.flush()

    def flush(self) -> None:
        """Hand over what was gathered."""
        if self.lines:
            text = "\n".join(self.lines).encode("utf-8", "replace").decode()
            self.work.text(text, None, self.document.path, quoted=self.quoted)
        self.lines, self.size = [], 0
