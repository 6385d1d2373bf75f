"""What a program at rest says: its code and its other text, piece by piece, each with its place.
Everything in it is somebody else's, and may hold secrets.
"""

import hashlib
import io
import json
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from attribution.plain_files import text_of
from core.scanned import ScriptKind

MOST_BYTES = 4 << 20
_MOST_NOTEBOOK = 32 << 20
_MOST_ARCHIVE = 64 << 20
_MOST_FROZEN = 256 << 20
_MOST_MEMBERS = 300
_MOST_CELLS = 5_000
_RUNS = re.compile(rb"[\x20-\x7e]{6,2000}")
"""What may be text in bytecode."""
_LIBRARY = ("site-packages/", ".deps/", "_vendor/", ".bootstrap/", "dist-packages/")
_COOKIE = struct.Struct("!8sIIiI64s")
_ENTRY = struct.Struct("!IIIIBc")
_MARK = b"MEI\014\013\012\013\016"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One text of a program."""

    text: str = field(repr=False)
    where: str = ""
    """Before the line: `cell 3`, `output of cell 3`, `__main__.py`; empty for a plain script."""
    is_code: bool = True
    has_lines: bool = True

    def place(self, line: int) -> str:
        """Return where a line of this text stands, for a person."""
        if not self.has_lines:
            return self.where
        return f"{self.where}, line {line}" if self.where else f"line {line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that was read of one program."""

    sha256: str | None
    pieces: tuple[Piece, ...] = ()
    data: bytes = field(default=b"", repr=False)
    """The file itself, where it is one text."""
    why_unread: str | None = None


def read(path: str, kind: ScriptKind, size: int) -> Contents:
    """Return what this file says, as far as it can be read."""
    limit = _LIMITS[kind]
    if size > limit:
        return Contents(sha256=None, why_unread="too large to be read")
    data = text_of(path, limit + 1)
    if not data:
        return Contents(sha256=None, why_unread="cannot be read by this account")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        pieces = tuple(_READERS[kind](data))
    except _UnreadableError as error:
        return Contents(sha256=sha256, why_unread=str(error))
    is_text = kind is ScriptKind.SCRIPT
    return Contents(sha256=sha256, pieces=pieces, data=data if is_text else b"")


class _UnreadableError(Exception):
    """Says in plain words why, without quoting anything."""


