"""How a large body is cut into windows for scanning: nothing is split, nothing is counted twice.
Pure.

Where a window ends depends on the body alone, never on the pieces that it comes in.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from classifiers.decoding.forms import split_header
from classifiers.uploads.members import Members
from classifiers.uploads.rows import RESERVE, Rows, rows_in
from classifiers.uploads.statements import Statements
from classifiers.uploads.unpacking import Unpacker
from core.budgets import INLINE_BYTES
from core.findings import Finding

OVERLAP = 4 * 1024
"""Scanned again with the next window: longer than any value, so none is split."""
WINDOW = INLINE_BYTES
"""The first window. Each later one is twice as large, up to LARGEST."""
LARGEST = 4 * 1024 * 1024
SLICE = 1 << 16
"""So many bytes of a body are unpacked at a time."""
MOST_PARTS = 32
"""So many parts that begin in a later window are read each for itself; of more than that, as of
what goes on from the window before, only what stands there as text is.
"""
_HEADED = ("text/csv", "text/tab-separated-values")
_PLAIN = "text/plain"

type Key = tuple[str, str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A piece of a body that is scanned as one. Holds payload."""

    data: bytes = field(repr=False)
    again: bytes = field(repr=False)
    """The part of it that will be in the next window, too."""
    content_type: str
    """What to read it as."""
    begins: bool
    """True for the first window of the content, or of what stands beside it."""
    alone: bool
    """True when it is all of the content."""
    last: bool
    """True when nothing of the content comes behind it."""
    end: int
    """How many unpacked bytes are read with it."""
    whole: bool = False
    """True when no record is cut: it is all of the content, or ends between two records."""
    column: int | None = None
    """Which columns of a table it is of, where a table comes column by column; 0 for rows."""


