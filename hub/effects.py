"""What a policy would have done to what the fleet recorded, before it is switched on: each endpoint
by itself, for what one machine sent says nothing of another's volume.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.case_keys import called
from core.decision import Verdict
from core.observation import Observation
from core.record import Record
from destinations.naming import place_name
from evidence.entries import read_entry
from fleet.wire import opened
from hub.database import Connection
from policy.decide import RulePolicy
from policy.replay import Replayed, replayed
from policy.watching import as_enforced

MOST = 50_000
"""Records that are replayed when nobody says otherwise."""
_ENDPOINTS = """SELECT e.number, max(c.number) FROM endpoints e
    JOIN chains c ON c.endpoint = e.number AND c.kind = 'records' AND c.state <> 'superseded'
    WHERE e.revoked_at IS NULL AND (%(grouped)s = '' OR e.grouped = %(grouped)s) AND c.last > 0
    GROUP BY e.number ORDER BY e.number"""
_UPLOADS = """SELECT first, last, blob FROM uploads
    WHERE chain IN (SELECT number FROM chains WHERE endpoint = %s AND kind = 'records'
        AND state <> 'superseded') AND received >= %s ORDER BY chain, last DESC"""

type _Key = tuple[str | None, Verdict, str, str]
"""Rule, verdict, script and place."""


@dataclass(slots=True)
class Alike:
    """Alike records that a rule would have touched."""

    count: int = 0
    endpoints: set[int] = field(default_factory=set)
    people: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Effect:
    """What it would have done, on all of these endpoints together."""

    policy: str
    endpoints: int = 0
    records: int = 0
    unreadable: int = 0
    untold: int = 0
    """Of which nobody can tell: they lack what a rule asks for."""
    left_out: bool = False
    """There are more records than were looked at: of each endpoint the newest were."""
    newly_stopped: int = 0
    no_longer_stopped: int = 0
    stopped_on: set[int] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    alike: dict[_Key, Alike] = field(default_factory=dict)

    def add(self, endpoint: int, one: Replayed) -> None:
        """Count a record."""
        self.records += 1
        if one.unsure:
            self.untold += 1
            return
        verdict, was = as_enforced(one.decision), one.record.decision.verdict
        self.verdicts[verdict.value] += 1
        if one.newly_stopped:
            self.newly_stopped += 1
            self.stopped_on.add(endpoint)
        self.no_longer_stopped += verdict.passes and not was.passes
        if verdict.passes and verdict is not Verdict.WARN:
            return
        where = one.record.destination
        place = place_name(where.service, where.host)
        key = (one.decision.rule, verdict, called(one.record), place)
        alike = self.alike.setdefault(key, Alike())
        alike.count += 1
        alike.endpoints.add(endpoint)
        if one.record.sender.user:
            alike.people.add(one.record.sender.user)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rows = sorted(self.alike.items(), key=lambda row: (-len(row[1].endpoints), -row[1].count))
        return {
            "policy": self.policy,
            "endpoints": self.endpoints,
            "records": self.records,
            "unreadable": self.unreadable,
            "untold": self.untold,
            "left_out": self.left_out,
            "newly_stopped": self.newly_stopped,
            "newly_stopped_on": len(self.stopped_on),
            "no_longer_stopped": self.no_longer_stopped,
            "verdicts": dict(sorted(self.verdicts.items())),
            "affected": [
                {
                    "rule": rule,
                    "verdict": verdict.value,
                    "script": script,
                    "place": place,
                    "records": alike.count,
                    "endpoints": len(alike.endpoints),
                    "people": len(alike.people),
                }
                for (rule, verdict, script, place), alike in rows
            ],
        }


def effect(
    connection: Connection,
    policy: RulePolicy,
    since: datetime,
    *,
    grouped: str = "",
    most: int = MOST,
) -> Effect:
    """Return what a policy would have done to what came since then, from all endpoints or those of
    a group; of the newest records of each, `most` in all.
    """
    found = Effect(policy=policy.version)
    rows = connection.execute(_ENDPOINTS, {"grouped": grouped}).fetchall()
    each = max(1, most // max(1, len(rows)))
    for endpoint, _ in rows:
        records = list(_records(connection, endpoint, since, each + 1))
        if len(records) > each:
            found.left_out = True
            records = records[:each]
        records.reverse()
        found.endpoints += bool(records)
        for one in replayed(policy, records):
            if one is None:
                found.unreadable += 1
            else:
                found.add(endpoint, one)
    return found


def _records(
    connection: Connection, endpoint: int, since: datetime, most: int
) -> Iterator[Record | None]:
    """Yield the newest records of an endpoint, the newest first; None for unreadable ones."""
    count = 0
    with connection.cursor(name="effect") as cursor:
        cursor.itersize = 4
        for first, _, blob in cursor.execute(_UPLOADS, (endpoint, since)):
            run = opened(blob).run
            for entry in reversed(run.entries[first - run.first :]):
                if not entry.text:
                    continue  # erased
                try:
                    read = read_entry(entry.text)
                except ValueError:
                    yield None
                else:
                    if isinstance(read, Observation):
                        continue
                    yield read
                count += 1
                if count >= most:
                    return
