"""What travels back: policies and approvals, each a signed text with a version. The newest that is
meant for an endpoint counts: for all or for its group, and for so many percent of the fleet.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Cursor
from psycopg.rows import dict_row

from core.errors import InputError
from core.ids import rfc3339
from core.rights import Who, actor
from core.text import printable
from core.vocabulary.sizes import counted
from fleet.line import MOST_ANSWER
from fleet.orders import (
    APPROVALS,
    KINDS,
    MOST_DAYS,
    POLICY,
    RETENTION,
    SCHEMA,
    SETTINGS,
    signed_text,
)
from fleet.orders_since import since
from hub.database import Connection
from hub.deeds import Word, chained
from hub.enrolment import Endpoint

_FOR = """SELECT version, body, signature FROM orders
    WHERE kind = %s AND grouped IN ('', %s) AND percent > %s ORDER BY version DESC LIMIT 1"""
_VERSIONS = """SELECT kind, max(version) FROM orders
    WHERE grouped IN ('', %s) AND percent > %s GROUP BY kind"""
_NEWEST = "SELECT coalesce(max(version), 0) FROM orders WHERE kind = %s"
_TOLD = """SELECT greatest(max(policy), max(approvals), max(retention), max(settings))
    FROM endpoints WHERE revoked_at IS NULL AND EXISTS (SELECT 1 FROM restorations)"""
_MOST_AHEAD = 100_000
_KEEP = """INSERT INTO orders (kind, version, grouped, percent, made_at, made_by, body, signature)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
_WIDEN = (
    """UPDATE orders SET percent = %s WHERE kind = 'policy' AND version = %s RETURNING grouped"""
)
_FOLLOW = "SELECT id::text FROM endpoints WHERE policy = %s AND revoked_at IS NULL"
_BODY = "SELECT body, grouped FROM orders WHERE kind = 'policy' AND version = %s"
_POLICIES = """SELECT o.version, o.grouped AS "group", o.percent, o.made_at, o.made_by,
        (SELECT count(*) FROM endpoints e WHERE e.policy = o.version AND e.revoked_at IS NULL)
            AS followed_by,
        (SELECT count(*) FROM endpoints e WHERE e.policy < o.version AND e.revoked_at IS NULL
            AND position(o.kind || ' ' || o.version || ': ' IN e.trouble) > 0) AS troubles
    FROM orders o WHERE o.kind = 'policy' ORDER BY o.version DESC"""
_RETENTIONS = """SELECT o.version, o.grouped AS "group", o.made_at, o.made_by, o.body,
        (SELECT count(*) FROM endpoints e WHERE e.retention = o.version AND e.revoked_at IS NULL)
            AS followed_by,
        (SELECT count(*) FROM endpoints e WHERE e.revoked_at IS NULL
            AND o.grouped IN ('', e.grouped) AND o.version = (SELECT max(n.version) FROM orders n
                WHERE n.kind = 'retention' AND n.grouped IN ('', e.grouped))) AS meant_for,
        (SELECT count(*) FROM endpoints e WHERE e.retention = o.version AND e.revoked_at IS NULL
            AND EXISTS (SELECT 1 FROM chains c JOIN acts a ON a.chain = c.number
                WHERE c.endpoint = e.number AND c.kind = 'acts' AND c.state <> 'superseded'
                    AND a.word IN ('expired', 'expired_apart') AND a.at > o.made_at)) AS removed_on
    FROM orders o WHERE o.kind = 'retention' ORDER BY o.version DESC"""
_SETTINGS = """SELECT o.version, o.grouped AS "group", o.percent, o.made_at, o.made_by, o.body,
        (SELECT count(*) FROM endpoints e WHERE e.settings = o.version AND e.revoked_at IS NULL)
            AS followed_by,
        (SELECT count(*) FROM endpoints e WHERE e.settings < o.version AND e.revoked_at IS NULL
            AND position(o.kind || ' ' || o.version || ': ' IN e.trouble) > 0) AS troubles
    FROM orders o WHERE o.kind = 'settings' ORDER BY o.version DESC"""
_LATEST = "SELECT body FROM orders WHERE kind = %s ORDER BY version DESC LIMIT 1"
_FORGET_OLDER = "DELETE FROM orders WHERE kind = %s AND version < %s"
_MOST_LIST = MOST_ANSWER - (128 << 10)
"""Bytes of the answer in which endpoints are given the list of approvals: so many approvals, some
thirty thousand versions, fit into it, and then withdrawals still do.
"""
_FOR_WITHDRAWALS = 120 << 10
_MOST_NAME = 60
_LOCK = 0x4F47484F