class Cutter:
    """Cuts one body. Memory: one window, and what one slice of the body unpacks to."""

    def __init__(self, content_type: str, declared: str = "", announced: int = 0) -> None:
        self.content_type = content_type
        self._unpacker = Unpacker(declared, announced)
        self._dresser = _Dresser(content_type)
        self._part = 0
        self._pending = bytearray()
        self._cut = 0
        self._raw = self._plain = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._passed = 0

    @property
    def wants(self) -> int:
        """How many more bytes of the content make a window."""
        return _size(self._cut) - len(self._pending)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why some of the body may not have come out."""
        return self._unpacker.reasons

    @property
    def is_unnamed(self) -> bool:
        """True once rows have passed whose columns had no names yet."""
        return self._dresser.is_unnamed

    def feed(self, data: bytes) -> Iterator[Window]:
        """Take the next bytes of the body as sent; yield the windows that they complete."""
        for at in range(0, len(data), SLICE):
            part = data[at : at + SLICE]
            self._raw += len(part)
            yield from self._windows(self._unpacker.feed(part))
            self._marks.append((self._plain, self._raw))

    def finish(self) -> Iterator[Window]:
        """The body is over: yield the windows of what was left."""
        yield from self._windows(self._unpacker.finish())
        yield from self._last()

    def through(self, read: int) -> int:
        """Return how many bytes of the body as sent are read once so many unpacked ones are."""
        if self._unpacker.is_plain:
            return read
        while self._marks and self._marks[0][0] <= read:
            self._passed = self._marks.popleft()[1]
        return self._passed

    def _windows(self, parts: Iterable[tuple[bytes, int]]) -> Iterator[Window]:
        for data, part in parts:
            if part != self._part:
                yield from self._last()
                self._part, self._dresser = part, _Dresser("")
            self._plain += len(data)
            self._pending += data
            while len(self._pending) > (size := _size(self._cut)):
                piece = bytes(memoryview(self._pending)[:size])
                del self._pending[:size]
                yield self._window(piece, last=False)

    def _last(self) -> Iterator[Window]:
        if self._pending:
            piece = bytes(self._pending)
            self._pending.clear()
            yield self._window(piece, last=True)

    def _window(self, piece: bytes, *, last: bool) -> Window:
        dresser = self._dresser
        begins = dresser.is_new
        alone = begins and last and self._part == 0
        if begins and self._unpacker.is_file:
            dresser.content_type = ""
        self._cut += 1
        dresser.column = None
        data, again = dresser.next(piece, last=last)
        return Window(
            data=data,
            again=b"" if last else again,
            content_type=dresser.content_type if alone else dresser.typed(data, first=begins),
            begins=begins,
            alone=alone,
            last=last,
            end=self._plain - len(self._pending) - dresser.left,
            whole=(begins and last) or dresser.cuts_records,
            column=dresser.column,
        )


class _Dresser:
    """Makes whole windows of pieces: characters and, where there are columns, rows stay whole."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self._headed = content_type.startswith(_HEADED)
        self._header: bytes | None = None
        self._carry = b""
        self._rows: Rows | Statements | Members | None = None
        self.column: int | None = None
        """Which columns the last window was of; None where no table comes by columns."""
        self.is_unnamed = False
        """True once rows stand before the names of their columns."""

    @property
    def is_new(self) -> bool:
        return self._header is None

    @property
    def cuts_records(self) -> bool:
        """True when the windows end between two records."""
        return self._rows is not None

    @property
    def left(self) -> int:
        """How many bytes were taken that no window has shown yet, above the overlap."""
        return max(0, len(self._carry) - OVERLAP) if self._rows is not None else 0

    def next(self, piece: bytes, *, last: bool) -> tuple[bytes, bytes]:
        """Return the window that ends with this piece, and the part of it that will be in the next
        one, too. Records are left whole where there are any.
        """
        joined = self._carry + piece
        first = self._header is None
        if first and not last:
            self._rows = rows_in(joined, self.content_type)
        if self._rows is not None:
            if (window := self._records(self._rows, joined, first, last)) is not None:
                self._header = b""
                return window, b""
            self._rows = None
        if first:
            line = joined.split(b"\n", 1)[0] if self._headed else b""
            self._header = line + b"\n" if line and len(line) < OVERLAP else b""
        window = joined if first else self._dressed(joined)
        self._carry = joined[-OVERLAP:]
        return _whole_end(window), _whole_end(self._dressed(self._carry))

    def _records(
        self, rows: Rows | Statements | Members, joined: bytes, first: bool, last: bool
    ) -> bytes | None:
        """Return the whole records that there are; None where nothing says where they end."""
        cut = len(joined) if last else rows.cut(joined, RESERVE) or rows.cut(joined, 0)
        if not cut:
            return None
        self._carry = joined[cut + rows.gap :]
        records = joined[len(rows.first) : cut] if first else joined[:cut]
        if isinstance(rows, Members):
            self.column = rows.columns_in(records)
            self.is_unnamed = self.is_unnamed or rows.names_behind(records)
        self._rows = rows.following(records)
        return rows.dressed(records, first=first, last=last)

    def typed(self, window: bytes, *, first: bool) -> str:
        """Return what to read a window as: one of JSON is none; of a multipart body the first one
        begins as one, and so is each in which a part begins, unless too many do.
        """
        if self._rows is not None:
            return self._rows.content_type
        if self.content_type.startswith("multipart/"):
            return self.content_type if first or self._begins_part(window) else _PLAIN
        return _PLAIN if "json" in self.content_type else self.content_type

    def _begins_part(self, window: bytes) -> bool:
        boundary = split_header(self.content_type)[1].get("boundary")
        if not boundary:
            return False
        return 0 < window.count(b"--" + boundary.encode("latin-1", "replace")) <= MOST_PARTS

    def _dressed(self, data: bytes) -> bytes:
        if self._header:
            return self._header + data.partition(b"\n")[2]
        return data[_whole_start(data) :]


def _size(number: int) -> int:
    """Return the size of a window by its number."""
    return min(WINDOW << min(number, 16), LARGEST)


def without(seen: Iterable[Finding], again: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of a window without those of its end, which the next window will find
    again.
    """
    later: Mapping[Key, Finding] = {_key(f): f for f in again}
    reduced = (_less(f, later[_key(f)]) if _key(f) in later else f for f in seen)
    return tuple(f for f in reduced if f.count > 0)


def _less(finding: Finding, later: Finding) -> Finding:
    return replace(
        finding,
        count=max(0, finding.count - later.count),
        distinct=max(0, finding.distinct - later.distinct),
        records=None if finding.records is None else max(0, finding.records - (later.records or 0)),
        fingerprints=tuple(f for f in finding.fingerprints if f not in later.fingerprints),
    )


def _key(finding: Finding) -> Key:
    return finding.kind, finding.detector, finding.test_data


def _whole_start(data: bytes) -> int:
    """Return where the first whole UTF-8 character begins."""
    return next((at for at in range(min(4, len(data))) if data[at] & 0xC0 != 0x80), 0)


def _whole_end(data: bytes) -> bytes:
    """Return the data without a last UTF-8 character that is not complete yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
        return data[:-back] if length > back else data
    return data
