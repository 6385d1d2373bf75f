"""Places in JSON that is not parsed: names, brackets and commas, told from those in strings by the
quotes before them. Pure.
"""

import json

TRIES, LOOKED_AT = 20_000, 50
_GAP = 64
_BLANKS = b" \t\r\n"
CLOSING = {b"{": b"}", b"[": b"]"}


def end_of_value(start: bytes, at: int) -> int:
    """Return where a list or an object ends; -1 where that is not seen."""
    try:
        # One character for each byte: places are those of the bytes.
        return json.JSONDecoder().raw_decode(start.decode("latin-1"), at)[1]
    except (ValueError, RecursionError):
        return -1


def first_container(data: bytes, at: int) -> int:
    """Return where the first member stands that is a list or an object; -1 for none."""
    for _ in range(LOOKED_AT):
        at = solid(data, at)
        key = string_at(data, at)
        value = solid(data, at + len(key))
        if not key or data[value : value + 1] != b":":
            return -1
        value = solid(data, value + 1)
        if data[value : value + 1] in (b"{", b"["):
            return at
        text = string_at(data, value) or data[value : value + _GAP].partition(b",")[0]
        comma = solid(data, value + len(text))
        if data[comma : comma + 1] != b"," or text.rstrip(_BLANKS)[-1:] in (b"}", b"]"):
            return -1
        at = comma + 1
    return -1


def opening_of(data: bytes) -> tuple[bytes, bytes]:
    """Return the name of the member that begins there, and how its value opens: with one bracket,
    or with two where one stands at once, or as the first value, in the other.
    """
    at = solid(data, 0)
    key = string_at(data, at)
    value = solid(data, at + len(key))
    if not key or data[value : value + 1] != b":":
        return b"", b""
    value = solid(data, value + 1)
    bracket = data[value : value + 1]
    if bracket not in CLOSING:
        return key, b""
    inner = solid(data, value + 1)
    if bracket == b"{":
        name = string_at(data, inner)
        colon = solid(data, inner + len(name))
        inner = solid(data, colon + 1)
    second = data[inner : inner + 1]
    return key, bracket + second if second in CLOSING else bracket


def string_at(data: bytes, at: int) -> bytes:
    """Return the string that begins there, with its quotes; nothing where none does."""
    if data[at : at + 1] != b'"':
        return b""
    end = data.find(b'"', at + 1)
    for _ in range(TRIES):
        if end < 0:
            return b""
        slashes = end - len(data[at:end].rstrip(b"\\")) - at
        if not slashes & 1:
            return data[at : end + 1]
        end = data.find(b'"', end + 1)
    return b""


def solid(data: bytes, at: int) -> int:
    """Return where the next byte stands that is no blank."""
    part = data[at : at + _GAP]
    return at + len(part) - len(part.lstrip(_BLANKS))


def quotes_in(data: bytes, begin: int, end: int) -> int:
    """Return how many quotes open or close a string."""
    part = data[begin:end]
    if b"\\" not in part:
        return part.count(b'"')
    return part.replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"')


def last_outside(data: bytes, mark: bytes, end: int) -> int:
    """Return where a mark stands last that is in no string; -1 for nowhere."""
    at = data.rfind(mark, 0, end)
    quotes = quotes_in(data, 0, at) if at >= 0 else 0
    for _ in range(TRIES):
        if at < 0 or not quotes & 1:
            return at
        before = data.rfind(mark, 0, at)
        quotes -= quotes_in(data, max(before, 0), at)
        at = before
    return -1


def first_outside(data: bytes, mark: bytes, end: int) -> int:
    """Return where a mark stands first that is in no string; -1 for nowhere."""
    at = data.find(mark, 0, end)
    quotes = quotes_in(data, 0, at) if at >= 0 else 0
    for _ in range(TRIES):
        if at < 0 or not quotes & 1:
            return at
        behind = data.find(mark, at + 1, end)
        quotes += quotes_in(data, at, behind) if behind >= 0 else 0
        at = behind
    return -1


def is_balanced(data: bytes, expected: tuple[int, int]) -> bool:
    """True when so many braces and brackets are open, leaving out those in strings."""
    if _balance(data) == expected:
        return True
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return _balance(b"".join(plain.split(b'"')[::2])) == expected


def _balance(data: bytes) -> tuple[int, int]:
    return data.count(b"{") - data.count(b"}"), data.count(b"[") - data.count(b"]")


def last_opened(data: bytes) -> bytes:
    """Return name and bracket of the last member that opens there."""
    at = max(last_outside(data, b"{", len(data)), last_outside(data, b"[", len(data)))
    if at < 0:
        return b""
    before = data[:at].rstrip(_BLANKS)
    if not before.endswith(b":"):
        return b""
    before = before[:-1].rstrip(_BLANKS)
    begin = before.rfind(b'"', 0, len(before) - 1)
    for _ in range(LOOKED_AT):
        if begin < 0 or not quotes_in(before, 0, begin) & 1:
            break
        begin = before.rfind(b'"', 0, begin)
    return before[begin:] + b":" + data[at : at + 1] if begin >= 0 else b""


def brackets(context: bytes) -> list[int]:
    """Return the brackets of a context, which opens more than it closes, if it closes any."""
    found: list[int] = []
    at = 0
    while at < len(context):
        if context[at : at + 1] == b'"':
            at += max(1, len(string_at(context, at)))
            continue
        if context[at : at + 1] in CLOSING:
            found.append(context[at])
        at += 1
    return found
