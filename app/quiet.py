"""Logging that cannot leak: our own words pass, everyone else's are reduced to where and how bad.

mitmproxy and its libraries quote peers in their messages (WebSocket pings, header lines, exception texts); none of that
may reach a log. Exceptions are shown by type and place, never by message.
"""

import logging
import traceback
from pathlib import Path
from typing import TextIO

OURS = "outgate"


class SafeFormatter(logging.Formatter):
    """Formats our records in full and foreign ones by level, logger and line only."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        when = self.formatTime(record, "%H:%M:%S")
        ours = record.name == OURS or record.name.startswith(OURS + ".")
        what = record.getMessage() if ours else f"{record.name}:{record.lineno} (text withheld)"
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


def _place(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    kind, _, trace = record.exc_info
    frames = traceback.extract_tb(trace)[-3:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    return f" [{kind.__name__} at {where}]"
