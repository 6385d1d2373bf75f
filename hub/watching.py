"""What the hub looks for by itself, now and then: endpoints that have fallen silent. While no hub
was there to hear them, nobody was silent.
"""

from datetime import UTC, datetime, timedelta

from core.vocabulary.fleet import ALARMS, Alarm
from hub.database import Connection

SILENT_AFTER = timedelta(days=1)
_AWAY_AFTER = timedelta(hours=1)
"""A hub that has not watched for so long was away."""
_MAY_DIFFER = timedelta(hours=23)
"""Clocks of hubs beside each other: the latest counts. One that is further off was put right."""
_BACK_WITHIN = timedelta(hours=2)
"""Endpoints come back to a hub that was away within so long: they wait up to an hour."""
_WATCHED = """INSERT INTO watched (since, at) VALUES (%(now)s, %(now)s)
    ON CONFLICT (one) DO UPDATE SET at = CASE
        WHEN EXCLUDED.at - watched.at BETWEEN -%(differ)s::interval AND '0'
        THEN watched.at ELSE EXCLUDED.at END, since = CASE
        WHEN EXCLUDED.at - watched.at BETWEEN -%(differ)s::interval AND %(away)s::interval
        THEN watched.since ELSE EXCLUDED.since END"""
_STANDS = "SELECT since, at FROM watched"
_SILENT = """INSERT INTO alarms (endpoint, chain, kind, words, first_at, last_at)
    SELECT number, '', %s, %s, %s, %s FROM endpoints WHERE revoked_at IS NULL AND seen_at < %s
    ON CONFLICT (endpoint, chain, kind) WHERE ended_at IS NULL DO NOTHING"""
_NOBODY = datetime.min.replace(tzinfo=UTC)


def note_watched(connection: Connection, now: datetime) -> None:
    """Note that a hub is there."""
    connection.execute(_WATCHED, {"now": now, "away": _AWAY_AFTER, "differ": _MAY_DIFFER})


def silent_before(connection: Connection, now: datetime) -> datetime:
    """Return the time before which an endpoint must have been heard of last to count as silent."""
    row = connection.execute(_STANDS).fetchone()
    if row is None:
        return now - SILENT_AFTER
    since, at = row
    away = now - at > _AWAY_AFTER or timedelta() <= now - since < _BACK_WITHIN
    return _NOBODY if away else now - SILENT_AFTER


def away_since(connection: Connection, now: datetime) -> datetime | None:
    """Return since when no hub has been there; None while one is, and before the first."""
    row = connection.execute(_STANDS).fetchone()
    return row[1] if row is not None and now - row[1] > _AWAY_AFTER else None


def note_silent(connection: Connection, now: datetime) -> int:
    """Raise the alarm for each endpoint that was silent for a day; return how many are new."""
    before = silent_before(connection, now)
    values = (Alarm.SILENT.value, ALARMS[Alarm.SILENT], now, now, before)
    return connection.execute(_SILENT, values).rowcount
