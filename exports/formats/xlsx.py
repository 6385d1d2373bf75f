"""XLSX: a workbook with typed sheets of the export itself, records, findings, reviews and scripts;
no cell is a formula or a link. The first sheet says what the export is; its signed head is the
comment of the file, which covers all else.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from core.findings import Finding
from core.happenings import Happening
from core.review import ReviewEvent
from core.stored import OpenedEntry, StoredObservation, StoredRecord
from core.vocabulary.findings import CONFIDENCE
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.kinds import kind_of
from core.vocabulary.reviews import DISPOSITIONS, done
from evidence.acts import StoredAct
from evidence.entries import Entry, Recalled
from evidence.times import from_micros
from exports.columns import HASH, HEADINGS, ID, SEQ, TIME, row
from exports.contents import Contents, Said, opened
from exports.formats import Format, Opened, Place
from exports.head import Head, Sealer

_MOST_ROWS = 1_000_000
_MOST_TEXT = 32_000
_EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - the earliest time of a zip, the same everywhere
_FINDINGS = (
    "Time (UTC)|Kind|What|Detector|Certainty|Occurrences|Distinct values|Rows affected|"
    f"People affected|Where|Masked excerpt|Published example|Note|{ID}|{SEQ}"
).split("|")
_REVIEWS = (
    "Time (UTC)|Who|Role|Channel|Is the sender|What|Why|Note|Case|Script|Script SHA-256|"
    f"Record id|{SEQ}|{HASH}"
).split("|")
_SCRIPTS = (
    "Script|Path|SHA-256|Records|First (UTC)|Last (UTC)|Users|Last said of this version"
).split("|")

type Cell = str | int | bool | datetime | None


class _Sheet:
    """Rows of one kind, over as many sheets as they need."""

    def __init__(self, book: Any, name: str, headings: list[str], formats: dict[str, Any]) -> None:
        self._book, self._name, self._headings, self._formats = book, name, headings, formats
        self._sheets = 0
        self._next()

    def _next(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for column, heading in enumerate(self._headings):
            self._sheet.write_string(0, column, heading, self._formats["bold"])
        self._row = 1

    def add(self, cells: list[Cell]) -> None:
        """Add one row."""
        if self._row > _MOST_ROWS:
            self._next()
        for column, cell in enumerate(cells):
            self._put(column, cell)
        self._row += 1

    def _put(self, column: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._row, column, cell)
        elif isinstance(cell, int):
            self._sheet.write_number(self._row, column, cell)
        elif isinstance(cell, datetime):
            at = cell.astimezone(UTC).replace(tzinfo=None)
            self._sheet.write_datetime(self._row, column, at, self._formats["time"])
        else:
            text = cell if len(cell) <= _MOST_TEXT else cell[:_MOST_TEXT] + "…"
            # Characters that XML cannot hold are dropped by no reader alike.
            self._sheet.write_string(self._row, column, _xml(text))


def _xml(text: str) -> str:
    return "".join(c if c >= " " and c not in "\ufffe\uffff" else "·" for c in text)


@dataclass(slots=True)
class _Version:
    """One version of a script among the records."""

    name: str
    path: str | None
    sha256: str | None
    first: datetime
    last: datetime
    records: int = 0
    users: set[str] = field(default_factory=set)
    said: str = ""


class _Book:
    """Fills the sheets."""

    def __init__(self, book: Any, contents: Contents) -> None:
        formats = {
            "bold": book.add_format({"bold": True}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
        }
        self.export = _Sheet(book, "export", ["Outgate export", ""], formats)
        self.records = _Sheet(book, "records", list(HEADINGS), formats)
        self.findings = _Sheet(book, "findings", _FINDINGS, formats)
        self.reviews = _Sheet(book, "reviews", _REVIEWS, formats)
        self.scripts = _Sheet(book, "scripts", _SCRIPTS, formats)
        self._contents = contents
        self._versions: dict[tuple[str, str | None], _Version] = {}

    def fill(self) -> None:
        """Write all but what the export says of itself."""
        contents, known = self._contents, Recalled()
        said = Said(contents.opened_acts())
        for entry in contents.records():
            self._record(entry, known, said)
        for act in contents.acts:
            self.reviews.add(_act(act))
        for version in sorted(self._versions.values(), key=lambda v: (v.path or v.name, v.first)):
            self.scripts.add(_script(version))

    def _record(self, entry: Entry, known: Recalled, said: Said) -> None:
        cells = dict[str, Cell](row(entry, known, said))
        read = entry.opened(known)
        if read_at := _began(read):
            cells[TIME] = read_at
        self.records.add([cells.get(title) for title in HEADINGS])
        if not isinstance(read, StoredRecord):
            return
        for finding in read.record.findings:
            self.findings.add(_finding(finding, read, entry))
        self._count(read, said)

    def _count(self, read: StoredRecord, said: Said) -> None:
        record, script = read.record, read.record.sender.script
        if script is None:
            return
        key = script.path or script.name, script.sha256
        found = self._versions.get(key)
        if found is None:
            found = self._versions[key] = _Version(
                script.name, script.path, script.sha256, record.at, record.at
            )
        found.records += 1
        found.first, found.last = min(found.first, record.at), max(found.last, record.at)
        if record.sender.user is not None:
            found.users.add(record.sender.user)
        of_script = [event for event in said.of(record) if event.script is not None]
        if of_script:
            found.said = f"{done(of_script[-1].action)} by {of_script[-1].who}"

    def about(self, head: Head) -> None:
        """Write what the export says of itself."""
        told = head.to_json()
        for name in ("schema", "format", "at", "by", "outgate"):
            self.export.add([name, told[name]])
        for name, value in told["range"].items():
            self.export.add([name, value or "no limit"])
        self.export.add(["filter", str(told["filter"] or "none")])
        for part in ("records", "acts"):
            for name in ("chain", "head", "of", "count", "first", "last"):
                self.export.add([f"{part}: {name}", told[part][name]])
        self.export.add(["check this file", "outgate verify FILE"])


def _began(read: OpenedEntry) -> datetime | None:
    if isinstance(read, StoredRecord):
        return read.record.at
    return read.observation.at if isinstance(read, StoredObservation) else read.at


def _finding(finding: Finding, read: StoredRecord, entry: Entry) -> list[Cell]:
    return [
        read.record.at,
        finding.kind,
        kind_of(finding.kind).many,
        finding.detector,
        CONFIDENCE[finding.confidence],
        finding.count,
        finding.distinct,
        finding.records,
        finding.subjects,
        "; ".join(finding.where),
        finding.excerpt,
        finding.test_data,
        finding.note,
        entry.id,
        entry.link.seq,
    ]


def _act(entry: Entry) -> list[Cell]:
    place: list[Cell] = [entry.link.seq, entry.link.hash.hex()]
    read = opened(entry)
    if not isinstance(read, StoredAct):
        return [from_micros(entry.at_us), *[None] * 6, read.for_officer(), *[None] * 4, *place]
    act = read.act
    if isinstance(act, Happening):
        facts = "; ".join(f"{name}: {value}" for name, value in act.facts.items())
        told = HAPPENED[act.event]
        return [act.at, act.who, None, None, None, told, None, facts, *[None] * 4, *place]
    return [*_review(act), *place]


def _review(event: ReviewEvent) -> list[Cell]:
    why = None if event.disposition is None else DISPOSITIONS[event.disposition].words
    case = None if event.script is not None else event.case_key.replace("\x1f", " · ")
    return [
        event.at,
        event.who,
        event.role,
        event.channel,
        event.own,
        done(event.action),
        why,
        event.note,
        case,
        event.script,
        event.script_sha256,
        event.record_id,
    ]


def _script(version: _Version) -> list[Cell]:
    return [
        version.name,
        version.path,
        version.sha256,
        version.records,
        version.first,
        version.last,
        "; ".join(sorted(version.users)),
        version.said or "nothing",
    ]


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": False,
    }
    with tempfile.TemporaryFile() as parts, tempfile.TemporaryFile() as packed:
        book = xlsxwriter.Workbook(parts, options)
        book.set_properties({"created": _EPOCH, "author": "Outgate"})
        filled = _Book(book, contents)
        filled.fill()
        if sealer is not None:
            filled.about(sealer.head(contents))
        book.close()
        blank = b"" if sealer is None else sealer.blank(contents)
        _pack(parts, blank, packed)
        if sealer is not None:
            head = sealer.sealed(contents, _digest(packed, len(blank)))
            packed.seek(-len(blank), os.SEEK_END)
            packed.write(head)
        packed.seek(0)
        shutil.copyfileobj(packed, out)


def _pack(parts: Any, comment: bytes, out: BinaryIO) -> None:
    """Copy a workbook; the same contents give the same bytes."""
    with (
        zipfile.ZipFile(parts) as archive,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as copy,
    ):
        copy.comment = comment
        for info in archive.infolist():
            told = zipfile.ZipInfo(info.filename, _EPOCH.timetuple()[:6])
            told.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info) as part, copy.open(told, "w") as to:
                shutil.copyfileobj(part, to)


def _digest(file: BinaryIO, comment: int) -> str:
    """Return the hash over all of a zip but its comment, which stands at its end."""
    left, told = file.seek(0, os.SEEK_END) - comment, hashlib.sha256()
    file.seek(0)
    while left > 0 and (chunk := file.read(min(left, 1 << 20))):
        told.update(chunk)
        left -= len(chunk)
    return told.hexdigest()


def _read(path: Path) -> Opened:
    try:
        with zipfile.ZipFile(path) as archive:
            head = archive.comment
    except zipfile.BadZipFile:
        raise ValueError("this workbook is damaged: its end is not there") from None
    with path.open("rb") as file:
        digest = _digest(file, len(head))
    return Opened(head=head or None, digest=digest, places=_places(path))


def _places(path: Path) -> Iterator[Place]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        for kind in ("records", "reviews"):
            for name in book.sheet_names:
                if name == kind or name.startswith(f"{kind} "):
                    yield from _sheet(book, name, act=kind == "reviews")
    except python_calamine.CalamineError as error:
        raise ValueError(f"this workbook is damaged: {type(error).__name__}") from None


def _sheet(book: Any, name: str, *, act: bool) -> Iterator[Place]:
    headings: list[Any] = []
    for number, cells in enumerate(book.get_sheet_by_name(name).iter_rows(), 1):
        if not headings:
            headings = list(cells)
            continue
        if not any(cells):
            continue  # a row without any cell: what it held is missed by its number
        told = dict(zip(headings, cells, strict=False))
        where = f"row {number} of the sheet {name}"
        try:
            yield Place(where=where, seq=int(told[SEQ]), hash=str(told[HASH]), act=act)
        except (KeyError, ValueError, TypeError):
            raise ValueError(f"{where}: it has no place in the chain") from None


FORMAT = Format(
    name="xlsx",
    suffix=".xlsx",
    purpose="for people with Excel: typed sheets of records, findings, reviews, scripts",
    write=_write,
    recognises=lambda start: start.startswith(b"PK") and b"[Content_Types].xml" in start,
    read=_read,
)
