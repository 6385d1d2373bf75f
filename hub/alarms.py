"""Alarms: what somebody has to look at. One open alarm for each endpoint, chain and kind; the same
again is counted, and so are those of ever other chains, so that nobody can flood the list.
"""

from collections.abc import Sequence
from datetime import datetime

from core.vocabulary.fleet import ALARMS, Alarm
from hub.database import Connection

_MOST_OPEN = 50
"""Alarms of one kind of an endpoint, by chains: those of more chains are counted in one."""
_RAISE = """INSERT INTO alarms (endpoint, chain, kind, words, first_at, last_at)
    SELECT %(endpoint)s, CASE WHEN count(*) < %(most)s OR bool_or(chain = %(chain)s)
        THEN %(chain)s ELSE '' END, %(kind)s, %(words)s, %(at)s, %(at)s
    FROM alarms WHERE endpoint = %(endpoint)s AND kind = %(kind)s AND ended_at IS NULL
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
    values = {"endpoint": endpoint, "chain": chain, "kind": kind.value, "words": words, "at": at}
    connection.execute(_RAISE, {**values, "most": _MOST_OPEN})


def over(connection: Connection, endpoint: int, kinds: Sequence[Alarm], at: datetime) -> None:
    """End the alarms of these kinds, which end by themselves."""
    told = [kind.value for kind in kinds]
    connection.execute(_END, (at, "hub", "it is over", endpoint, told))
