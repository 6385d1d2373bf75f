"""Holds rows, sums and totals against what they are derived from: each row against its entry, sums
against rows, totals against sums. `verify` does so.
"""

from typing import Any, LiteralString

from core.vocabulary.sizes import counted
from hub.database import Connection
from hub.facts import fact_of
from hub.room import OTHERS
from hub.stored import Kept
from hub.sums import ADDED, KEY

_ROWS = """SELECT r.seq, r.bytes, r.went, p.path, d.name, o.word, a.word, r.at,
        p.path = %(others)s AND p.script IS NULL AND p.person IS NULL
    FROM records r JOIN places p ON p.number = r.place
        JOIN destinations d ON d.number = r.destination
        JOIN words o ON o.number = r.outcome JOIN words a ON a.number = r.account
    WHERE r.chain = %(chain)s AND r.seq BETWEEN %(first)s AND %(last)s ORDER BY r.seq"""
_ENDPOINTS = "SELECT number, name FROM endpoints ORDER BY name, number"
_SUMS: LiteralString = (
    f"SELECT count(*) FROM ({ADDED}) AS k FULL JOIN (SELECT s.* FROM sums s "  # noqa: S608
    "JOIN places p ON p.number = s.place WHERE p.endpoint = %(endpoint)s) AS s "
    f"USING ({KEY}) WHERE (k.records, k.went, k.bytes_went) "
    "IS DISTINCT FROM (s.records, s.went, s.bytes_went)"
)
_ALIKE: LiteralString = KEY.removeprefix("day, ")
_TOTALS: LiteralString = (
    f"SELECT count(*) FROM (SELECT {_ALIKE}, sum(records) AS records, "  # noqa: S608
    "sum(went) AS went, sum(bytes_went) AS bytes_went, min(first_at) AS first_at, "
    f"max(last_at) AS last_at FROM sums GROUP BY {_ALIKE}) AS k FULL JOIN totals t "
    f"USING ({_ALIKE}) WHERE (k.records, k.went, k.bytes_went, k.first_at, k.last_at) "
    "IS DISTINCT FROM (t.records, t.went, t.bytes_went, t.first_at, t.last_at)"
)


def rows_problem(connection: Connection, chain: int, kept: Kept, rows_to: int) -> str | None:
    """Return which row of a message of records does not say what its entry says. What is not told
    apart says less; behind `rows_to` an older hub wrote what it read, and it is read again.
    """
    last = min(kept.last, rows_to)
    values = {"others": OTHERS, "chain": chain, "first": kept.first, "last": last}
    texts = {seq: entry.text for seq, entry in kept.entries()}
    for row in connection.execute(_ROWS, values).fetchall():
        if not _says(row, texts[row[0]]):
            return f"the row of entry {row[0]} is not what the entry says"
    return None


def _says(row: tuple[Any, ...], text: bytes) -> bool:
    _, bytes_, went, path, place, outcome, account, at, together = row
    fact = fact_of(text)
    if (fact.bytes, fact.went) != (bytes_, went) or (fact.at is not None and fact.at != at):
        return False
    told = (fact.sender.path, fact.destination, fact.outcome, fact.account)
    return together or told == (path, place, outcome, account)


def sums_problem(connection: Connection) -> str | None:
    """Return whose sums are not those of the rows."""
    for number, name in connection.execute(_ENDPOINTS).fetchall():
        wrong: Any = connection.execute(_SUMS, {"endpoint": number}).fetchone()
        if wrong[0]:
            return f"{counted(wrong[0], 'sum')} of {name} are not what its records add up to"
    return None


def totals_problem(connection: Connection) -> str | None:
    """Return how many totals are not those of the sums."""
    wrong: Any = connection.execute(_TOTALS).fetchone()
    return f"{counted(wrong[0], 'total')} are not what the sums add up to" if wrong[0] else None
