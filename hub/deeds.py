"""What people did at the hub, chained as evidence is: who looked behind a pseudonym, who changed
what is shown, who took a case over. Nothing here is changed afterwards without being seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from core.ids import rfc3339
from core.rights import Who, actor
from core.text import printable
from evidence.chain import canonical, genesis, link
from hub.database import Connection

CHAIN = "hub-deeds"
_LOCK = 0x4F474844
_LAST = "SELECT seq, hash FROM hub_deeds ORDER BY seq DESC LIMIT 1"
_KEEP = """INSERT INTO hub_deeds (seq, at, who, word, about, body, hash)
    VALUES (%s, %s, %s, %s, %s, %s, %s)"""
_ALL = "SELECT seq, at, who, word, about, body, hash FROM hub_deeds ORDER BY seq"
_ONE = "SELECT body FROM hub_deeds WHERE seq = %s"
_OF = "SELECT body FROM hub_deeds WHERE about = %s ORDER BY seq"


class Word(StrEnum):
    """What was done."""

    COUNCIL_ASKED = "council-asked"
    COUNCIL_SET = "council-set"
    REVEAL_ASKED = "reveal-asked"
    REVEALED = "revealed"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    COMMENTED = "commented"
    CLOSED = "closed"
    REOPENED = "reopened"
    ASKED_FLEET = "asked-fleet"
    ANSWERED = "answered"
    APPROVAL_ASKED = "approval-asked"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    PUBLISHED = "published"
    WIDENED = "widened"
    HUNT_SAVED = "hunt-saved"
    HUNT_ENDED = "hunt-ended"
    SIGNED_IN = "signed-in"
    TOKEN_MADE = "token-made"  # noqa: S105 - a word
    REVOKED = "revoked"
    RESOLVED = "resolved"
    RESTORED = "restored"
    EXPORTED = "exported"
    RETENTION = "retention"
    SETTINGS = "settings"
    MONTHS_KEPT = "months-kept"
    MONTH_REMOVED = "month-removed"
    MONTHS_NOTED = "months-noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One entry."""

    seq: int
    at: str
    who: str
    word: str
    about: str
    note: str
    facts: Mapping[str, Any]


def chained(
    connection: Connection,
    word: Word,
    about: str,
    *,
    who: Who,
    note: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Chain a deed inside the caller's transaction; return its number."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    row = connection.execute(_LAST).fetchone()
    before, head = (0, genesis(CHAIN)) if row is None else (row[0], bytes(row[1]))
    seq, by = before + 1, actor(who)
    value = {
        "seq": seq,
        "at": rfc3339(now),
        "who": printable(by.name, 200),
        "word": word.value,
        "about": printable(about, 200),
        "note": printable(note, 1000),
        "facts": {**(facts or {}), **by.facts()},
    }
    body = canonical(value)
    row_ = (seq, now, value["who"], word.value, value["about"], body, link(head, seq, body))
    connection.execute(_KEEP, row_)
    return seq


def deed(connection: Connection, seq: int) -> Deed | None:
    """Return one deed; None where there is none."""
    row = connection.execute(_ONE, (seq,)).fetchone() if 0 < seq < 1 << 62 else None
    return None if row is None else _read(row[0])


def deeds_about(connection: Connection, about: str) -> list[Deed]:
    """Return the deeds about one thing, oldest first."""
    return [_read(body) for (body,) in connection.execute(_OF, (about,)).fetchall()]


def _read(body: bytes) -> Deed:
    return Deed(**orjson.loads(body))


def problem(connection: Connection) -> tuple[int, bytes, str | None]:
    """Return how many deeds there are, the head of their chain, and where it is not whole."""
    head, count = genesis(CHAIN), 0
    for seq, _, who, word, about, body, hash_ in connection.execute(_ALL).fetchall():
        count += 1
        if seq != count:
            return count, head, f"deed {count} is missing"
        if bytes(hash_) != link(head, seq, bytes(body)):
            return count, head, f"deed {seq} is another than was chained"
        told = _read(body)
        if (told.seq, told.who, told.word, told.about) != (seq, who, word, about):
            return count, head, f"the row of deed {seq} is another than was chained"
        head = bytes(hash_)
    return count, head, None
