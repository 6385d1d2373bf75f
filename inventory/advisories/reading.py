"""Reads what an organisation supplies: an export as a zip or tar, lines of JSON (packed or not),
one record, or a clone of a repository of advisories as a folder.
"""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.yaml_faults import NO_VALUE

_MOST_RECORD = 16 << 20
_MOST_FILES = 1_000_000
_MOST_ALL = 8 << 30
_MOST_ARRAY = 1 << 30
_SUFFIXES = (".json", ".yaml", ".yml", ".jsonl", ".ndjson")
_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    RuntimeError,
    NotImplementedError,
)

type Read = tuple[str, Any]
"""Name of the member, and the record; None for what cannot be read."""


def records(path: Path) -> Iterator[Read]:
    """Yield every record that stands in a file or folder. Raises InputError for what is neither."""
    try:
        yield from _in_folder(path) if path.is_dir() else _in_file(path)
    except _FAULTS as error:
        raise InputError(
            f"Cannot read {path} ({type(error).__name__}).",
            remedy="Give an export in the OSV format (zip, jsonl), or a clone of advisories.",
        ) from None


def _in_folder(folder: Path) -> Iterator[Read]:
    for place, below, names in folder.walk():
        below[:] = [name for name in below if not name.startswith(".")]
        for name in sorted(names):
            if name.endswith(_SUFFIXES):
                path = place / name
                if path.is_file() and path.stat().st_size <= _MOST_RECORD:
                    yield from _of_text(name, path.read_bytes())


def _in_file(path: Path) -> Iterator[Read]:
    if zipfile.is_zipfile(path):
        yield from _in_zip(path)
        return
    with _unpacked(path) as stream:
        yield from _in_stream(path.name, stream)


def _unpacked(path: Path) -> io.BufferedReader:
    """Return a file's content, whichever of four ways it is packed in."""
    with path.open("rb") as file:
        begin = file.read(6)
    raw: Any = None
    if begin.startswith(b"\x1f\x8b"):
        raw = gzip.open(path)  # noqa: SIM115 - whoever is given it closes it
    elif begin.startswith(b"\xfd7zXZ"):
        raw = lzma.open(path)  # noqa: SIM115 - whoever is given it closes it
    elif begin.startswith(b"BZh"):
        raw = bz2.open(path)  # noqa: SIM115 - whoever is given it closes it
    elif begin.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        raw = zstandard.open(path)
    return path.open("rb") if raw is None else io.BufferedReader(raw, 1 << 20)


def _in_zip(path: Path) -> Iterator[Read]:
    left = _MOST_ALL
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist()[:_MOST_FILES]:
            left -= member.file_size
            if left < 0:
                raise ValueError("too large")
            if member.filename.endswith(_SUFFIXES) and member.file_size <= _MOST_RECORD:
                with archive.open(member) as file:
                    yield from _of_text(member.filename, file.read(_MOST_RECORD))


def _in_stream(name: str, stream: io.BufferedReader) -> Iterator[Read]:
    head = stream.peek(512)[:512]
    first = head.lstrip()[:1]
    if head[257:262] == b"ustar":
        yield from _in_tar(stream)
    elif first not in {b"{", b"["}:
        called = name if name.endswith(_SUFFIXES) else f"{name}.yaml"
        yield from _of_text(called, stream.read(_MOST_RECORD))
    elif first == b"[" or not _is_line(head):
        yield from _of_text("records.json", stream.read(_MOST_ARRAY))
    else:
        for line in stream:
            if line.strip():
                yield name, _json(line[:_MOST_RECORD])


def _in_tar(stream: io.BufferedReader) -> Iterator[Read]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(_SUFFIXES) and member.size <= _MOST_RECORD:
                file = archive.extractfile(member)
                if file is not None:
                    yield from _of_text(member.name, file.read())


def _is_line(head: bytes) -> bool:
    """True when the file begins like one record on a line, not like one spread over many."""
    return not head.lstrip().startswith((b"{\n", b"{\r\n"))


def _of_text(name: str, data: bytes) -> Iterator[Read]:
    if name.endswith((".jsonl", ".ndjson")):
        for line in data.splitlines():
            if line.strip():
                yield name, _json(line)
        return
    value = _yaml(data) if name.endswith((".yaml", ".yml")) else _json(data)
    for one in value if isinstance(value, list) else [value]:
        yield name, one


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _yaml(data: bytes) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        return json.loads(json.dumps(reader.load(data.decode("utf-8", "replace")), default=str))
    except (YAMLError, *NO_VALUE):
        return None
