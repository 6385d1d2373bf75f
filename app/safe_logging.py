"""Logging that cannot leak: our own words pass, everyone else's are reduced to where and how bad.

mitmproxy and its libraries quote peers in their messages (WebSocket pings, header lines, exception
texts); none of that may reach a log. Exceptions are shown by type and place, never by message.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

from core.ids import rfc3339
from core.text import printable

OURS = "outgate"
_LONGEST = 2000
"""Characters of one message."""
_DATED = "%Y-%m-%dT%H:%M:%S%z"
type LogFormat = Literal["text", "json"]


class SafeFormatter(logging.Formatter):
    """Formats our records in full and foreign ones by level, logger and line only.

    Our words may quote a file's name, a setting or a system's answer: journald, a terminal and
    whoever counts lines get one line of each record, without controls.
    """

    default_time_format = "%H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        when = self.formatTime(record, self.datefmt or self.default_time_format)
        error = _place(record)
        return f"{when} {record.levelname.lower()} {_said(record)}{error and f' [{error}]'}"


class JsonFormatter(logging.Formatter):
    """The same as an object of JSON on one line, in ASCII: `time` (RFC 3339), `level`, `logger`,
    `message`, and `error` where there was one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        told = {
            "time": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": printable(record.name),
            "message": _said(record),
        }
        error = _place(record)
        return json.dumps(told | ({"error": error} if error else {}))


class SafeStream(logging.StreamHandler[TextIO]):
    """Writes to a stream; of a record that cannot be written it tells where it comes from."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell by type and place; the library's way shows the message and what it quotes."""
        unwritten(record)


def unwritten(record: logging.LogRecord) -> None:
    """Tell standard error, when there is one, of a record that could not be written: for the
    `handleError` of a handler.
    """
    error = sys.exc_info()[1]
    why = "" if error is None else f" ({place_of(error)})"
    try:
        where = f"{printable(record.module, 80)}:{record.lineno}"
        sys.stderr.write(f"outgate: a record of the log of {where} was not written{why}\n")
    except (AttributeError, OSError, ValueError):
        return


def quieten(stream: TextIO, level: int = logging.WARNING, form: LogFormat = "text") -> None:
    """Send warnings and worse to `stream` in the safe form; drop everything else."""
    handler = SafeStream(stream)
    handler.setFormatter(formatter(form))
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


def formatter(form: LogFormat, *, dated: bool = False) -> logging.Formatter:
    """Return what makes lines of this form, in text with the day where it is to be `dated`."""
    return JsonFormatter() if form == "json" else SafeFormatter(datefmt=_DATED if dated else None)


def _said(record: logging.LogRecord) -> str:
    """Return our own words; of others the logger and the line."""
    ours = record.name == OURS or record.name.startswith(OURS + ".")
    what = record.getMessage() if ours else f"{record.name}:{record.lineno} (text withheld)"
    return printable(what, _LONGEST)


def _place(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return "" if error is None else place_of(error)
