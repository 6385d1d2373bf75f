"""Where a command writes what its user asked for as bytes, and remarks that are its own."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

from core.errors import InputError


def standard_output() -> BinaryIO:
    """Return standard output as a stream of bytes. Raises InputError where it is closed."""
    if sys.stdout is None:
        raise InputError("Standard output is closed.", remedy="Name a file with --out.")
    return sys.stdout.buffer


@contextmanager
def perhaps_unread() -> Iterator[TextIO]:
    """Give standard error for the gate's own words beside a program's. That nobody can read them
    (it is closed, full, or its reader has left) must cost a program neither its run nor its code.
    """
    with suppress(OSError, ValueError):
        yield sys.stderr or io.StringIO()


def remark(words: str) -> None:
    """Write these words to standard error where somebody can read them."""
    with perhaps_unread() as out:
        out.write(words)
