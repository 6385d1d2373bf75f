"""JSON lines: a head, then one record a line, exactly as it was hashed, with its place in the
chain, then the acts likewise: it verifies by itself.
"""

from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evidence.chain import canonical
from exports.contents import Contents
from exports.formats import Format, Opened, Place
from exports.head import SCHEMA, Sealer
from exports.lines import Write, read_lines, write_lines

_ERASED = {"id", "erased"}
"""All that is left of an entry that was erased whole: its place is proven by those around it."""


def _first(head: bytes | None) -> bytes:
    return b"" if head is None else head + b"\n"


def _body(contents: Contents, write: Write) -> None:
    for entry in contents.records():
        write(canonical(entry.exported()) + b"\n")
    for act in contents.acts:
        write(canonical(act.exported()) + b"\n")


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    write_lines(contents, sealer, out, _first, _body)


def _head(line: bytes) -> bytes | None:
    return line if f'"schema":"{SCHEMA}"'.encode() in line and b'"chain":{' not in line else None


def _line(start: bytes) -> bytes:
    return start.split(b"\n", 1)[0]


def _place(where: str, line: bytes) -> Place:
    value: dict[str, Any] = orjson.loads(line)
    # A doubled key, or another way to write the same, would be lost by reading it.
    same = canonical(value) == line
    chain = value.pop("chain")
    return Place(
        where=where,
        seq=chain["seq"],
        hash=chain["hash"],
        prev=chain["prev"],
        body=None if value.get("erased") is True and value.keys() == _ERASED else canonical(value),
        seal=chain,
        act=str(chain["id"]).startswith("reviews:"),
        problem=None if same else "it is not written as Outgate writes it: keys doubled or moved",
    )


def _read(path: Path) -> Opened:
    return read_lines(path, _head, _place, _first)


FORMAT = Format(
    name="jsonl",
    suffix=".jsonl",
    purpose="for machines and auditors: verifies by itself",
    write=_write,
    recognises=lambda start: start.startswith(b"{") and b'"class_uid":' not in _line(start),
    read=_read,
    common=True,
)
