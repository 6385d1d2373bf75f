"""What the fleet is asked about a person or a value: made, offered to each endpoint, answered. What
was typed is sealed in the database and never shown again; answers are numbers of entries, which the
hub's own rows say more about.
"""

import os
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import InputError
from core.ids import rfc3339
from core.json_fields import Fields
from core.rights import Who, actor
from core.text import printable
from fleet.requests import MOST_ENTRIES, SCHEMA, Kind, signed_text
from hub.database import Connection
from hub.deeds import Word, chained
from hub.enrolment import Endpoint
from hub.questions import Row, rows

KEY_FILE = "requests.key"
LASTS = timedelta(days=30)
AGAIN_AFTER = timedelta(hours=1)
_NONCE = 12
_MOST_VALUE = 400
_MOST_AT_ONCE = 5
_MAKE = """INSERT INTO requests (id, kind, grouped, made_at, made_by, note, ends_at, sealed)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING number"""
_OPEN = """FROM requests r LEFT JOIN replies a ON a.request = r.number AND a.endpoint = %(endpoint)s
    WHERE r.sealed IS NOT NULL AND r.ends_at > %(now)s AND r.grouped IN ('', %(grouped)s)
        AND (a.request IS NULL OR (NOT a.done AND a.at < %(before)s))"""
_REPLY = """INSERT INTO replies (request, endpoint, at, done, found, entries, problem)
    SELECT number, %s, %s, %s, %s, %s, %s FROM requests WHERE id = %s
    ON CONFLICT (request, endpoint) DO UPDATE SET at = EXCLUDED.at, done = EXCLUDED.done,
        found = EXCLUDED.found, entries = EXCLUDED.entries, problem = EXCLUDED.problem
        WHERE NOT replies.done"""
_FORGET = "UPDATE requests SET sealed = NULL WHERE sealed IS NOT NULL AND ends_at <= %s"
_LIST = """SELECT r.number, r.kind, r.grouped AS "group", r.made_at, r.made_by, r.note, r.ends_at,
        count(a.endpoint) FILTER (WHERE a.done AND n.revoked_at IS NULL) AS answered,
        count(a.endpoint) FILTER (WHERE a.found > 0) AS found_on,
        coalesce(sum(a.found), 0)::bigint AS found,
        count(a.endpoint) FILTER (WHERE a.problem <> '') AS problems,
        (SELECT count(*) FROM endpoints e WHERE e.revoked_at IS NULL
            AND r.grouped IN ('', e.grouped) AND e.enrolled_at < r.ends_at) AS endpoints
    FROM requests r LEFT JOIN replies a ON a.request = r.number
        LEFT JOIN endpoints n ON n.number = a.endpoint
    GROUP BY r.number ORDER BY r.number DESC"""
_ENTRIES = """SELECT e.name AS endpoint, a.at, a.done, a.found, a.problem,
        coalesce(x.name, p.path) AS script, d.name AS place, count(*)::bigint AS records,
        count(*) FILTER (WHERE c.went)::bigint AS went, min(c.at) AS first_at, max(c.at) AS last_at
    FROM replies a JOIN endpoints e ON e.number = a.endpoint
        LEFT JOIN chains n ON n.endpoint = a.endpoint AND n.kind = 'records'
            AND n.state <> 'superseded'
        LEFT JOIN records c ON c.chain = n.number AND c.seq = ANY(a.entries)
        LEFT JOIN places p ON p.number = c.place LEFT JOIN scripts x ON x.number = p.script
        LEFT JOIN destinations d ON d.number = c.destination
    WHERE a.request = %(number)s AND (a.found > 0 OR a.problem <> '')
    GROUP BY e.name, a.at, a.done, a.found, a.problem, x.name, p.path, d.name
    ORDER BY e.name, records DESC LIMIT 1000"""
_UNANSWERED = """SELECT e.name AS endpoint, NULL AS at, false AS done, 0 AS found, '' AS problem,
        NULL AS script, NULL AS place, 0 AS records, 0 AS went, NULL AS first_at, NULL AS last_at
    FROM requests r JOIN endpoints e ON e.revoked_at IS NULL AND r.grouped IN ('', e.grouped)
        AND e.enrolled_at < r.ends_at
        LEFT JOIN replies a ON a.request = r.number AND a.endpoint = e.number
    WHERE r.number = %(number)s AND a.request IS NULL ORDER BY e.name, e.number"""


