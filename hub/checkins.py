"""Check-ins: an endpoint says where it stands, the hub what it wants and what it has to give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.ids import rfc3339
from core.json_fields import Fields
from core.text import printable
from core.vocabulary.fleet import Alarm
from evidence.shipping import ChainKind
from fleet.orders import KINDS, MOST_TROUBLE
from fleet.wire import is_chain
from hub.alarms import alarmed, over
from hub.chains import ToldChain, Witnessing
from hub.database import Connection, Database
from hub.enrolment import Endpoint
from hub.one_question import ask
from hub.orders import share_of_id, versions_asked, versions_in
from hub.requests import AGAIN_AFTER, waiting_for

CLOCK_MAY_BE_OFF = timedelta(minutes=5)
_MOST_OFF_S = 2_000_000_000
_MOST_WANTED = 100
_KINDS: tuple[ChainKind, ...] = ("records", "acts")
_SEEN = """UPDATE endpoints SET seen_at = %s, version = %s, clock_off_s = %s, policy = %s,
    approvals = %s, retention = %s, settings = %s,
    trouble = %s WHERE number = %s"""
_WANTED = """SELECT DISTINCT encode(s.sha256, 'hex') FROM places p
    JOIN scripts s ON s.number = p.script
    LEFT JOIN made_of m ON m.endpoint = p.endpoint AND m.script = s.number
    WHERE p.endpoint = %s AND (m.script IS NULL OR (m.told_at < %s AND EXISTS
        (SELECT 1 FROM sums t WHERE t.place = p.number AND t.last_at > m.told_at)))
    LIMIT %s"""
_ASKED_AGAIN_AFTER = timedelta(days=1)
"""What a version is made of changes with the packages around it."""
_ERASED = """SELECT c.chain, max(e.seq) FILTER (WHERE e.done_at IS NOT NULL),
        max(e.seq) FILTER (WHERE e.swept_at IS NOT NULL)
    FROM erasures e JOIN chains c ON c.number = e.chain WHERE e.endpoint = %s GROUP BY c.chain"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an endpoint says."""

    at: datetime
    version: str
    chains: tuple[ToldChain, ...]
    policy: int
    """Version of the fleet's policy that it follows; 0: none yet."""
    approvals: int
    """Version of the fleet's approvals that it knows; 0: none yet."""
    retention: int
    """Version of the fleet's order of how long evidence is kept; 0: none yet."""
    settings: int
    """Version of the fleet's settings that it follows; 0: none yet."""
    trouble: str | None
    """Why it does not follow newer ones."""

    @classmethod
    def of(cls, value: object) -> "Told":
        """Read it. Raises ValueError, which names the field and never its value."""
        fields = Fields(value, "check-in")
        chains = fields.part("chains", _chains)
        trouble = fields.text_or_none("trouble")
        orders = Fields({"retention": 0, "settings": 0, **_part(fields.value("orders"))}, "orders")
        policy, approvals = orders.whole("policy"), orders.whole("approvals")
        # Endpoints of before know of no order of these kinds.
        retention, settings = orders.whole("retention"), orders.whole("settings")
        if not all(0 <= one <= _MOST_OFF_S for one in (policy, approvals, retention, settings)):
            raise fields.wrong("orders")
        return cls(
            at=fields.time("at"),
            version=printable(fields.text("version"), 40),
            chains=chains,
            policy=policy,
            approvals=approvals,
            retention=retention,
            settings=settings,
            trouble=None if trouble is None else printable(trouble, MOST_TROUBLE),
        )


