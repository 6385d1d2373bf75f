"""NumPy arrays: texts, long numbers, and what numbers are byte by byte; arrays of objects are
pickles and read as such.
"""

import ast
import struct
from math import prod

from classifiers.codecs.charset import readable_runs
from classifiers.codecs.magic import document_type
from classifiers.decoding.decoded import known, without_filling
from classifiers.decoding.number_forms import SMALLEST, of_float
from classifiers.documents.behind import read_behind
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/x-npy"})
_LONGEST_HEAD = 1 << 20
_SLICE = 1 << 16
_FEWEST, _MOST_SIDES, _BYTE = 12, 3, 256
_INTEGERS = {1: "b", 2: "h", 4: "i", 8: "q"}
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
    elif (plain := _plain(kind)) is not None:
        _whole(content, document, work)
        octets = _numbers(content, plain, document, work)
        _across(octets, _steps(head["shape"], wide=bool(head["fortran_order"])), document, work)
    else:
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


def _plain(kind: str) -> str | None:
    """Return the type of the plain numbers that a type is made of; None for one of its own."""
    letter = kind[1:2]
    if letter == "c":
        return f"{kind[0]}f{int(kind[2:]) // 2}"
    if letter in {"M", "m"}:
        return f"{kind[0]}i8"
    if letter == "b":
        return f"{kind[0]}u1"
    return kind if letter in {"i", "u", "f"} else None


def _whole(content: bytes, document: Document, work: Work) -> bool:
    """Queue the bytes of numbers that are a text or a file; False for those that are numbers."""
    content = without_filling(content)
    telling = known(content) is not None or document_type(content) is not None
    if telling and work.allow(len(content), document.path):
        work.member(content, None, document.path)
    return telling


def _numbers(content: bytes, kind: str, document: Document, work: Work) -> bytes:
    """Read them as they stand; return what each is as a byte, or zero."""
    size = int(kind[2:])
    sign = (_FRACTIONS if kind[1] == "f" else _INTEGERS).get(size)
    if sign is None:
        raise ValueError("no known size of integers")
    sign = sign.upper() if kind[1] == "u" else sign
    order = ">" if kind[0] == ">" else "<"
    step, octets = _SLICE // size * size, bytearray()
    for at in range(0, len(content) - len(content) % size, step):
        part = content[at : at + step]
        count = len(part) // size
        values = struct.unpack(f"{order}{count}{sign}", part[: count * size])
        text = "\n".join(filter(None, map(_long, values)))
        if not work.text(text, None, document.path):
            return b""
        octets += _octets(part, values, order)
    if not octets.strip(b"\0"):
        return b""
    if size == 1 or not _whole(bytes(octets), document, work):
        work.text(readable_runs(bytes(octets)).decode("utf-8", "replace"), None, document.path)
    return bytes(octets)


def _octets(part: bytes, values: tuple[int | float, ...], order: str) -> bytes:
    """Return numbers that are a byte each as those, all others as zero."""
    size = len(part) // len(values)
    whole = part[0 if order == "<" else size - 1 :: size].count(0)
    if size > 2 and isinstance(values[0], float) and whole < _FEWEST:
        return bytes(len(values))  # fractions nearly all: those of whole numbers end with zeros
    try:
        return bytes(values)  # type: ignore[arg-type]  # refuses fractions
    except (TypeError, ValueError):
        return bytes(
            [int(v) if 0 <= v < _BYTE and v == int(v) else 0 for v in map(_finite, values)]
        )


def _finite(value: int | float) -> int | float:
    return value if -_BYTE < value < _BYTE else 0


def _steps(shape: tuple[int, ...], *, wide: bool) -> list[int]:
    """Return how far apart the numbers of one column stand, for each side but the last."""
    sides = shape[:-1] if wide else shape[:0:-1]
    return [prod(sides[: at + 1]) for at in range(len(sides))]


def _across(octets: bytes, steps: list[int], document: Document, work: Work) -> None:
    """Read what letters say that stand under each other."""
    for number, step in enumerate(dict.fromkeys(steps)):
        if step < 2 or len(octets) < step * _FEWEST:
            continue
        if number >= _MOST_SIDES:
            work.unread("more sides of an array than are read", document.path)
            return
        across = b"\0".join(octets[at::step] for at in range(step))
        work.text(readable_runs(across).decode("utf-8", "replace"), None, document.path)


def _long(value: int | float) -> str | None:
    if isinstance(value, float):
        return of_float(value)
    return str(value) if value >= SMALLEST else None
