"""NumPy arrays: texts, and long numbers; arrays of objects are pickles and read as such."""

import ast
import struct
from math import prod

from classifiers.codecs.charset import readable_runs
from classifiers.decoding.number_forms import SMALLEST, of_float
from classifiers.documents.behind import read_behind
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/x-npy"})
_LONGEST_HEAD = 1 << 20
_SLICE = 1 << 16
_INTEGERS = {1: "b", 2: "h", 4: "i", 8: "q"}
_TELLS_NOTHING = frozenset({"b", "M", "m"})
"""Yes and no, dates and spans of time."""
_FRACTIONS = {2: "e", 4: "f", 8: "d"}


def read(document: Document, work: Work) -> None:
    """Read the array by the type that its head states. Raises ValueError on a broken head."""
    data = document.data
    wide = data[6:7] >= b"\x02"
    start = 12 if wide else 10
    size = int.from_bytes(data[8:start], "little")
    if size > _LONGEST_HEAD:
        raise ValueError("the head is too long")
    head = ast.literal_eval(data[start : start + size].decode("utf-8").strip())
    content, kind = data[start + size :], head["descr"]
    if isinstance(kind, str) and kind[1:2] != "O":
        width = int(kind[2:].partition("[")[0] or 1) * (4 if kind[1:2] == "U" else 1)
        length = prod(head["shape"]) * width
        read_behind(content[length:], document, work)
        content = content[:length]
    if not isinstance(kind, str):
        work.unread("an array of records is not read", document.path)
    elif kind[1:2] == "O":
        work.member(content, None, document.path, "application/x-pickle")
    elif kind[1:2] in {"U", "S"}:
        _texts(content, kind, document, work)
    elif kind[1:2] in {"i", "u", "f"}:
        _numbers(content, kind, document, work)
    elif kind[1:2] not in _TELLS_NOTHING:
        work.unread("an array of a type of its own is not read", document.path)


def _texts(content: bytes, kind: str, document: Document, work: Work) -> None:
    width = int(kind[2:]) * (4 if kind[1] == "U" else 1)
    coding = "utf-32-be" if kind[0] == ">" else "utf-32-le"
    if kind[1] == "S":
        coding = "latin-1"
    if width == 0:
        return
    step = max(1, _SLICE // width) * width
    for at in range(0, len(content), step):
        part = content[at : at + step]
        lines = (part[n : n + width].decode(coding, "replace") for n in range(0, len(part), width))
        text = "\n".join(line.rstrip("\0") for line in lines)
        if not work.text(text, None, document.path):
            return


def _numbers(content: bytes, kind: str, document: Document, work: Work) -> None:
    size = int(kind[2:])
    sign = (_FRACTIONS if kind[1] == "f" else _INTEGERS).get(size)
    if sign is None:
        raise ValueError("no known size of integers")
    sign = sign.upper() if kind[1] == "u" else sign
    order = ">" if kind[0] == ">" else "<"
    step = _SLICE // size * size
    for at in range(0, len(content) - len(content) % size, step):
        part = content[at : at + step]
        count = len(part) // size
        values = struct.unpack(f"{order}{count}{sign}", part[: count * size])
        text = "\n".join(filter(None, map(_long, values)))
        if not work.text(text, None, document.path):
            return
        if (letters := _letters(values)) and not work.text(letters, None, document.path):
            return


def _letters(values: tuple[int | float, ...]) -> str:
    """Return the readable runs of numbers that are a byte each."""
    if not all(0 <= value < 256 and value == int(value) for value in values):
        return ""
    return readable_runs(bytes(map(int, values))).decode("utf-8", "replace")


def _long(value: int | float) -> str | None:
    if isinstance(value, float):
        return of_float(value)
    return str(value) if value >= SMALLEST else None
