"""The strings of JSON, found by their quotes alone: of one document or many, whole or broken. Where
there are few, many times as fast as to parse.
"""

from collections.abc import Iterator

import orjson


def strings_of(data: bytes, least: int, steps: int) -> Iterator[memoryview]:
    """Yield the strings of at least so many bytes in their order, keys too, as they stand, with
    their escapes. Looks at so many quotes at most.
    """
    view = memoryview(data)
    start, end = data.find(b'"'), -1
    for _ in range(steps):
        if start < 0:
            return
        end = data.find(b'"', end + 1 if end > start else start + 1)
        if end < 0:
            return
        if _is_escaped(data, end):
            continue
        if end - start > least:
            yield view[start + 1 : end]
        start = data.find(b'"', end + 1)


def _is_escaped(data: bytes, at: int) -> bool:
    """True for what an odd number of escapes stands before."""
    size = 16
    while True:
        tail = data[max(0, at - size) : at]
        escapes = len(tail) - len(tail.rstrip(b"\\"))
        if escapes < size:
            return bool(escapes % 2)
        size *= 4


def unescaped(piece: bytes) -> bytes:
    """Return a string's text as UTF-8; as it stands where its escapes are none."""
    if b"\\" not in piece:
        return piece
    try:
        text: str = orjson.loads(b'"%b"' % piece)
    except orjson.JSONDecodeError:
        return piece
    return text.encode("utf-8", "surrogatepass")
