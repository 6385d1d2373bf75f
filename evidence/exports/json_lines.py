"""JSON lines: one record a line, exactly as it was hashed, with its place in the chain, so that it verifies by itself."""

from collections.abc import Iterable
from typing import BinaryIO

from evidence.chain import canonical
from evidence.entries import Entry
from evidence.exports import Format


def _write(entries: Iterable[Entry], out: BinaryIO) -> int:
    count = 0
    for entry in entries:
        out.write(canonical(entry.exported()))
        out.write(b"\n")
        count += 1
    return count


FORMAT = Format(
    name="jsonl",
    suffix=".jsonl",
    purpose="for machines and auditors: verifies by itself",
    write=_write,
)
