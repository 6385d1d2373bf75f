"""Approvals of versions of scripts for the whole fleet: whether somebody approves the own script,
and whether a second person has to say the same. By hash alone: no source gets to a hub.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.attribution import is_pseudonym
from core.errors import ForbiddenError
from core.review_acts import Action
from core.rights import Actor, Who, actor, same_person
from evidence.confirming import ASKED_LASTS
from fleet.orders import APPROVALS
from fleet.wire import BadUpload
from hub import orders
from hub.database import Connection
from hub.deeds import Deed, Word, chained, deeds_about
from hub.stored import entries_of

_RUN_BY = """SELECT DISTINCT w.name FROM scripts x JOIN places p ON p.script = x.number
    JOIN people w ON w.number = p.person WHERE x.sha256 = %s"""
_NEWEST = """SELECT r.chain, r.seq FROM (
        SELECT p.number FROM scripts x JOIN places p ON p.script = x.number
        WHERE x.sha256 = %s ORDER BY p.number DESC LIMIT 1000) AS p
    CROSS JOIN LATERAL (SELECT chain, seq, at FROM records
        WHERE place = p.number AND NOT gone ORDER BY at DESC LIMIT 1) AS r
    ORDER BY r.at DESC LIMIT 20"""
"""The newest record of each of the senders that sent last."""
_SAID = {
    Word.APPROVED: Action.APPROVE_SCRIPT,
    Word.WITHDRAWN: Action.WITHDRAW_SCRIPT,
    Word.APPROVAL_ASKED: Action.ASK_APPROVE_SCRIPT,
}
_HEX, _DIGITS = frozenset("0123456789abcdef"), 64
OWN = "own"
"""In the facts of a deed: whether who did it runs the script on any machine, or owns its file on
one of the twenty that sent last; left out where no machine tells who does.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What the settings of the hub's machine ask of approvals."""

    second_person: bool = False
    """Nobody approves what he or she runs or owns."""
    two: bool = False
    """It takes two people."""


ASKS_NOTHING = Asks()


def said_about(deed: Deed) -> Action | None:
    """Return what a deed about a version of a script is in its history; None for other deeds."""
    return _SAID.get(Word(deed.word)) if deed.word in set(_SAID) else None


def say(
    connection: Connection,
    key: Ed25519PrivateKey,
    sha256: str,
    *,
    approved: bool,
    note: str,
    who: Who,
    now: datetime,
    asks: Asks,
) -> Action:
    """Approve a version for the fleet, or withdraw that, by its SHA-256 (hex); return what was
    done: an approval that takes two people is a request first. Raises ForbiddenError.
    """
    orders.lock(connection)
    by, own = actor(who), is_own(connection, sha256, actor(who).name)
    facts = {} if own is None else {OWN: own}
    told: dict[str, Any] = {"note": note, "who": by, "now": now, "facts": facts}
    if approved and own and asks.second_person:
        raise ForbiddenError(
            "A second person has to approve this: you run or own it.",
            remedy="Ask somebody else who approves scripts at the hub.",
        )
    if approved and asks.two and not _confirms(connection, sha256, by, now):
        chained(connection, Word.APPROVAL_ASKED, f"script {sha256}", **told)
        return Action.ASK_APPROVE_SCRIPT
    orders.approve(connection, key, sha256, approved=approved, **told)
    return Action.APPROVE_SCRIPT if approved else Action.WITHDRAW_SCRIPT


def approved_by(connection: Connection) -> dict[str, str]:
    """Return SHA-256 (hex) → who approved it, of all that is approved for the fleet now."""
    body = orders.newest_body(connection, APPROVALS)
    known = [] if body is None else orjson.loads(body)["approvals"]
    return {one["sha256"]: one["who"] for one in known if one["approved"]}


def _confirms(connection: Connection, sha256: str, by: Actor, now: datetime) -> bool:
    """Return whether somebody else asked for it lately. Raises ForbiddenError where this very
    person did.
    """
    said = [one for one in deeds_about(connection, f"script {sha256}") if said_about(one)]
    asked = said[-1] if said and said[-1].word == Word.APPROVAL_ASKED else None
    if asked is None or now - datetime.fromisoformat(asked.at) >= ASKED_LASTS:
        return False
    subject = asked.facts.get("subject")
    if same_person(asked.who, by.name) or (subject and subject == by.subject):
        raise ForbiddenError(
            "You asked for this yourself; a second person has to confirm it.",
            remedy="Ask somebody else who approves scripts at the hub.",
        )
    return True


def is_own(
    connection: Connection, sha256: str, who: str, people: Sequence[str] = ()
) -> bool | None:
    """Return whether somebody runs this version (hex; empty: none is known) on any machine, owns
    its file, or is one of these people; None where nobody tells who does.
    """
    names = [name for name in people if name]
    if _is_sha256(sha256):
        runs = connection.execute(_RUN_BY, (bytes.fromhex(sha256),)).fetchall()
        names += [*(name for (name,) in runs), *_owners(connection, sha256)]
    clear = [name for name in names if not is_pseudonym(name)]
    return _is_among(who, clear) if clear else None


def _is_sha256(text: str) -> bool:
    return len(text) == _DIGITS and set(text) <= _HEX


def _owners(connection: Connection, sha256: str) -> Iterator[str]:
    """Yield who owns its file, as records tell it."""
    for chain, seq in connection.execute(_NEWEST, (bytes.fromhex(sha256),)).fetchall():
        try:
            kept = entries_of(connection, chain, seq)
            value = None if kept is None else orjson.loads(kept.entry(seq).text)
            owner = value["sender"]["script"]["version"]["owner"] if value else None
        except (BadUpload, orjson.JSONDecodeError, KeyError, TypeError):
            continue
        if isinstance(owner, str) and owner:
            yield owner


def _is_among(who: str, names: Iterable[str]) -> bool:
    return any(same_person(who, name) for name in names)
