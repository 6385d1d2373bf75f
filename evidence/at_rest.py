"""Reads evidence without leaving a trace: for a scan, which writes nothing but its report."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from evidence.times import from_micros


def scripts_seen(path: Path) -> Mapping[str, datetime] | None:
    """Return when each script was seen last, by its path and by the hashes of its versions; None
    where the file cannot be read.

    While a gate runs its log is read along, through the files that the gate made; else the file is
    whole by itself, and is read as one that nobody writes: SQLite would make files beside it.
    """
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
        try:
            rows = connection.execute("SELECT script, sha256, last_us FROM scripts").fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    found: dict[str, int] = {}
    for script, sha256, last in rows:
        for key in filter(None, (script, sha256)):
            found[key] = max(found.get(key, 0), last)
    return {key: from_micros(last) for key, last in found.items()}
