"""JSON lines: one record a line, exactly as it was hashed, with its place in the chain, so that it verifies by itself."""

from typing import BinaryIO

from evidence.chain import canonical
from evidence.exports import Format, Records


def _write(records: Records, out: BinaryIO) -> int:
    count = 0
    for record in records:
        out.write(canonical(record))
        out.write(b"\n")
        count += 1
    return count


FORMAT = Format(
    name="jsonl",
    suffix=".jsonl",
    purpose="for machines and auditors: verifies by itself",
    write=_write,
)
