"""No export can be another in silence, whatever its format: bits, stretches and lines are changed
at random places, the same in each run.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fates import ended

from core.errors import OutgateError
from core.record import Record
from evidence.store import Store
from exports.formats import formats
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export

type Make = Callable[..., Record]
_OF_LINES = {"csv", "jsonl", "ocsf", "cef"}


def changes(data: bytes, rnd: random.Random) -> Iterator[bytes]:
    """Yield the file with one bit, or one stretch, another."""
    for _ in range(25):
        at = rnd.randrange(len(data))
        yield data[:at] + bytes([data[at] ^ 1 << rnd.randrange(8)]) + data[at + 1 :]
    for _ in range(10):
        at, length = rnd.randrange(len(data)), rnd.randrange(1, 40)
        yield data[:at] + data[at + length :]
        yield data[:at] + data[at : at + length] + data[at:]


def lines_changed(data: bytes) -> Iterator[bytes]:
    """Yield the file without a line, with one twice, and with two exchanged."""
    lines = data.splitlines(keepends=True)
    for at in range(len(lines)):
        yield b"".join(lines[:at] + lines[at + 1 :])
        yield b"".join(lines[: at + 1] + lines[at:])
        if at:
            yield b"".join([*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]])


def is_whole(path: Path) -> bool:
    try:
        return verify_export(path).ok
    except OutgateError:
        return False


@pytest.mark.parametrize("format_", formats())
def test_no_export_is_another_in_silence(
    format_: str, write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
) -> None:
    """Of a request that was delivered, one that was cut, and one that went past the gate."""
    names = ("delivered", "upload cut", "past the gate")
    write(*(ended(make_record, name, number) for number, name in enumerate(names)))
    out, other = tmp_path / "out", tmp_path / "other"
    with closing(Store(place)) as store:
        export(format_, store, Selection(), out, by="auditor")
    data, rnd = out.read_bytes(), random.Random(7)
    assert is_whole(out)
    tried = list(changes(data, rnd)) + (list(lines_changed(data)) if format_ in _OF_LINES else [])
    for changed in tried:
        other.write_bytes(changed)
        assert changed == data or not is_whole(other)
    assert len(tried) >= 45
