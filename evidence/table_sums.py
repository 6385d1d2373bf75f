"""Holds the tables of sums (versions of scripts, traffic, hours, days) against what records add up
to: row by row where that is in memory, by their weight (`evidence.weighing`) where it is not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.database import Connection
from evidence.lots import WEIGHED, LotKey
from evidence.marks import PRIME
from evidence.sqlite_errors import REBUILD

WHAT = {
    "scripts": "the list of versions of scripts",
    "traffic": "the list of the sums of traffic",
    "hours": "what was added up by the hour",
    "days": "what was added up by the day",
}
_DAYS = """WITH added AS MATERIALIZED (
    SELECT (hour - (hour % 24 + 24) % 24) / 24, destination, account, outcome, min(hour),
        max(hour), sum(exchanges), sum(sent), sum(bytes), sum(found), sum(tokens),
        sum(cost_micro_usd), sum(least)
    FROM hours GROUP BY 1, destination, account, outcome)
    SELECT (SELECT count(*) FROM days), (SELECT count(*) FROM added),
        (SELECT count(*) FROM (SELECT * FROM added INTERSECT SELECT * FROM days))"""
_SCRIPTS = "SELECT script, sha256, first_us, last_us, count FROM scripts"
type Scripts = Mapping[tuple[str, str], Sequence[int]]


def not_added_up(table: str) -> str:
    """Return what is said of a table that holds other sums."""
    return f"{WHAT[table]} does not add up to the records; {REBUILD}"


def weighed(connection: Connection, key: LotKey) -> dict[str, int]:
    """Return what the tables of the file weigh."""
    found = {}
    for table in WEIGHED:
        rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our tables
        found[table] = key.scales[table].weigh(rows)
    return found


def days_fit(connection: Connection) -> bool:
    """Return whether the days are what the hours add up to."""
    ((days, added, both),) = connection.execute(_DAYS).fetchall()
    return bool(days == added == both)


def days_problem(connection: Connection) -> str | None:
    """Return what is said where the days are not what the hours add up to."""
    return None if days_fit(connection) else not_added_up("days")


def weighs_the_same(connection: Connection, table: str, listed: int, right: int) -> bool:
    """Return whether a table weighs what it has to, and no row of it weighs nothing."""
    none = f"SELECT 1 FROM {table} WHERE exchanges < 1 LIMIT 1"  # noqa: S608 - our tables
    return connection.value(none) is None and listed == right % PRIME


def same_scripts(connection: Connection, right: Scripts) -> bool:
    """Return whether the versions of scripts are these."""
    rows: list[Any] = connection.execute(_SCRIPTS).fetchall()
    return {(a, b): list(seen) for a, b, *seen in rows} == {
        version: list(seen) for version, seen in right.items()
    }


def sums_problem(
    connection: Connection, key: LotKey, scripts: Scripts, weights: Mapping[str, int]
) -> str | None:
    """Return which table holds other sums than the records, by their versions of scripts and what
    their traffic and hours weigh.
    """
    if not same_scripts(connection, scripts):
        return not_added_up("scripts")
    listed = weighed(connection, key)
    for table in sorted(WEIGHED):
        if not weighs_the_same(connection, table, listed[table], weights[table]):
            return not_added_up(table)
    return days_problem(connection)