def decoded(data: bytes) -> str:
    """Return the text of a source file, in the encoding that it declares (PEP 263)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data[:1024]).readline)
        text = data.decode(encoding, "replace")
    except (SyntaxError, LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    return text.removeprefix("\ufeff")


def _script(data: bytes) -> Iterator[Piece]:
    yield Piece(text=decoded(data))


def _notebook(data: bytes) -> Iterator[Piece]:
    try:
        book = json.loads(data)
    except (ValueError, RecursionError):
        raise _UnreadableError("no notebook that can be read") from None
    cells = list(_cells(book))
    for number, cell in enumerate(cells[:_MOST_CELLS], 1):
        source = _joined(cell.get("source", cell.get("input")))
        is_code = cell.get("cell_type") == "code"
        if source:
            text = _without_magic(source) if is_code else source
            yield Piece(text=text, where=f"cell {number}", is_code=is_code)
        for text in _outputs(cell.get("outputs")):
            yield Piece(text=text, where=f"output of cell {number}", is_code=False)


def _cells(book: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(book, dict):
        raise _UnreadableError("no notebook that can be read")
    groups = [book, *(w for w in _listed(book.get("worksheets")) if isinstance(w, dict))]
    if not any(isinstance(group.get("cells"), list) for group in groups):
        raise _UnreadableError("no notebook that can be read")
    for group in groups:
        yield from (c for c in _listed(group.get("cells")) if isinstance(c, dict))


def _outputs(outputs: Any) -> Iterator[str]:
    for output in _listed(outputs):
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        values = [output.get("text"), output.get("evalue"), output.get("traceback")]
        if isinstance(data, dict):
            values += [
                v for k, v in data.items() if not k.startswith(("image/", "application/pdf"))
            ]
        for value in values:
            text = _joined(value) or (json.dumps(value) if isinstance(value, dict) else "")
            if text:
                yield text[:MOST_BYTES]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "".join(part for part in _listed(value) if isinstance(part, str))


def _without_magic(source: str) -> str:
    """Return a cell as Python: lines for IPython or a shell become comments, in their places."""
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture")):
        return "".join(f"# {line}" for line in source.splitlines(keepends=True))
    return "".join(
        f"# {line}" if line.lstrip().startswith(("%", "!", "?")) else line
        for line in source.splitlines(keepends=True)
    )


def _archive(data: bytes) -> Iterator[Piece]:
    left = MOST_BYTES * 4
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = sorted(
                archive.infolist(), key=lambda m: (m.filename != "__main__.py", m.filename)
            )
            own = [m for m in members if _is_own(m.filename)][:_MOST_MEMBERS]
            for member in own:
                left -= member.file_size
                if left < 0 or member.flag_bits & 1:
                    raise _UnreadableError("a zipapp that is too large or encrypted")
                with archive.open(member) as file:
                    text = decoded(file.read(MOST_BYTES))
                yield Piece(text=text, where=member.filename)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        EOFError,
    ):
        raise _UnreadableError("no zipapp that can be read") from None


def _is_own(name: str) -> bool:
    parts = name.split("/")
    has_library = any(f"{part}/" in _LIBRARY or part.endswith(".dist-info") for part in parts[:-1])
    return name.endswith(".py") and not has_library


def _bytecode(data: bytes) -> Iterator[Piece]:
    yield _strings(data, "bytecode")


def _strings(data: bytes, where: str) -> Piece:
    runs = (run.decode("ascii") for run in _RUNS.findall(data[:MOST_BYTES]))
    return Piece(text="\n".join(runs), where=where, is_code=False, has_lines=False)


def _frozen(data: bytes) -> Iterator[Piece]:
    """Yield the scripts in a program of PyInstaller; of others nothing can be read."""
    at = data.rfind(_MARK)
    try:
        _, length, toc, toc_length, _, _ = _COOKIE.unpack_from(data, at)
    except struct.error:
        raise _UnreadableError("a frozen program: its code cannot be read") from None
    start = at + _COOKIE.size - length
    if at < 0 or start < 0 or toc_length <= 0:
        raise _UnreadableError("a frozen program: its code cannot be read")
    for name, begin, size, packed in _entries(data[start + toc : start + toc + toc_length]):
        content = data[start + begin : start + begin + size]
        try:
            text = zlib.decompressobj().decompress(content, MOST_BYTES) if packed else content
        except zlib.error:
            continue
        yield _strings(text, f"{name} (bytecode)")


def _entries(toc: bytes) -> Iterator[tuple[str, int, int, bool]]:
    """Yield the scripts of a table of contents: name, place, size, whether it is packed."""
    at = 0
    while at + _ENTRY.size <= len(toc):
        length, begin, size, _, packed, kind = _ENTRY.unpack_from(toc, at)
        if length < _ENTRY.size:
            return
        name = toc[at + _ENTRY.size : at + length].rstrip(b"\0").decode("utf-8", "replace")
        if kind == b"s" and not name.startswith(("pyi", "_pyi")):
            yield name, begin, size, bool(packed)
        at += length


_READERS = {
    ScriptKind.SCRIPT: _script,
    ScriptKind.NOTEBOOK: _notebook,
    ScriptKind.ZIPAPP: _archive,
    ScriptKind.FROZEN: _frozen,
    ScriptKind.COMPILED: _bytecode,
}
_LIMITS = {
    ScriptKind.SCRIPT: MOST_BYTES,
    ScriptKind.NOTEBOOK: _MOST_NOTEBOOK,
    ScriptKind.ZIPAPP: _MOST_ARCHIVE,
    ScriptKind.FROZEN: _MOST_FROZEN,
    ScriptKind.COMPILED: MOST_BYTES,
}
