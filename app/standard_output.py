"""Where a command writes what its user asked for as bytes."""

import sys
from typing import BinaryIO

from core.errors import InputError


def standard_output() -> BinaryIO:
    """Return standard output as a stream of bytes. Raises InputError where it is closed."""
    if sys.stdout is None:
        raise InputError("Standard output is closed.", remedy="Name a file with --out.")
    return sys.stdout.buffer
