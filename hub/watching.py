"""What the hub looks for by itself, now and then: endpoints that have fallen silent."""

from datetime import datetime, timedelta

from core.vocabulary.fleet import ALARMS, Alarm
from hub.database import Connection

SILENT_AFTER = timedelta(days=1)
_SILENT = """INSERT INTO alarms (endpoint, chain, kind, words, first_at, last_at)
    SELECT number, '', %s, %s, %s, %s FROM endpoints WHERE revoked_at IS NULL AND seen_at < %s
    ON CONFLICT (endpoint, chain, kind) WHERE ended_at IS NULL DO NOTHING"""


def note_silent(connection: Connection, now: datetime) -> int:
    """Raise the alarm for each endpoint that was silent for a day; return how many are new."""
    values = (Alarm.SILENT.value, ALARMS[Alarm.SILENT], now, now, now - SILENT_AFTER)
    return connection.execute(_SILENT, values).rowcount
