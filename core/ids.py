"""Identifiers: UUIDs of version 7 (RFC 9562), which sort by the time they were made."""

import os
import time
from datetime import UTC, datetime
from functools import lru_cache

_EACH, _MOST_AHEAD = 10, 64
_AHEAD: list[bytes] = []
"""Random bytes of identifiers to come: each question to the system hands the interpreter's lock to
whoever waits for it. A process that is forked off asks for its own."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_AHEAD.clear)


def uuid7(at: datetime | None = None) -> str:
    """Return a new UUIDv7 in its canonical text form; its first 48 bits are the Unix time in
    milliseconds.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    try:
        random = int.from_bytes(_AHEAD.pop())
    except IndexError:
        random = int.from_bytes(os.urandom(_EACH))
        ahead = os.urandom(_EACH * _MOST_AHEAD)
        _AHEAD.extend(ahead[at : at + _EACH] for at in range(0, len(ahead), _EACH))
    value = (
        milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def utc_now() -> datetime:
    """Return the time now as an aware UTC value."""
    return datetime.now(UTC)


@lru_cache(maxsize=1024)
def rfc3339(at: datetime) -> str:
    """Return an aware time as RFC 3339 text in UTC with microseconds, such as
    `2026-11-21T10:00:00.000000Z`.
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
