"""Alarms: what somebody has to look at. One open alarm for each endpoint, chain and kind; the same
again is counted, so that nobody can flood the list.
"""

from collections.abc import Sequence
from datetime import datetime

from core.vocabulary.fleet import ALARMS, Alarm
from hub.database import Connection

_RAISE = """INSERT INTO alarms (endpoint, chain, kind, words, first_at, last_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (endpoint, chain, kind) WHERE ended_at IS NULL
    DO UPDATE SET last_at = EXCLUDED.last_at, times = alarms.times + 1,
        words = EXCLUDED.words"""
_END = """UPDATE alarms SET ended_at = %s, ended_by = %s, note = %s
    WHERE endpoint = %s AND kind = ANY(%s) AND ended_at IS NULL"""


def alarmed(
    connection: Connection,
    endpoint: int,
    kind: Alarm,
    at: datetime,
    told: str = "",
    chain: str = "",
) -> None:
    """Raise an alarm; `told` is added to what the kind of alarm says."""
    words = ALARMS[kind] + (f": {told}" if told else "")
    connection.execute(_RAISE, (endpoint, chain, kind.value, words, at, at))


def over(connection: Connection, endpoint: int, kinds: Sequence[Alarm], at: datetime) -> None:
    """End the alarms of these kinds, which end by themselves."""
    told = [kind.value for kind in kinds]
    connection.execute(_END, (at, "hub", "it is over", endpoint, told))
