"""Saved hunts but for packages, held against what endpoints ship, the moment it comes."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from core.text import printable
from core.vocabulary.fleet import Alarm, Over
from hub.alarms import alarmed
from hub.database import Connection
from hub.facts import Fact
from hub.sought import Sought
from hub.words import Numbered

_OPEN = """SELECT number, about, name FROM hunts
    WHERE ended_at IS NULL AND about <> 'packages' ORDER BY number"""
_SEEN = """INSERT INTO hunt_sightings AS s (hunt, endpoint, place, records, first_at, last_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (hunt, endpoint, place) DO UPDATE SET records = s.records + EXCLUDED.records,
        first_at = least(s.first_at, EXCLUDED.first_at),
        last_at = greatest(s.last_at, EXCLUDED.last_at)
    RETURNING xmax = 0"""


type Came = tuple[Fact, Fact, bytes]
"""A record: all that it says, what of that is told apart (`hub.room`), its text."""


def sighted(
    connection: Connection,
    endpoint: int,
    came: Iterable[Came],
    numbered: Numbered,
    now: datetime,
) -> None:
    """Hold new records of an endpoint against the hunts; a sender that was not seen before is an
    alarm. Inside the caller's transaction.
    """
    hunts, came = connection.execute(_OPEN).fetchall(), list(came)
    for number, about, name in hunts:
        sought = Sought(over=Over(about), name=name)
        places: dict[int, list[datetime]] = {}
        for told in _seen(sought, came):
            places.setdefault(numbered.places[told.sender], []).append(told.at or now)
        for place, times in sorted(places.items()):
            values = (number, endpoint, place, len(times), min(times), max(times))
            row = connection.execute(_SEEN, values).fetchone()
            if row is not None and row[0]:
                told_name = printable(name, 100)
                alarmed(connection, endpoint, Alarm.HUNTED, now, told_name, f"hunt:{number}")


def _seen(sought: Sought, came: Sequence[Came]) -> Iterator[Fact]:
    """Yield the records that hold what is sought, as they are told apart; alike ones are looked at
    once.
    """
    if sought.over is Over.FILES and not sought.may_stand_in(b"\n".join(t for _, _, t in came)):
        return
    known: dict[tuple[object, ...], bool] = {}
    for fact, told, text in came:
        if sought.over is Over.FILES:
            if sought.seen_in(fact, text) is not None:
                yield told
            continue
        key = (fact.sender, fact.destination, fact.kinds, fact.outcome)
        if key not in known:
            known[key] = sought.seen_in(fact, text) is not None
        if known[key]:
            yield told
