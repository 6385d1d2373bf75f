"""Saved hunts but for packages, held against what endpoints ship, the moment it comes."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.text import printable
from core.vocabulary.fleet import Alarm, Over
from hub.alarms import alarmed
from hub.database import Connection
from hub.facts import Fact
from hub.hunting import Sought
from hub.words import Numbered

_OPEN = """SELECT number, about, name FROM hunts
    WHERE ended_at IS NULL AND about <> 'packages' ORDER BY number"""
_SEEN = """INSERT INTO hunt_sightings AS s (hunt, endpoint, place, records, first_at, last_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (hunt, endpoint, place) DO UPDATE SET records = s.records + EXCLUDED.records,
        first_at = least(s.first_at, EXCLUDED.first_at),
        last_at = greatest(s.last_at, EXCLUDED.last_at)
    RETURNING xmax = 0"""


def sighted(
    connection: Connection,
    endpoint: int,
    facts: Sequence[Fact],
    texts: Sequence[bytes],
    numbered: Numbered,
    now: datetime,
) -> None:
    """Hold new records of an endpoint against the hunts; a sender that was not seen before is an
    alarm. Inside the caller's transaction.
    """
    for number, about, name in connection.execute(_OPEN).fetchall():
        sought = Sought(over=Over(about), name=name)
        places: dict[int, list[datetime]] = {}
        for fact in _seen(sought, facts, texts):
            places.setdefault(numbered.places[fact.sender], []).append(fact.at or now)
        for place, times in sorted(places.items()):
            values = (number, endpoint, place, len(times), min(times), max(times))
            row = connection.execute(_SEEN, values).fetchone()
            if row is not None and row[0]:
                told = printable(name, 100)
                alarmed(connection, endpoint, Alarm.HUNTED, now, told, f"hunt:{number}")


def _seen(sought: Sought, facts: Sequence[Fact], texts: Sequence[bytes]) -> Iterator[Fact]:
    """Yield the records that hold what is sought; alike ones are looked at once."""
    if sought.over is Over.FILES and not any(one in b"\n".join(texts) for one in sought.needles):
        return
    known: dict[tuple[object, ...], bool] = {}
    for fact, text in zip(facts, texts, strict=True):
        if sought.over is Over.FILES:
            if sought.seen_in(fact, text) is not None:
                yield fact
            continue
        key = (fact.sender, fact.destination, fact.kinds, fact.outcome)
        if key not in known:
            known[key] = sought.seen_in(fact, text) is not None
        if known[key]:
            yield fact
