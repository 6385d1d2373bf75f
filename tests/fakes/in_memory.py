"""Where tests keep files that need not outlive them: in memory, where the machine has room there.

Some file systems look through all that was lately deleted before they make a file (ext4 without a
journal, half a minute long): a database that is copied for each test, and dropped after it, then
costs ten times what copying it costs.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
LEAST_FREE_BYTES = 4 << 30
"""Who has less there keeps it for others: containers often have 64 MB."""


def scratch_place() -> Path:
    """Return the folder below which such files are to be made."""
    try:
        room = os.access(MEMORY, os.W_OK | os.X_OK) and MEMORY.stat().st_mode & 0o1000
        if room and shutil.disk_usage(MEMORY).free >= LEAST_FREE_BYTES:
            return MEMORY
    except OSError:
        pass
    return Path(tempfile.gettempdir())
