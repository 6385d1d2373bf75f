"""Bodies of rows: where one record ends and the next begins, so that a large table is cut between
records, each window with the names of its columns. Pure.

Told by the first window: a delimited table, JSON lines, or an array of JSON objects.
"""

import json
from dataclasses import dataclass, field

from classifiers.codecs.charset import text_of
from classifiers.decoding.delimited import delimiter_of

RESERVE = 16 * 1024
"""What a window leaves to the next one at least: enough rows for the last one to be judged by."""
_LONGEST_ROW = 1 << 20
_LONGEST_HEAD = 4 * 1024
_LONGEST_GAP = 64
_TRIES, _ARRAYS = 20_000, 50
_OPENING, _CLOSING = b"{[", {ord("{"): b"}", ord("["): b"]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How the records of a body are set apart. Holds payload."""

    content_type: str
    """What each window is to be read as."""
    first: bytes = field(repr=False)
    """What stands before the first record, as it was sent."""
    before: bytes = field(repr=False)
    """What makes a later window whole, before and behind its records."""
    behind: bytes = field(repr=False, default=b"")
    mark: bytes = field(repr=False, default=b"\n")
    """What ends one record and begins the next."""
    kept: int = 1
    """Bytes of the mark that belong to the record that ends."""
    gap: int = 0
    """Bytes of the mark behind these that belong to none."""
    quoted: bool = False
    """True when a mark between quotes ends nothing."""

    def cut(self, data: bytes, least: int) -> int:
        """Return where the last record ends that leaves so many bytes; 0 when none does."""
        end = len(data) - least
        if end <= 0:
            return 0
        at = data.rfind(self.mark, 0, end)
        quotes = data.count(b'"', 0, at) if self.quoted and at >= 0 else 0
        for _ in range(_TRIES):
            if at < 0 or not quotes & 1:
                break
            before = data.rfind(self.mark, 0, at)
            quotes -= data.count(b'"', max(before, 0), at)
            at = before
        return 0 if at < 0 else at + self.kept

    def dressed(self, records: bytes, *, first: bool, last: bool) -> bytes:
        """Return records as a table of their own."""
        before = self.first if first else self.before
        return b"".join((before, records, b"" if last else self.behind))


def rows_in(start: bytes, content_type: str) -> Rows | None:
    """Return how the records of a body are set apart that begins so; None where it has none."""
    head = start[:_LONGEST_HEAD].lstrip()[:1]
    if head in (b"{", b"["):
        return _json_lines(start) or _array(start)
    text = text_of(start[: start.rfind(b"\n") + 1])
    media_type = content_type.partition(";")[0].strip()
    if not text or (not start.isascii() and "\ufffd" in text):
        return None
    if delimiter_of(text, media_type, None) in (None, "\n"):
        return None
    return _delimited(start, media_type)


def _delimited(start: bytes, media_type: str) -> Rows | None:
    rows = Rows(content_type="", first=b"", before=b"", quoted=True)
    end = start.find(b"\n") + 1
    while 0 < end <= _LONGEST_HEAD and start.count(b'"', 0, end) & 1:
        end = start.find(b"\n", end) + 1
    if not 0 < end <= _LONGEST_HEAD or not rows.cut(start, 0):
        return None
    kind = media_type if "separated" in media_type or "csv" in media_type else "text/csv"
    return Rows(
        content_type=kind,
        first=start[:end],
        before=start[:end].lstrip(b"\xef\xbb\xbf"),
        quoted=True,
    )


def _json_lines(start: bytes) -> Rows | None:
    lines = start.split(b"\n", 3)
    if len(lines) < 4 or any(line.lstrip()[:1] != lines[0].lstrip()[:1] for line in lines[:3]):
        return None
    if not all(_is_json(line) for line in lines[:2]):
        return None
    return Rows(content_type="application/x-ndjson", first=b"", before=b"")


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _array(start: bytes) -> Rows | None:
    """An array of objects, alone or as a field: two of them stand whole in the beginning, and what
    stands between them stands in neither.
    """
    opened, stack = _first_array(start)
    if stack is None:
        return None
    text = start[opened + 1 :].decode("utf-8", "replace")
    begin = len(text) - len(text.lstrip())
    try:
        value, end = json.JSONDecoder().raw_decode(text, begin)
        comma = text.index(",", end, end + _LONGEST_GAP)
        second = text.index("{", comma, comma + _LONGEST_GAP)
        colon = text.index(":", second, second + _LONGEST_HEAD)
    except (ValueError, RecursionError):
        return None
    mark = text[end - 1 : colon + 1].encode()
    is_row = isinstance(value, dict) and not text[comma + 1 : second].strip()
    if not is_row or text[end:comma].strip() or mark in text[begin : end - 1].encode():
        return None
    closing = b"".join(_CLOSING[one] for one in reversed(stack))
    opening = b"".join(bytes((one,)) + (b'"rows":' if one == 123 else b"") for one in stack)
    return Rows(
        content_type="application/json",
        first=start[: opened + 1],
        before=opening,
        behind=closing,
        mark=mark,
        gap=comma + 1 - end,
    )


def _first_array(start: bytes) -> tuple[int, list[int] | None]:
    """Return where the first array of objects opens, and the brackets that are open then."""
    opened = start.find(b"[", 0, _LONGEST_HEAD)
    for _ in range(_ARRAYS):
        if opened < 0:
            break
        is_of_objects = start[opened + 1 : opened + _LONGEST_GAP].lstrip()[:1] == b"{"
        if is_of_objects and (stack := _open_brackets(start[: opened + 1])) is not None:
            return opened, stack
        opened = start.find(b"[", opened + 1, _LONGEST_HEAD)
    return -1, None


def _open_brackets(head: bytes) -> list[int] | None:
    """Return the brackets that a head leaves open; None for what is none."""
    stack: list[int] = []
    quoted = escaped = False
    for byte in head:
        if quoted:
            quoted = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            quoted = True
        elif byte in _OPENING:
            stack.append(byte)
        elif byte in b"}]" and (not stack or _CLOSING[stack.pop()] != bytes((byte,))):
            return None
    return stack if stack and stack[-1] == ord("[") and not quoted else None