def ask(
    connection: Connection,
    key: Ed25519PrivateKey,
    sealing: bytes,
    kind: Kind,
    value: str,
    *,
    grouped: str,
    who: Who,
    note: str,
    now: datetime,
) -> int:
    """Ask the fleet; return the number of the request. Raises InputError."""
    value = value.strip()
    if not value or len(value) > _MOST_VALUE:
        raise InputError(f"What is looked for has 1 to {_MOST_VALUE} letters.")
    id_, ends_at = str(uuid.uuid4()), now + LASTS
    body = orjson.dumps(
        {
            "schema": SCHEMA,
            "id": id_,
            "kind": kind.value,
            "value": value,
            "who": printable(actor(who).name, 200),
            "note": printable(note, 400),
            "ends_at": rfc3339(ends_at),
        }
    )
    told = orjson.dumps({"body": body.decode(), "signature": key.sign(signed_text(body)).hex()})
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(sealing).encrypt(nonce, told, id_.encode())
    names = (printable(actor(who).name, 200), printable(note, 400))
    values = (id_, kind.value, grouped, now, *names, ends_at, sealed)
    row = connection.execute(_MAKE, values).fetchone()
    assert row is not None
    about, facts = f"request {row[0]}", {"kind": kind.value, "group": grouped}
    chained(connection, Word.ASKED_FLEET, about, who=who, note=note, now=now, facts=facts)
    return int(row[0])


def waiting_for(connection: Connection, endpoint: Endpoint, now: datetime) -> int:
    """Return how many requests an endpoint has not answered."""
    row = connection.execute(b"SELECT count(*) " + _OPEN.encode(), _of(endpoint, now)).fetchone()
    return 0 if row is None else int(row[0])


def offered(
    connection: Connection, endpoint: Endpoint, sealing: bytes, now: datetime
) -> list[Mapping[str, str]]:
    """Return requests that an endpoint has not answered, as signed."""
    query = b"SELECT r.id, r.sealed " + _OPEN.encode() + b" ORDER BY r.number"
    found: list[Mapping[str, str]] = []
    for id_, sealed in connection.execute(query, _of(endpoint, now)):
        if len(found) == _MOST_AT_ONCE:
            break
        try:
            told = AESGCM(sealing).decrypt(sealed[:_NONCE], bytes(sealed[_NONCE:]), id_.encode())
        except InvalidTag:
            continue  # sealed with another hub's key: that one offers it
        found.append(orjson.loads(told))
    return found


def _of(endpoint: Endpoint, now: datetime) -> dict[str, object]:
    before = now - AGAIN_AFTER
    return {
        "endpoint": endpoint.number,
        "grouped": endpoint.grouped,
        "now": now,
        "before": before,
    }


def take_replies(connection: Connection, endpoint: Endpoint, value: object, now: datetime) -> None:
    """Keep what an endpoint answers. Raises ValueError, which names the field."""
    for one in Fields(value, "requests").many("replies")[:_MOST_AT_ONCE]:
        fields = Fields(one, "reply")
        entries = fields.many("entries")[:MOST_ENTRIES]
        if not all(type(seq) is int and 0 < seq < 1 << 62 for seq in entries):
            raise fields.wrong("entries")
        found = min(max(fields.whole("found"), 0), (1 << 62) - 1)
        problem = printable(fields.text("problem"), 300)
        told = (endpoint.number, now, fields.flag("done"), found, entries, problem)
        connection.execute(_REPLY, (*told, fields.text("id")[:64].replace("\0", "")))


def requests(connection: Connection) -> list[Row]:
    """Return what the fleet was asked, the newest first, and how far it is."""
    return rows(connection, _LIST, {})


def found_for(connection: Connection, number: int) -> list[Row]:
    """Return where a request found something, which scripts, what left, to whom; and who has not
    answered, with `at` None.
    """
    known = "SELECT 1 FROM requests WHERE number = %s"
    if not 0 < number < 1 << 31 or connection.execute(known, (number,)).fetchone() is None:
        raise InputError("There is no such request.", remedy="See: outgate hub asked")
    told = {"number": number}
    return rows(connection, _ENTRIES, told) + rows(connection, _UNANSWERED, told)


def forget_over(connection: Connection, now: datetime) -> None:
    """Forget what was typed once nobody has to be asked any more."""
    connection.execute(_FORGET, (now,))
