"""Logging that cannot leak: our own words pass, everyone else's are reduced to where and how bad.

mitmproxy and its libraries quote peers in their messages (WebSocket pings, header lines, exception
texts); none of that may reach a log. Exceptions are shown by type and place, never by message.
"""

import logging
import traceback
from pathlib import Path
from typing import TextIO

from core.text import printable

OURS = "outgate"
_LONGEST = 2000
"""Characters of one message."""


class SafeFormatter(logging.Formatter):
    """Formats our records in full and foreign ones by level, logger and line only.

    Our words may quote a file's name, a setting or a system's answer: journald, a terminal and
    whoever counts lines get one line of each record, without controls.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        when = self.formatTime(record, "%H:%M:%S")
        ours = record.name == OURS or record.name.startswith(OURS + ".")
        what = record.getMessage() if ours else f"{record.name}:{record.lineno} (text withheld)"
        what = printable(what, _LONGEST)
        return f"{when} {record.levelname.lower()} {what}{_place(record)}"


def quieten(stream: TextIO, level: int = logging.WARNING) -> None:
    """Send warnings and worse to `stream` in the safe form; drop everything else."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter())
    handler.setLevel(level)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("mitmproxy", "asyncio", "hpack", "wsproto", "h2"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger(OURS).setLevel(logging.INFO)


def place_of(error: BaseException) -> str:
    """Return the error's type and where it was raised, without its message."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    return f"{type(error).__name__} at {where}"


def _place(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return f" [{place_of(error)}]" if error is not None else ""
