"""One process at a time at what goes one way: a lock beside its file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence.files import PRIVATE_FOLDER, open_private
from evidence.gate_liveness import lock_now


@contextmanager
def alone_at(file: Path) -> Iterator[bool]:
    """Give whether nobody else is at this file of a private folder; where so, nobody comes before
    this ends. Raises OSError where no lock can be made.
    """
    file.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    handle = open_private(file.with_suffix(".lock"))
    try:
        lock_now(handle)
    except OSError:
        yield False
        return
    else:
        yield True
    finally:
        os.close(handle)
