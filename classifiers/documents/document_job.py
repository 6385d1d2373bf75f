"""One document being read with all the files inside it: budgets shared by all of them, one payload
to put things in.
"""

from collections import deque
from collections.abc import Sequence

from classifiers.codecs.charset import without_surrogates
from classifiers.codecs.limits import Limits
from classifiers.codecs.magic import TAR, media_type_of
from classifiers.decoding import looking, packed
from classifiers.decoding.body import drain, read_piece
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.names import telling
from classifiers.documents.reader import Reader
from classifiers.documents.registry import by_media_type
from classifiers.documents.sniff import sniff
from classifiers.payload import Document, Path, Payload, Table, Unread
from core.discreet import name_shown
from core.text import printable
from core.vocabulary.unread import UnreadKind

_CONTAINERS = frozenset(
    {
        "application/zip",
        TAR,
        "application/gzip",
        "application/zstd",
        "application/x-bzip2",
        "application/x-xz",
    }
)
EXTRA = "outgate[documents]"
"""Brings what reads columnar files and PDF, and tables of text faster."""
_HEAVY = frozenset({"polars", "pyarrow", "pypdfium2"})
_PANIC = "PanicException"
"""What a panic of a library written in Rust becomes in Python: not an `Exception`."""


def lines_of(values: Sequence[str]) -> str:
    """Return the values of a column that are not empty, each a line."""
    return "\n".join(filter(None, values) if "" in values else values)


class DocumentJob:
    """The reading of one document. Implements `documents.reader.Work`. Holds payload."""

    def __init__(self, document: Document, limits: Limits) -> None:
        self.limits = limits
        self.payload = Payload(media_type=document.media_type or "")
        self.unpacked = 0
        self.members = 0
        self.characters = 0
        self._queue: deque[tuple[Document, int]] = deque([(document, 0)])
        self._depth = 0
        self._label: str | None = None

    def run(self) -> None:
        """Read the document, then what was found inside."""
        while self._queue:
            document, self._depth = self._queue.popleft()
            self._label = document.label or (
                f"attachment {printable(document.name, 120)}" if document.name else None
            )
            self._read(document)
            self._take(document)

    def _take(self, document: Document) -> None:
        """Queue the files that were found while a document was read as text."""
        inner, self.payload.documents = self.payload.documents, []
        for found in inner:
            if found.data == document.data:
                kind = name_shown(found.media_type or "unknown")
                self.unread(f"no reader for this kind of file ({kind})", document.path)
            elif self.allow(len(found.data), found.path):
                self.member(found.data, found.name, found.path, found.media_type)

    def _read(self, document: Document) -> None:
        media_type = sniff(document.data, document.media_type, document.name)
        reader = by_media_type().get(media_type or "")
        if media_type in _CONTAINERS and self._depth > self.limits.archive_depth:
            self.unread("archives nested too deeply", document.path)
        elif reader is None:
            self.plain(document)
        else:
            self._guarded(document, reader)

    def _guarded(self, document: Document, reader: Reader) -> None:
        try:
            reader.read(document, self)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _HEAVY:
                raise
            self.unread(f"not inspected: needs {EXTRA}", document.path)
        except MemoryError:
            self.unread("reading the document takes more memory than is allowed", document.path)
        except Exception as error:  # noqa: BLE001 - boundary: a reader's library may raise anything on hostile bytes
            self._failed(document, reader.name, error)
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            self._failed(document, reader.name, error)

    def _failed(self, document: Document, name: str, error: BaseException) -> None:
        kind = f"{name.replace('_', ' ')}: {type(error).__name__}"
        self.unread(f"the document is broken or of an unknown variant ({kind})", document.path)

    def plain(self, document: Document) -> None:
        """Read data that no reader claims as any payload is read."""
        reading = Reading(self.payload, self.limits, self._label)
        media_type = document.media_type or ""
        read_piece(reading, Piece(document.data, media_type, None, document.path, 0, document.name))
        drain(reading)

    def member(
        self, data: bytes, name: str | None, path: Path = (), media_type: str | None = None
    ) -> None:
        """Queue a file found inside: read after this one, one level deeper (a TAR in its GZ is no
        level of its own).
        """
        level = self._depth + (media_type_of(data) != TAR)
        name = without_surrogates(name) if name else None
        path = tuple(without_surrogates(part) if isinstance(part, str) else part for part in path)
        label = f"{self._label or 'attachment'} › {printable(name, 120)}" if name else self._label
        self._queue.append((Document(data, media_type, name, path, label), level))

    def allow(self, size: int, path: Path) -> bool:
        """Count an unpacked file against the limits of the whole document; False when it is one too
        many.
        """
        self.members += 1
        self.unpacked += size
        if self.members > self.limits.members:
            self.unread("more files inside than are read", path)
            return False
        if self.unpacked > self.limits.total_bytes:
            self.unread("unpacks to more than is read", path)
            return False
        return True

    def unread(self, reason: str, path: Path = (), kind: UnreadKind = UnreadKind.CONTENT) -> None:
        """Say what could not be read."""
        note = Unread(reason, path, kind)
        if note not in self.payload.unread[-50:]:
            self.payload.unread.append(note)

    def text(
        self, text: str, key: str | None, path: Path, *, quoted: bool = True, tabular: bool = False
    ) -> bool:
        """Add text; False when the document's text budget is used up."""
        text = without_surrogates(text)
        self.characters += len(text)
        if self.characters > self.limits.document_text:
            self.unread("the document holds more text than is read", path[:1])
            return False
        if text and not text.isspace():
            self._emit(text, key, path, quoted=quoted, tabular=tabular)
        return True

    def _emit(self, text: str, key: str | None, path: Path, *, quoted: bool, tabular: bool) -> None:
        """Add a text, and what is packed in it."""
        reading = Reading(self.payload, self.limits, self._label)
        raw = text.encode()
        swallowed = looking.worth_looking(raw, column=tabular) and packed.unpack(
            reading, text, raw, key, path, 0, column=tabular
        )
        if not swallowed or tabular:
            reading.emit(text, key, path, quoted=quoted, tabular=tabular)
        drain(reading)

    def label(self, part: str) -> str:
        """Return the label of a part: `attachment customers.xlsx, sheet Customers`."""
        part = printable(part, 120)
        return f"{self._label}, {part}" if self._label else part

    def add_table(
        self,
        columns: dict[str, list[str]],
        rows: int,
        path: Path,
        *,
        part: str | None = None,
        complete: bool = True,
        spread: bool = False,
    ) -> str | None:
        """Add a table without its text; return its label."""
        label = self.label(part) if part else self._label
        names = [name for name in (*columns, part or "") if telling(name)]
        if names:
            self.text("\n".join(names), "column name", path)
        table = Table(tuple(columns), rows, columns, path, label, complete, spread)
        self.payload.tables.append(table)
        return label

    def table(
        self,
        columns: dict[str, list[str]],
        rows: int,
        path: Path,
        *,
        part: str | None = None,
        complete: bool = True,
        spread: bool = False,
    ) -> None:
        """Add a table and its columns as text; an incomplete one says so."""
        label = self.add_table(columns, rows, path, part=part, complete=complete, spread=spread)
        if not complete:
            kept = max(map(len, columns.values()), default=0)
            self.unread(f"of {rows} rows a sample of {kept} was read", path)
        before, self._label = self._label, label
        for name, values in columns.items():
            if not self.text(lines_of(values), name, (*path, f"column {name}"), tabular=True):
                break
        self._label = before
