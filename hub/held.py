"""Requests that endpoints hold for a person: told of, listed, answered. An answer is signed for one
request of one endpoint; it reaches the gate within the seconds that the request waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.rows import dict_row

from core.errors import ForbiddenError, InputError
from core.ids import rfc3339
from core.json_fields import Fields
from core.rights import Actor, Who, actor, same_person
from core.text import printable
from fleet.held import MOST_HELD, SCHEMA, Became, signed_text
from hub import approvals
from hub.database import Connection
from hub.deeds import Word, chained, deeds_about
from hub.enrolment import Endpoint

_TELL = """INSERT INTO holds (endpoint, record, told_at, ends_at, script, sha256, person, place,
        account, kinds, found, bytes, rule, reason)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (endpoint, record) DO UPDATE SET over_at = NULL"""
_OVER = """UPDATE holds SET over_at = %s
    WHERE endpoint = %s AND over_at IS NULL AND record <> ALL(%s)"""
_SAID = """SELECT body, signature FROM holds
    WHERE endpoint = %s AND record = ANY(%s) AND body IS NOT NULL"""
_FORGET = "DELETE FROM holds WHERE told_at < %s"
_FORGET_MANY = """DELETE FROM holds WHERE endpoint = %(endpoint)s AND number <=
    (SELECT number FROM holds WHERE endpoint = %(endpoint)s ORDER BY number DESC
        OFFSET %(most)s LIMIT 1)"""
_LIST = """SELECT h.number, e.name AS endpoint, e.grouped AS "group", h.record, h.told_at, h.ends_at,
        h.script, h.sha256, h.person, h.place, h.account, h.kinds, h.found, h.bytes, h.rule,
        h.reason, h.approved, h.who, h.became, h.became_why
    FROM holds h JOIN endpoints e ON e.number = h.endpoint
    WHERE h.over_at IS NULL AND h.ends_at > %(now)s AND e.revoked_at IS NULL
    ORDER BY h.ends_at, h.number LIMIT 500"""
_ONE = """SELECT e.id::text, h.record, h.over_at IS NOT NULL OR h.ends_at <= %s, h.who, h.approved,
        h.became, h.sha256, h.person
    FROM holds h JOIN endpoints e ON e.number = h.endpoint
    WHERE h.number = %s AND e.revoked_at IS NULL FOR UPDATE OF h"""
_ANSWER = """UPDATE holds SET approved = %s, who = %s, note = %s, answered_at = %s, body = %s,
    signature = %s, became = NULL, became_why = '' WHERE number = %s"""
_BECAME = """UPDATE holds SET became = %s, became_why = %s WHERE endpoint = %s AND record = %s
    AND signature = %s AND (became IS NULL OR became = 'refused')"""
"""What could not be kept there may be at another time; nothing else is said twice."""
_OPEN = frozenset({Became.ASKED.value, Became.REFUSED.value})
"""Of what became so, something is to be said still."""
_KEPT_FOR = timedelta(days=30)
_KEPT_EACH = 1000
_MOST_SECONDS = 86_400.0
_MOST_NUMBER = (1 << 62) - 1
_MOST_KINDS = 40
_ID = frozenset("0123456789abcdef-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHold:
    """What an endpoint says of one request that it holds."""

    record: str
    ends_at: datetime
    columns: tuple[object, ...]

    @classmethod
    def of(cls, value: object, now: datetime) -> "ToldHold":
        """Read it. Raises ValueError, which names the field and never its value."""
        fields = Fields(value, "hold")
        record, seconds = fields.text("record"), fields.value("seconds")
        if not 0 < len(record) <= 64 or not set(record) <= _ID:
            raise fields.wrong("record")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_SECONDS:
            raise fields.wrong("seconds")
        kinds = [printable(str(kind), 40) for kind in fields.many("kinds")[:_MOST_KINDS]]
        waited = (now - fields.time("at")).total_seconds()
        if not 0 <= waited <= seconds:  # its clock is off: then it began when it was told of
            waited = 0.0
        ends_at = now + timedelta(seconds=seconds - waited)
        named = [_text(fields, name) for name in ("script", "sha256", "person", "place", "account")]
        numbers = [min(max(fields.whole(n), 0), _MOST_NUMBER) for n in ("found", "bytes")]
        why = [_text(fields, name) for name in ("rule", "reason")]
        return cls(record=record, ends_at=ends_at, columns=(*named, kinds, *numbers, *why))


def _text(fields: Fields, name: str) -> str:
    return printable(fields.text(name), 200)


def take_held(
    connection: Connection, endpoint: Endpoint, value: object, now: datetime
) -> list[Mapping[str, str]]:
    """Note what an endpoint holds now, and what became of answers; return the answers to it, as
    signed. Raises ValueError.
    """
    _take_became(connection, endpoint, value)
    held = [ToldHold.of(one, now) for one in Fields(value, "holds").many("held")[:MOST_HELD]]
    records = [one.record for one in held]
    for one in held:
        connection.execute(_TELL, (endpoint.number, one.record, now, one.ends_at, *one.columns))
    connection.execute(_OVER, (now, endpoint.number, records))
    if held:
        connection.execute(_FORGET_MANY, {"endpoint": endpoint.number, "most": _KEPT_EACH})
    said = connection.execute(_SAID, (endpoint.number, records)).fetchall()
    return [{"body": body.decode(), "signature": signature.hex()} for body, signature in said]


def _take_became(connection: Connection, endpoint: Endpoint, value: object) -> None:
    """Note what an endpoint says became of answers; older ones say nothing."""
    if not isinstance(value, dict) or "became" not in value:
        return
    for one in Fields(value, "holds").many("became")[:MOST_HELD]:
        told = Fields(one, "became")
        became = told.text("became")
        if became not in Became:
            raise told.wrong("became")
        words = (became, printable(told.text("why"), 200))
        place = (endpoint.number, printable(told.text("record"), 64))
        connection.execute(_BECAME, (*words, *place, bytes.fromhex(told.text("signature"))))


def is_answered(row: Mapping[str, Any]) -> bool:
    """Return whether nothing is to be said any more of a row of `holds`: it was answered, and the
    endpoint neither waits for a second person nor refused the answer.
    """
    return row["approved"] is not None and row["became"] not in _OPEN


def holds(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Return what is held now, the one with the least time first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_LIST, {"now": now}).fetchall()


def answer(
    connection: Connection,
    key: Ed25519PrivateKey,
    number: int,
    *,
    approved: bool,
    who: Who,
    note: str,
    now: datetime,
    asks: approvals.Asks = approvals.ASKS_NOTHING,
) -> str:
    """Answer a held request; return the name of what it is about. Where its endpoint waits for a
    second person, or did not take what was said, it is answered once more. Raises ForbiddenError,
    InputError.
    """
    row = connection.execute(_ONE, (now, number)).fetchone() if 0 < number < 1 << 62 else None
    if row is None:
        raise InputError("No such request is held.", remedy="See: outgate hub holds")
    endpoint, record, over, before, said, became, sha256, person = row
    if before is not None and became not in _OPEN:
        word = "approved" if said else "refused"
        raise InputError(f"It was {word} by {printable(before, 60)} already.")
    if over:
        raise InputError("It is not held any more.", remedy="See: outgate hub holds")
    by = actor(who)
    own = approvals.is_own(connection, sha256, by.name, (person,))
    if approved:
        _refuse_own(own and asks.second_person)
        _refuse_twice(connection, number, by, became)
    body = _body(endpoint, record, approved, by, note, now)
    told = (approved, printable(by.name, 200), printable(note, 400), now)
    connection.execute(_ANSWER, (*told, body, key.sign(signed_text(body)), number))
    about = f"hold {number}"
    facts = {"approved": approved, "endpoint": endpoint, "record": record}
    facts |= {} if own is None else {approvals.OWN: own}
    chained(connection, Word.ANSWERED, about, who=by, note=note, now=now, facts=facts)
    return str(record)


def _body(endpoint: str, record: str, approved: bool, by: Actor, note: str, now: datetime) -> bytes:
    """Return an answer as it is signed."""
    value = {
        "schema": SCHEMA,
        "endpoint": endpoint,
        "record": record,
        "approved": approved,
        "who": printable(by.name, 200),
        "note": printable(note, 400),
        "at": rfc3339(now),
        **by.facts(),
    }
    return orjson.dumps(value)


def _refuse_own(refused: bool | None) -> None:
    if refused:
        raise ForbiddenError(
            "A second person has to approve this: you run or own what sent it.",
            remedy="Ask somebody else who answers held requests at the hub.",
        )


def _refuse_twice(connection: Connection, number: int, by: Actor, became: str | None) -> None:
    """Raise ForbiddenError where a second person is waited for and this is the first one."""
    if became != Became.ASKED:
        return
    said = deeds_about(connection, f"hold {number}")
    subject = said[-1].facts.get("subject") if said else None
    if any(same_person(one.who, by.name) for one in said[-1:]) or (
        subject and subject == by.subject
    ):
        raise ForbiddenError(
            "You asked for this yourself; a second person has to confirm it.",
            remedy="Ask somebody else who answers held requests at the hub.",
        )


def forget_old(connection: Connection, now: datetime) -> None:
    """Forget what was held long ago: what became of it stands in the endpoint's evidence."""
    connection.execute(_FORGET, (now - _KEPT_FOR,))
