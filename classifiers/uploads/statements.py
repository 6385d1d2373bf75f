"""Dumps of databases: where one row of INSERT or COPY ends and the next begins, so that a large one
is cut between rows, each window with the statement that its rows belong to. Pure.
"""

from dataclasses import dataclass, field, replace

_LONGEST_HEAD = 20_000
_BETWEEN = 120
_TRIES, _HEADS = 2_000, 3
_OPENINGS = (b"INSERT INTO", b"insert into", b"Insert Into", b"REPLACE INTO", b"INSERT IGNORE INTO")
_COPIES = (b"COPY ", b"copy ")
_CREATES = (b"CREATE TABLE", b"create table")
_END_OF_COPY = b"\n\\.\n"
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """How the rows of a dump are set apart; as `rows.Rows` is used. Holds payload."""

    content_type: str = "application/sql"
    first: bytes = b""
    gap: int = 0
    before: bytes = field(repr=False, default=b"")
    """What the next window's rows belong to: the table's definition, and the statement that is
    open."""

    def cut(self, data: bytes, least: int) -> int:
        """Return where the last row ends that leaves so many bytes; 0 when none does."""
        end = len(data) - least
        if end <= 0:
            return 0
        for _ in range(_HEADS):
            head = _last_head(data, end)
            begin = 0 if head is None else head.end
            copies = self.before.endswith(b"\n") if head is None else head.copies
            at = data.rfind(b"\n", begin, end) + 1 if copies else _end_of_tuple(data, begin, end)
            if at or head is None:
                return at
            end = head.start
        return 0

    def following(self, records: bytes) -> "Statements":
        """Return how the rows behind these are set apart."""
        shown = self.before + records
        head = _last_head(shown, len(shown))
        created = _definition(shown)
        if head is None or _is_closed(shown, head):
            return replace(self, before=created)
        return replace(self, before=created + shown[head.start : head.end])

    def dressed(self, records: bytes, *, first: bool, last: bool) -> bytes:
        """Return rows as a dump of their own."""
        return records if first else self.before + records


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands before the rows of one statement."""

    start: int
    end: int
    copies: bool


def statements_in(start: bytes) -> Statements | None:
    """Return how the rows of a dump are set apart; None for what does not begin as one."""
    head = _last_head(start, len(start))
    if head is None:
        return None
    rows = start.count(b"\n", head.end) if head.copies else start.count(b"),") + start.count(b");")
    if rows < _FEWEST:
        return None
    made = Statements()
    return made if made.cut(start, 0) else None


def _last_head(data: bytes, end: int) -> _Head | None:
    """Return the last head of a statement that is whole before `end`."""
    inserts, copies = _last(data, _OPENINGS, end), _last(data, _COPIES, end)
    for start in sorted({inserts, copies}, reverse=True):
        if start < 0:
            continue
        head = _copy_at(data, start, end) if start == copies else _insert_at(data, start, end)
        if head is not None:
            return head
    return None


def _last(data: bytes, openings: tuple[bytes, ...], end: int) -> int:
    """Return where the last of these stands at the beginning of a line, or of a statement."""
    best = -1
    for opening in openings:
        at = data.rfind(opening, 0, end)
        for _ in range(_TRIES):
            if at < 0 or at <= best or not data[max(0, at - 8) : at].strip(b" \t\r"):
                break
            if data[max(0, at - 8) : at].rstrip(b" \t\r")[-1:] in b"\n;":
                break
            at = data.rfind(opening, 0, at)
        best = max(best, at)
    return best


def _insert_at(data: bytes, start: int, end: int) -> _Head | None:
    for word in (b"VALUES", b"values", b"Values"):
        at = data.find(word, start, min(end, start + _LONGEST_HEAD))
        if at < 0 or b"'" in data[start:at] or b";" in data[start:at]:
            continue
        opening = data.find(b"(", at, at + _BETWEEN)
        if 0 <= opening <= end:
            return _Head(start=start, end=opening, copies=False)
    return None


def _copy_at(data: bytes, start: int, end: int) -> _Head | None:
    stop = data.find(b"\n", start, min(end, start + _LONGEST_HEAD))
    line = data[start:stop].lower()
    if stop < 0 or b" from stdin" not in line or b"(" not in line:
        return None
    return _Head(start=start, end=stop + 1, copies=True)


def _is_closed(shown: bytes, head: _Head) -> bool:
    if head.copies:
        return shown.find(_END_OF_COPY, head.end - 1) >= 0
    return shown.rstrip().endswith(b";")


def _end_of_tuple(data: bytes, begin: int, end: int) -> int:
    """Return where the last tuple ends before `end` whose bracket stands in no string."""
    at = max(data.rfind(b"),", begin, end), data.rfind(b");", begin, end))
    for _ in range(_TRIES):
        if at < 0:
            return 0
        if not _quotes(data, begin, at) & 1:
            return at + 2
        at = max(data.rfind(b"),", begin, at), data.rfind(b");", begin, at))
    return 0


def _quotes(data: bytes, begin: int, end: int) -> int:
    """Return how many quotes open or end a string; a backslash takes the next one with it where
    pairs of backslashes do not.
    """
    escaped = data.count(b"\\'", begin, end)
    if escaped:
        return data[begin:end].replace(b"\\\\", b"").replace(b"\\'", b"").count(b"'")
    return data.count(b"'", begin, end)


def _definition(shown: bytes) -> bytes:
    """Return the last definition of a table, which names the columns of what follows it."""
    start = max(shown.rfind(word) for word in _CREATES)
    if start < 0:
        return b""
    end = shown.find(b";", start, start + _LONGEST_HEAD) + 1
    return shown[start:end] + b"\n" if end else b""