def share_of(endpoint: Endpoint) -> int:
    """Return where an endpoint stands from 0 to 99: it has what goes to more percent than that."""
    return share_of_id(endpoint.id)


def share_of_id(id_: str) -> int:
    """Return the same by its id."""
    return int(id_.replace("-", "")[:8], 16) % 100


def meant_for(connection: Connection, endpoint: Endpoint) -> Mapping[str, int]:
    """Return the versions of the orders that are meant for an endpoint; 0: none."""
    return versions_in(versions_asked(connection, endpoint))


def versions_asked(connection: Connection, endpoint: Endpoint) -> Cursor[tuple[Any, ...]]:
    """Ask for the versions of the orders that are meant for an endpoint."""
    return connection.execute(_VERSIONS, (endpoint.grouped, share_of(endpoint)))


def versions_in(asked: Cursor[tuple[Any, ...]]) -> Mapping[str, int]:
    """Return the answer to `versions_asked`; 0: none."""
    found: dict[str, int] = dict(asked.fetchall())
    return {kind: found.get(kind, 0) for kind in KINDS}


def order_for(
    connection: Connection, endpoint: Endpoint, kind: str, have: int = 0
) -> Mapping[str, Any]:
    """Return the orders of a kind that are meant for an endpoint; empty where there are none. Of
    approvals, where it has a version of the list, what was said since.
    """
    values = (kind, endpoint.grouped, share_of(endpoint))
    row = connection.execute(_FOR, values).fetchone()
    if row is None:
        return {}
    told = {"version": row[0], "signature": row[2].hex()}
    if kind == APPROVALS and 0 < have < row[0]:
        said = since(bytes(row[1]), row[0] - have)
        if said is not None:
            return {**told, "since": said}
    return {**told, "body": row[1].decode()}


def publish_policy(
    connection: Connection,
    key: Ed25519PrivateKey,
    policy: str,
    *,
    grouped: str,
    percent: int,
    who: Who,
    now: datetime,
) -> int:
    """Sign a policy and offer it; return its version."""
    facts = {"policy": policy}
    version = _publish(connection, key, POLICY, facts, grouped, percent, who, now)
    told = {"group": grouped, "percent": percent}
    about = f"policy {version}"
    chained(connection, Word.PUBLISHED, about, who=who, note="", now=now, facts=told)
    return version


def policy_of(connection: Connection, version: int) -> tuple[bytes, str]:
    """Return a version of the policy, and the group it is for. Raises InputError."""
    row = connection.execute(_BODY, (version,)).fetchone()
    if row is None:
        raise InputError("There is no such version of the policy.", remedy="outgate hub policies")
    return orjson.loads(row[0])["policy"].encode(), row[1]


def policies(connection: Connection) -> list[dict[str, Any]]:
    """Return all versions of the policy, the newest first, with how many follow each."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_POLICIES).fetchall()


def widen(connection: Connection, version: int, percent: int, *, who: Who, now: datetime) -> int:
    """Offer a version of the policy to another share of the fleet; return how many endpoints follow
    it that it is not offered to any more: they keep it until a newer one is meant for them.

    Raises InputError.
    """
    if connection.execute(_WIDEN, (percent, version)).fetchone() is None:
        raise InputError("There is no such version of the policy.", remedy="outgate hub policies")
    about, facts = f"policy {version}", {"percent": percent}
    chained(connection, Word.WIDENED, about, who=who, note="", now=now, facts=facts)
    follow = connection.execute(_FOLLOW, (version,)).fetchall()
    return sum(share_of_id(id_) >= percent for (id_,) in follow)


def keep_for(
    connection: Connection,
    key: Ed25519PrivateKey,
    days: int,
    *,
    grouped: str,
    note: str,
    who: Who,
    now: datetime,
) -> int:
    """Order that endpoints keep evidence for so many days; return the order's version.

    Raises InputError.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"Evidence is kept for 1 to {counted(MOST_DAYS, 'day')}.")
    version = _publish(connection, key, RETENTION, {"days": days}, grouped, 100, who, now)
    about, facts = f"retention {version}", {"days": days, "group": grouped}
    chained(connection, Word.RETENTION, about, who=who, note=note, now=now, facts=facts)
    return version


