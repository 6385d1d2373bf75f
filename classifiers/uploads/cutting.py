"""How a large body is cut into windows for scanning: nothing is split, nothing is counted twice.
Pure.

Where a window ends depends on the body alone, never on the pieces that it comes in.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from classifiers.uploads.form_parts import FormParts, Piece, parts_of, told_in
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
        self._form: FormParts | None = None
        self._part = 0
        self._pending = bytearray()
        self._cut = 0
        self._raw = self._plain = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._passed = 0
        self.is_unnamed = self.is_unparted = False
        """True once rows have passed whose columns had no names yet; once parts have that could not
        be told apart, or mean nothing in pieces."""

    @property
    def wants(self) -> int:
        """How many more bytes of the content make a window."""
        return _size(self._cut) - len(self._pending)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why some of the body may not have come out."""
        return self._unpacker.reasons

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
                self._part, self._dresser, self._form = part, _Dresser(""), None
            self._plain += len(data)
            self._pending += data
            while len(self._pending) > (size := _size(self._cut)):
                yield self._next(size)

    def _last(self) -> Iterator[Window]:
        while self._pending:
            yield self._next(len(self._pending))

    def _next(self, size: int) -> Window:
        """Return the window of the next so many bytes, or of fewer."""
        if self._dresser.is_new and self._dresser.is_form and size < len(self._pending):
            self._begin_form(bytes(self._pending[:size]))
        if self._form is not None:
            size, kind = self._form.next(self._pending, size)
        piece = bytes(memoryview(self._pending)[:size])
        del self._pending[:size]
        if self._form is None:
            return self._window(piece, last=not self._pending)
        return self._window_of_form(self._form, piece, kind)

    def _begin_form(self, start: bytes) -> None:
        self._form = None if self._unpacker.is_file else parts_of(start, self.content_type)
        if self._form is None:
            self.is_unparted = True

    def _window_of_form(self, form: FormParts, piece: bytes, kind: Piece) -> Window:
        """Return a window of whole parts, or of one that is larger than a window."""
        last = not self._pending
        if kind in (Piece.CONTENT, Piece.END):
            window = self._window(piece, last=kind is Piece.END)
            return replace(window, alone=False, last=last)
        begins = self._cut == 0
        self._cut += 1
        if kind is Piece.HEAD:
            told = told_in(piece)
            self._dresser = _Dresser(told.content_type)
            self.is_unparted = self.is_unparted or not told.is_plain
        return Window(
            data=piece if last else piece + form.closing,
            again=b"",
            content_type=_PLAIN if form.is_over(piece) else self.content_type,
            begins=begins,
            alone=False,
            last=last,
            end=self._plain - len(self._pending),
            whole=True,
        )

    def _window(self, piece: bytes, *, last: bool) -> Window:
        dresser = self._dresser
        begins = dresser.is_new
        alone = begins and last and self._part == 0
        if begins and self._unpacker.is_file:
            dresser.content_type = ""
        self._cut += 1
        dresser.column = None
        data, again = dresser.next(piece, last=last)
        self.is_unnamed = self.is_unnamed or dresser.is_unnamed
        return Window(
            data=data,
            again=b"" if last else again,
            content_type=dresser.content_type if alone else dresser.typed(first=begins),
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
    def is_form(self) -> bool:
        return self.content_type.startswith("multipart/")

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

    def typed(self, *, first: bool) -> str:
        """Return what to read a window as: one of JSON is none, only the first of a multipart body
        begins as one.
        """
        if self._rows is not None:
            return self._rows.content_type
        if self.is_form:
            return self.content_type if first else _PLAIN
        return _PLAIN if "json" in self.content_type else self.content_type

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
