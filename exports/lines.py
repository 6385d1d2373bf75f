"""What export formats made of lines share: the head stands in the first line, and covers all others
by their hash.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from exports.contents import Contents
from exports.formats import Opened, Place
from exports.head import Sealer

_IN_MEMORY = 8_000_000
AROUND = "what stands around its head was changed: it is not written as Outgate writes it"


class _Hashed:
    """A file that hashes what is written to it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._out.write(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


type Write = Callable[[bytes], None]


def write_lines(
    contents: Contents,
    sealer: Sealer | None,
    out: BinaryIO,
    first: Callable[[bytes | None], bytes],
    body: Callable[[Contents, Write], None],
) -> None:
    """Write what `first` makes of the sealed head, then what `body` writes.

    Without a sealer there is no head, and nothing waits for the end.
    """
    if sealer is None:
        out.write(first(None))
        body(contents, lambda data: _write(out, data))
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
        hashed = _Hashed(spooled)  # type: ignore[arg-type]  # it is a binary file in all we use
        body(contents, hashed.write)
        out.write(first(sealer.sealed(contents, hashed.hexdigest())))
        spooled.seek(0)
        shutil.copyfileobj(spooled, out)


def _write(out: BinaryIO, data: bytes) -> None:
    out.write(data)


def read_lines(
    path: Path,
    head_of: Callable[[bytes], bytes | None],
    place_of: Callable[[str, bytes], Place | None],
    written: Callable[[bytes], bytes],
) -> Opened:
    """Open a file of lines: `head_of` finds the head in the first, `place_of` the entry in another;
    None where a line tells none. `written`: the first line as it is written around a head; raises
    ValueError for a head that none is written around.

    Raises OSError.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        first = file.readline()
        head = head_of(first.rstrip(b"\r\n"))
        if head is None:
            file.seek(0)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return Opened(
        head=head,
        digest=digest.hexdigest(),
        places=_places(path, head is not None, place_of),
        around=None if head is None or _as_written(first, head, written) else AROUND,
    )


def _as_written(first: bytes, head: bytes, written: Callable[[bytes], bytes]) -> bool:
    try:
        return written(head) == first
    except ValueError:
        return True  # such a head is refused anyway, in words of its own


def _places(
    path: Path, headed: bool, place_of: Callable[[str, bytes], Place | None]
) -> Iterator[Place]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if (headed and number == 1) or not line.strip():
                continue
            where = f"line {number}"
            try:
                place = place_of(where, line.rstrip(b"\r\n"))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise ValueError(f"{where}: this is no entry of an export") from None
            if place is not None:
                yield place
