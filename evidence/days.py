"""Sums of days, which follow from those of hours: what is asked of weeks and months is read from
them, and hours only where a day is asked in part.
"""

from collections.abc import Mapping, Sequence

from evidence.database import Connection
from evidence.rollup import Hour

DAY = 24
"""Hours."""
SUMS = ("exchanges", "sent", "bytes", "found", "tokens", "cost_micro_usd", "least")
_SUMMED = ", ".join(f"sum({name})" for name in SUMS)
_FORGET = "DELETE FROM days WHERE day <= ?"
_AGAIN = f"""INSERT INTO days (day, destination, account, outcome, first_hour, last_hour,
        {", ".join(SUMS)})
    SELECT ?, destination, account, outcome, min(hour), max(hour), {_SUMMED}
    FROM hours WHERE hour >= ? AND hour < ? GROUP BY destination, account, outcome"""  # noqa: S608


def days_of(hours: Mapping[Hour, Sequence[int]]) -> list[tuple[object, ...]]:
    """Return the rows of `days` that sums of hours come to."""
    found: dict[tuple[object, ...], list[int]] = {}
    for (hour, _, destination, account, _, outcome), sums in hours.items():
        key = hour // DAY, destination, account, outcome
        known = found.get(key)
        if known is None:
            found[key] = [hour, hour, *sums]
            continue
        known[0], known[1] = min(known[0], hour), max(known[1], hour)
        for place, value in enumerate(sums, 2):
            known[place] += value
    return [(*key, *row) for key, row in found.items()]


def forget_before(connection: Connection, hour: int) -> None:
    """Remove the days before this hour, whose hours are gone; what is left of its own day is added
    up anew.
    """
    day = hour // DAY
    connection.execute(_FORGET, (day,)).close()
    connection.execute(_AGAIN, (day, hour, (day + 1) * DAY)).close()
