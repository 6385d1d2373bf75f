"""Keeps acts: what people did and what befell an endpoint's evidence, with what the hub has to do
about it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from core.happenings import Event, Happening
from core.text import printable
from evidence.acts import Act, read_act
from evidence.merkle import Frontier
from hub.chains import begin_chain
from hub.database import Connection
from hub.facts import believable

_KEEP = """INSERT INTO acts (chain, seq, at, word, who, case_key, sha256, disposition, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_CUT = """UPDATE chains SET cut = %s, cut_head = %s, cut_frontier = %s
    WHERE chain = %s AND endpoint = %s AND state <> 'superseded' AND cut < %s"""
_ERASURE = """INSERT INTO erasures (chain, seq, endpoint, told_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
_DROPPED = """SELECT a.body FROM acts a JOIN chains c ON c.number = a.chain
    WHERE c.chain = %s AND c.state <> 'superseded' AND a.word = 'outbox_dropped'
    ORDER BY a.seq DESC LIMIT 100"""
UNREADABLE = "unreadable"


def records_chain(acts: str) -> str:
    """Return the chain of records beside a chain of acts: both have one id."""
    return "records:" + acts.partition(":")[2]


def acts_chain(records: str) -> str:
    """Return the chain of acts beside a chain of records."""
    return "reviews:" + records.partition(":")[2]


def keep_acts(
    connection: Connection,
    number: int,
    endpoint: int,
    chain: str,
    first: int,
    texts: Sequence[bytes],
    now: datetime,
) -> None:
    """Keep the acts from number `first` of a chain, inside the caller's transaction."""
    for seq, text in enumerate(texts, first):
        try:
            act = read_act(text).act
        except ValueError:
            connection.execute(_KEEP, (number, seq, None, UNREADABLE, *[None] * 4, _shown(text)))
            continue
        connection.execute(_KEEP, (number, seq, *_columns(act), _shown(text)))
        if not isinstance(act, Happening):
            continue
        if act.event is Event.ERASED:
            connection.execute(_ERASURE, (number, seq, endpoint, now))
        elif act.event in {Event.EXPIRED, Event.OUTBOX_DROPPED}:
            _expired(connection, endpoint, records_chain(chain), act.facts, now)


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace").replace("\0", "·")


def _columns(act: Act) -> tuple[object, ...]:
    at = believable(act.at)
    who = None if act.who is None else printable(act.who, 200)
    if isinstance(act, Happening):
        return at, act.event.value, who, None, None, None
    sha256 = act.script_sha256
    case = act.case_key.replace("\0", "·")
    disposition = None if act.disposition is None else act.disposition.value
    return at, act.action.value, who, case, _digest(sha256), disposition


def _digest(sha256: str | None) -> bytes | None:
    try:
        return None if sha256 is None else bytes.fromhex(sha256)
    except ValueError:
        return None


def _expired(
    connection: Connection, endpoint: int, chain: str, facts: Mapping[str, Any], now: datetime
) -> None:
    """Note up to where records are gone on the endpoint: those that were not shipped by then will
    never come, and what follows goes on from there.
    """
    try:
        cut, head = int(facts["up_to_entry"]), bytes.fromhex(facts["hash"])
        tree = bytes.fromhex("".join(facts["frontier"]))
        Frontier.from_bytes(cut, tree)
    except (KeyError, TypeError, ValueError):
        return
    begin_chain(connection, endpoint, "records", chain, now)
    connection.execute(_CUT, (cut, head, tree, chain, endpoint, cut))


def dropped_up_to(connection: Connection, records: str, seq: int) -> bool:
    """Return whether the endpoint chained that it left out its records up to this one."""
    for (body,) in connection.execute(_DROPPED, (acts_chain(records),)).fetchall():
        try:
            act = read_act(body).act
        except ValueError:
            continue
        if isinstance(act, Happening) and act.facts.get("up_to_entry") == seq:
            return True
    return False


def erased_by(body: str) -> Mapping[str, Any] | None:
    """Return the facts of an act of erasure; None where it cannot be read."""
    try:
        facts = orjson.loads(body).get("facts")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return facts if isinstance(facts, dict) else None