def _part(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("check-in.orders is not right")
    return value


def _chains(value: object) -> tuple[ToldChain, ...]:
    if not isinstance(value, dict) or value.keys() - set(_KINDS):
        raise ValueError("check-in.chains is not right")
    return tuple(_chain(kind, value[kind]) for kind in _KINDS if kind in value)


def _chain(kind: ChainKind, value: object) -> ToldChain:
    fields = Fields(value, kind)
    chain, last, head = fields.text("chain"), fields.whole("last"), fields.hash_or_none("head")
    if not is_chain(chain, kind) or last < 0 or head is None:
        raise ValueError(f"check-in.chains.{kind} is not right")
    return ToldChain(kind=kind, chain=chain, last=last, head=head)


@dataclass(frozen=True, slots=True)
class CheckIns:
    """Takes check-ins into one database."""

    database: Database
    clock: Callable[[], datetime]

    def at_once(self, named: tuple[str, str], told: Told) -> Mapping[str, Any] | None:
        """Return the answer to an endpoint with which all is well, by id and serial number of its
        certificate; None where it is to be taken step by step. Raises DatabaseDownError.
        """
        now = self.clock()
        off = int(min(max((told.at - now).total_seconds(), -_MOST_OFF_S), _MOST_OFF_S))
        if abs(off) > CLOCK_MAY_BE_OFF.total_seconds():
            return None
        values = {
            "now": now,
            "off": off,
            "version": told.version,
            "policy": told.policy,
            "approvals": told.approvals,
            "retention": told.retention,
            "settings": told.settings,
            "trouble": told.trouble,
            "before": now - _ASKED_AGAIN_AFTER,
            "again": now - AGAIN_AFTER,
            "most": _MOST_WANTED,
            "share": share_of_id(named[0]),
        }
        well = ask(self.database, named, told.chains, values)
        if well is None:
            return None
        return {
            "at": rfc3339(now),
            "chains": well.chains,
            "wanted": well.wanted,
            "erased": well.erased,
            "orders": {kind: well.orders.get(kind, 0) for kind in KINDS},
            "requests": well.requests,
        }

    def take(self, endpoint: Endpoint, told: Told, came_at: datetime) -> Mapping[str, Any]:
        """Return the answer; `came_at`: when the hub had the message. Raises DatabaseDownError."""
        now = self.clock()
        with self.database.work() as connection, connection.pipeline():
            off = min(max((told.at - now).total_seconds(), -_MOST_OFF_S), _MOST_OFF_S)
            said_at = _said_at(told, now, came_at)
            following = (told.policy, told.approvals, told.retention, told.settings)
            row = (now, told.version, int(off), *following, told.trouble)
            connection.execute(_SEEN, (*row, endpoint.number))
            _end_alarms(connection, endpoint.number, off, now)
            witnessed = {
                one.kind: Witnessing.begun(connection, endpoint.number, one, now, said_at)
                for one in told.chains
            }
            told_before = (endpoint.number, now - _ASKED_AGAIN_AFTER, _MOST_WANTED)
            asked = connection.execute(_WANTED, told_before)
            erasures = connection.execute(_ERASED, (endpoint.number,))
            versions = versions_asked(connection, endpoint)
            # Here it is waited for the first answer; all until then goes to the database at once.
            requests = waiting_for(connection, endpoint, now)
            orders = versions_in(versions)
            wanted, erased = asked.fetchall(), erasures.fetchall()
            chains = {kind: one.ended() for kind, one in witnessed.items()}
        return {
            "at": rfc3339(now),
            "chains": {k: {"next": one.next, "state": one.state} for k, one in chains.items()},
            "wanted": [sha256 for (sha256,) in wanted],
            "erased": {chain: {"done": done, "swept": swept} for chain, done, swept in erased},
            "orders": orders,
            "requests": requests,
        }


def _said_at(told: Told, now: datetime, came_at: datetime) -> datetime:
    """Return when an endpoint stood where it says: before the message came, and when it says so,
    unless its clock is so far off that nobody believes it (and an alarm tells of it).
    """
    believed = abs(told.at - now) <= CLOCK_MAY_BE_OFF
    return min(told.at, came_at) if believed else came_at


def _end_alarms(connection: Connection, endpoint: int, off: float, now: datetime) -> None:
    """End what is over now that it was heard of; raise the alarm where its clock is off."""
    if abs(off) > CLOCK_MAY_BE_OFF.total_seconds():
        ahead = "ahead" if off > 0 else "behind"
        alarmed(connection, endpoint, Alarm.CLOCK, now, f"{abs(int(off))} s {ahead}")
        over(connection, endpoint, (Alarm.SILENT,), now)
    else:
        over(connection, endpoint, (Alarm.SILENT, Alarm.CLOCK), now)
