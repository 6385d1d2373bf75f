"""Which chains an evidence file holds, by their ids."""

import sqlite3

from core.errors import EvidenceError
from evidence.database import Connection


def chain_id(connection: Connection, name: str) -> str:
    """Return the id of the chain called `records` or `reviews` in this file."""
    found = connection.value("SELECT value FROM meta WHERE key = ?", (f"chain.{name}",))
    if found is None:
        raise EvidenceError(
            "The evidence file does not say which chain it holds.", remedy="Restore a backup."
        )
    return str(found)


def named_chain(connection: Connection, name: str) -> str | None:
    """Return the same, or None where the table that says it is missing."""
    try:
        return chain_id(connection, name)
    except sqlite3.Error:
        return None
