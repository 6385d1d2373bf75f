"""What the fleet was asked as text for a terminal. Pure; foreign text is made inert."""

from collections.abc import Iterator, Sequence

from core.text import printable
from core.vocabulary.sizes import counted, number
from hub.telling import Row, table

_MOST_NAMED = 20
"""Machines that have not answered, by their names; `--json` names all."""


def requests(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what was asked, and how far it is."""
    if not rows:
        yield "The fleet was asked nothing yet: outgate hub ask"
        return
    lines = [
        (
            str(row["number"]),
            row["kind"],
            f"{number(row['answered'])} of {number(row['endpoints'])}",
            f"{number(row['found'])} on {number(row['found_on'])}",
            number(row["problems"]) if row["problems"] else "–",
            f"{row['made_at']:%Y-%m-%d %H:%M}",
            row["made_by"],
            row["note"],
        )
        for row in rows
    ]
    yield from table(("REQUEST", "", "ANSWERED", "FOUND", "PROBLEMS", "MADE", "BY", "WHY"), lines)


def found(rows: Sequence[Row]) -> Iterator[str]:
    """Yield where one request found something, and who has not answered."""
    silent = [printable(row["endpoint"], 60) for row in rows if row["at"] is None]
    heard = [row for row in rows if row["at"] is not None]
    if not heard:
        yield "Nobody who has answered found anything."
    told: set[str] = set()
    for row in heard:
        on = printable(row["endpoint"], 60)
        if row["problem"] and on not in told:
            told.add(on)
            yield f"{on}: {printable(row['problem'], 300)}"
        if row["script"] is not None:
            left = f"{number(row['went'])} left" if row["went"] else "none left"
            yield (
                f"{on}: {printable(row['script'], 80)} → {printable(row['place'], 80)}: "
                f"{counted(row['records'], 'record')}, {left}, last {row['last_at']:%Y-%m-%d}"
            )
        elif row["found"]:
            yield f"{on}: {counted(row['found'], 'entry', 'entries')}, not shipped yet"
    if silent:
        more = f" and {number(len(silent) - _MOST_NAMED)} more" * (len(silent) > _MOST_NAMED)
        named = ", ".join(silent[:_MOST_NAMED])
        yield f"Not answered: {counted(len(silent), 'machine')}: {named}{more}"
