"""Bodies of rows: where one record ends and the next begins, so that a large table is cut between
records, each window with the names of its columns. Pure.

Told by the first window: a delimited table, JSON lines, an array of JSON objects, other JSON
(`uploads.members`), a table of Markdown or HTML, or statements of SQL (`uploads.statements`).
"""

import json
from dataclasses import dataclass, field

from classifiers.codecs.charset import text_of
from classifiers.decoding.delimited import delimiter_of
from classifiers.uploads.members import Members, members_in
from classifiers.uploads.shaped import cutting_of
from classifiers.uploads.statements import Statements, statements_in

RESERVE = 16 * 1024
"""What a window leaves to the next one at least: enough rows for the last one to be judged by."""
_LONGEST_ROW = 1 << 20
_LONGEST_HEAD = 4 * 1024
_LONGEST_GAP = 64
_TRIES, _ARRAYS, _FEW = 20_000, 50, 3
_MARKDOWN, _PLAIN = "text/markdown", "text/plain"
"""Text that is read whole, and text of which only parts are."""
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

    def following(self, records: bytes) -> "Rows":
        """Return how the records behind these are set apart."""
        return self

    def dressed(self, records: bytes, *, first: bool, last: bool) -> bytes:
        """Return records as a table of their own."""
        before = self.first if first else self.before
        return b"".join((before, records, b"" if last else self.behind))


def rows_in(start: bytes, content_type: str) -> Rows | Statements | Members | None:
    """Return how the records of a body are set apart that begins so; None where it has none."""
    head = start[:_LONGEST_HEAD].lstrip()[:1]
    if head in (b"{", b"["):
        return _json_lines(start) or _array(start) or members_in(start)
    text = text_of(start[: start.rfind(b"\n") + 1])
    media_type = content_type.partition(";")[0].strip()
    if not text or (not start.isascii() and "\ufffd" in text):
        return None
    delimited = delimiter_of(text, media_type, None) not in (None, "\n")
    if "separated" in media_type or "csv" in media_type:
        return _delimited(start, media_type) if delimited else _shaped(start)
    if (marked := _marked(start)) is not None:
        return marked
    shaped = _shaped(start)
    if not delimited or (shaped is not None and not shaped.before):
        return shaped
    return _delimited(start, media_type) or shaped


def _marked(start: bytes) -> Rows | Statements | None:
    """A table that its own marks tell."""
    return (
        statements_in(start)
        or _ruled(start)
        or _html(start)
        or _elements(start)
        or _named_lines(start)
    )


def _shaped(start: bytes) -> Rows | None:
    """A table of any other shape that the shape stage knows, where a piece of it can be read."""
    cutting = cutting_of(start)
    if cutting is None:
        return None
    before, mark, kept = cutting
    return Rows(content_type=_MARKDOWN, first=b"", before=before, mark=mark, kept=kept)


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


def _ruled(start: bytes) -> Rows | None:
    """A table of Markdown: names, and a rule of dashes between bars below them."""
    at = start.find(b"\n", 0, _LONGEST_HEAD)
    for _ in range(_ARRAYS):
        end = start.find(b"\n", at + 1)
        if at < 0 or end < 0:
            return None
        rule = start[at + 1 : end].strip()
        names = start.rfind(b"\n", 0, at) + 1
        if rule[:1] in b"|:-" and rule.count(b"|") > 1 and not rule.strip(b"|:- \t"):
            return Rows(content_type=_MARKDOWN, first=b"", before=start[names : end + 1])
        at = end
    return None


def _html(start: bytes) -> Rows | None:
    """A table of HTML: its first row names the columns of all that follow."""
    mark = next((one for one in (b"</tr>", b"</TR>") if start.count(one) > _FEW), None)
    opened = start.lower().find(b"<table", 0, _LONGEST_HEAD)
    if mark is None or opened < 0:
        return None
    end = start.find(mark, opened, opened + _LONGEST_HEAD) + len(mark)
    if end < len(mark):
        return None
    before = start[opened:end]
    return Rows(content_type=_PLAIN, first=b"", before=before, mark=mark, kept=len(mark))


def _elements(start: bytes) -> Rows | None:
    """Elements of XML that come again: the first of them that do are the records."""
    if start[:_LONGEST_GAP].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return None
    at = -1
    for _ in range(_ARRAYS):
        at = start.find(b"<", at + 1, _LONGEST_HEAD)
        if at < 0:
            return None
        name = start[at + 1 : at + _LONGEST_GAP].replace(b">", b" ").split(b" ", 1)[0].strip()
        mark = b"</" + name + b">"
        if name[:1].isalpha() and start.count(mark) > _FEW:
            return Rows(
                content_type="application/xml",
                first=b"",
                before=start[:at],
                mark=mark,
                kept=len(mark),
            )
    return None


def _named_lines(start: bytes) -> Rows | None:
    """Lines that each name their values, as `name=Jane; mail=…` does: the same names in all."""
    lines = [line for line in start[:_LONGEST_HEAD].split(b"\n")[:-1] if line.strip()][:_FEW]
    if len(lines) < _FEW:
        return None
    for apart in (b";", b"|", b"\t", b","):
        names = {
            tuple(part.partition(b"=")[0].strip() for part in line.split(apart) if b"=" in part)
            for line in lines
        }
        if len(names) == 1 and len(next(iter(names))) > 1:
            return Rows(content_type=_MARKDOWN, first=b"", before=b"")
    return None


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
        if is_of_objects and not _closes(start, opened):
            stack = _open_brackets(start[: opened + 1])
            if stack is not None:
                return opened, stack
        opened = start.find(b"[", opened + 1, _LONGEST_HEAD)
    return -1, None


def _closes(start: bytes, opened: int) -> bool:
    """True for an array that is over where the beginning is not: it may describe what follows."""
    try:
        # One character for each byte: places are those of the bytes.
        end = json.JSONDecoder().raw_decode(start.decode("latin-1"), opened)[1]
    except (ValueError, RecursionError):
        return False
    return end < len(start.rstrip(b" \t\r\n]}"))


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