def retentions(connection: Connection) -> list[dict[str, Any]]:
    """Return all orders of how long evidence is kept, the newest first: for how many endpoints each
    is meant, how many follow it, and on how many something was removed since.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_RETENTIONS).fetchall()
    return [_opened(row, "days") for row in found]


def publish_settings(
    connection: Connection,
    key: Ed25519PrivateKey,
    settings: str,
    *,
    grouped: str,
    percent: int,
    note: str,
    who: Who,
    now: datetime,
) -> int:
    """Sign settings (YAML) and offer them in place of those before; return their version."""
    version = _publish(
        connection, key, SETTINGS, {"settings": settings}, grouped, percent, who, now
    )
    about, facts = f"settings {version}", {"group": grouped, "percent": percent}
    chained(connection, Word.SETTINGS, about, who=who, note=note, now=now, facts=facts)
    return version


def settings_versions(connection: Connection) -> list[dict[str, Any]]:
    """Return all versions of the fleet's settings, the newest first, with how many follow each."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_SETTINGS).fetchall()
    return [_opened(row, "settings") for row in found]


def _opened(row: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a row of orders with what it says in place of its signed text."""
    body = row.pop("body")
    return {**row, name: orjson.loads(body)[name]}


def approve(
    connection: Connection,
    key: Ed25519PrivateKey,
    sha256: str,
    *,
    approved: bool,
    note: str,
    who: Who,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Approve a version of a script for the whole fleet, or withdraw that; return the version of
    the list, of which only the newest is kept: it holds all that was said, and endpoints are given
    no other. `facts` stand in the deed. Who may, and whether two have to: `hub.approvals`.

    Raises InputError where the list would be larger than endpoints take.
    """
    lock(connection)
    body = newest_body(connection, APPROVALS)
    known = [] if body is None else orjson.loads(body)["approvals"]
    by = printable(actor(who).name, _MOST_NAME)
    told = [_short(one) for one in known if one["sha256"] != sha256]
    told.append({"sha256": sha256, "approved": approved, "who": by})
    size = len(orjson.dumps(orjson.dumps(told).decode()))  # a text in the answer
    if size > _MOST_LIST + (0 if approved else _FOR_WITHDRAWALS):
        raise InputError(
            "The list of approvals is full: endpoints could not be given more.",
            remedy="A rule of the policy lets go what many versions of many scripts do.",
        )
    word = Word.APPROVED if approved else Word.WITHDRAWN
    chained(connection, word, f"script {sha256}", who=who, note=note, now=now, facts=facts)
    version = _publish(connection, key, APPROVALS, {"approvals": told}, "", 100, who, now)
    connection.execute(_FORGET_OLDER, (APPROVALS, version))
    return version


def _short(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of an approval what endpoints read; when and why stand in the deeds."""
    by = printable(entry["who"], _MOST_NAME)
    return {"sha256": entry["sha256"], "approved": entry["approved"], "who": by}


def lock(connection: Connection) -> None:
    """Keep others from making orders until the caller's transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def newest_body(connection: Connection, kind: str) -> bytes | None:
    """Return what the newest order of a kind says, as it was signed; None where there is none."""
    row = connection.execute(_LATEST, (kind,)).fetchone()
    return None if row is None else bytes(row[0])


def _publish(
    connection: Connection,
    key: Ed25519PrivateKey,
    kind: str,
    facts: Mapping[str, Any],
    grouped: str,
    percent: int,
    who: Who,
    now: datetime,
) -> int:
    lock(connection)
    row = connection.execute(_NEWEST, (kind,)).fetchone()
    newest = 0 if row is None else int(row[0])
    # After a restore, endpoints may follow orders of which the backup does not know.
    told = connection.execute(_TOLD).fetchone()
    ahead = 0 if told is None or told[0] is None else min(int(told[0]), newest + _MOST_AHEAD)
    version = max(newest, ahead) + 1
    value = {
        "schema": SCHEMA,
        "kind": kind,
        "version": version,
        "made_at": rfc3339(now),
        "made_by": printable(actor(who).name, 200),
        **facts,
    }
    body = orjson.dumps(value)
    signature = key.sign(signed_text(body))
    row_ = (kind, version, grouped, percent, now, printable(actor(who).name, 200), body, signature)
    connection.execute(_KEEP, row_)
    return version
