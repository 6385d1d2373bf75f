"""What a hub is watched by, as Prometheus reads it: numbers only, no names."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from core.vocabulary.fleet import Alarm
from hub import questions
from hub.database import Connection
from hub.streams import streams

_MORE = """SELECT
    (SELECT count(*) FROM chains WHERE state = 'quarantined') AS set_aside,
    (SELECT count(*) FROM quarantine) AS quarantine,
    (SELECT count(*) FROM holds WHERE over_at IS NULL AND ends_at > %(now)s AND body IS NULL)
        AS holds,
    (SELECT extract(epoch FROM %(now)s - max(received)) FROM uploads) AS upload_age,
    (SELECT count(*) FROM endpoints WHERE trouble IS NOT NULL AND revoked_at IS NULL) AS troubles,
    pg_database_size(current_database()) AS bytes"""
_ALARMS = "SELECT kind, count(*) FROM alarms WHERE ended_at IS NULL GROUP BY kind"


def metrics(connection: Connection, now: datetime) -> str:
    """Return the numbers as text."""
    return "\n".join(_lines(connection, now)) + "\n"


def _lines(connection: Connection, now: datetime) -> Iterator[str]:
    status = questions.status(connection, now)
    more = questions.rows(connection, _MORE, {"now": now})[0]
    plain: tuple[tuple[str, str, Any], ...] = (
        ("endpoints", "Endpoints that are not revoked.", status["endpoints"]),
        ("endpoints_silent", "Not heard of for a day.", status["silent"]),
        ("endpoints_orders_not_followed", "That cannot follow newer orders.", more["troubles"]),
        ("records", "Records that were witnessed.", status["records"]),
        ("acts", "Acts that were witnessed.", status["acts"]),
        ("chains_set_aside", "Chains of which nothing is taken.", more["set_aside"]),
        ("messages_quarantined", "Messages set aside.", more["quarantine"]),
        ("holds_waiting", "Held requests that nobody answered yet.", more["holds"]),
        ("erasures_open", "Erasures to do.", status["erasures_open"]),
        ("erasures_unswept", "Erasures done and not swept.", status["erasures_unswept"]),
        ("newest_upload_age_seconds", "Since the newest message came.", more["upload_age"]),
        ("database_bytes", "Size of the database.", more["bytes"]),
        ("up", "1 while a hub serves.", int(status["hub_away_since"] is None)),
        ("schema", "Version of the schema.", status["schema"]),
    )
    for name, what, value in plain:
        if value is not None:
            yield from (f"# HELP outgate_hub_{name} {what}", f"# TYPE outgate_hub_{name} gauge")
            yield f"outgate_hub_{name} {value}"
    known: dict[str, int] = dict(connection.execute(_ALARMS).fetchall())
    yield from (
        "# HELP outgate_hub_alarms Alarms that are open.",
        "# TYPE outgate_hub_alarms gauge",
    )
    yield from (f'outgate_hub_alarms{{kind="{a.value}"}} {known.get(a.value, 0)}' for a in Alarm)
    waiting = streams(connection)
    if waiting:
        yield "# HELP outgate_hub_stream_waiting Entries that wait for a stream."
        yield "# TYPE outgate_hub_stream_waiting gauge"
        yield from (
            f'outgate_hub_stream_waiting{{stream="{one["name"]}"}} {one["waiting"]}'
            for one in waiting
        )
