"""Reads rows of the chain of records as entries, and marks those that are not what was chained: a
text that does not fit its hash, a hash that the next entry does not follow, and what was taken out
though no act tells of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from evidence.database import Connection
from evidence.entries import Entry
from evidence.removed import Removed


def entries_in(
    connection: Connection, chain: str, statement: str, values: Sequence[Any]
) -> list[Entry]:
    """Return the entries of a statement that gives `ENTRY_COLUMNS`. Their texts are held against
    their hashes when they are opened or exported.
    """
    found = [Entry.of(chain, row) for row in connection.execute(statement, values)]
    return list(_told(connection, found))


def _told(connection: Connection, found: Sequence[Entry]) -> Iterable[Entry]:
    if not any(one.has_gaps for one in found):
        return found
    removed = Removed.of(connection)
    return [replace(one, is_changed=True) if _is_untold(removed, one) else one for one in found]


def _is_untold(removed: Removed, one: Entry) -> bool:
    if not one.has_gaps:
        return False
    problem = removed.problem(one.link.seq, is_empty=not one.text, erased=one.erased)
    return problem is not None
