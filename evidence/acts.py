"""The chain of acts: what people did in the review, and what befell the gate and its evidence.

Each act names the newest record of its time, place and hash, so that neither chain can be cut or
replaced without the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.discreet import note_shown
from core.happenings import Event, Fact, Happening
from core.ids import rfc3339
from core.json_fields import Fields, by_word
from core.review import ReviewEvent
from core.stored import CHANGED, OVER, ChainLink, UnreadableEntry
from core.text import printable
from evidence.chain import canonical, genesis, link
from evidence.chain_ids import chain_id
from evidence.database import Connection
from evidence.review_entries import review_of
from evidence.statements import INSERT_REVIEW
from evidence.times import micros

SCHEMA = "outgate.event/1"
NO_CASE = ""
"""What stands for the case of an act that is about none."""
GONE = "gone"
"""What stands for the action of an act whose time is over."""
ACT_COLUMNS = """seq, prev, hash, id, CAST(body AS BLOB),
    (SELECT n.prev FROM review_entries n WHERE n.seq = review_entries.seq + 1)"""
_EVENT = by_word(Event)
_TEXT_LIMIT = 400
_SAID = frozenset({"why", "reason", "note"})
"""Facts that a person wrote in words of her own."""

type Act = ReviewEvent | Happening


_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAct:
    """An act with its place in the chain of acts."""

    act: Act
    link: ChainLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest entry of the chain of records."""

    seq: int
    """0 before the first."""
    head: bytes
    """Its hash; nothing before the first."""

    @classmethod
    def of(cls, connection: Connection, up_to: int | None = None) -> "Newest":
        """Read it, or the newest up to this place."""
        query = "SELECT seq, hash FROM entries WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
        row = connection.execute(query, (_MOST if up_to is None else up_to,)).fetchone()
        return cls(seq=0, head=b"") if row is None else cls(seq=row[0], head=bytes(row[1]))


def chain_act(connection: Connection, columns: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Append an act with these columns of `review_entries`, inside the caller's transaction."""
    query = "SELECT seq, hash FROM review_entries ORDER BY seq DESC LIMIT 1"
    newest = connection.execute(query).fetchone()
    if newest is None:
        seq, prev = 1, genesis(chain_id(connection, "reviews"))
    else:
        seq, prev = newest[0] + 1, newest[1]
    text = canonical(body)
    row = {"seq": seq, "prev": prev, "hash": link(prev, seq, text), "body": text.decode()}
    INSERT_REVIEW.run(connection, [{**columns, **row}])


def append_happening(connection: Connection, happening: Happening) -> None:
    """Append what befell the gate or the evidence, inside the caller's transaction."""
    newest = Newest.of(connection)
    chain_act(connection, _columns(happening), _body(happening, newest))


def _body(happening: Happening, newest: Newest) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": happening.id,
        "at": rfc3339(happening.at),
        "event": happening.event.value,
        "who": None if happening.who is None else printable(happening.who, 200),
        "facts": {name: _inert(name, value) for name, value in happening.facts.items()},
        "up_to": newest.seq,
        "records": newest.head.hex() or None,
    }


def _inert(name: str, value: Fact) -> Fact:
    if not isinstance(value, str):
        return value
    return printable(note_shown(value) if name in _SAID else value, _TEXT_LIMIT)


def _columns(happening: Happening) -> dict[str, Any]:
    return {
        "id": happening.id,
        "at_us": micros(happening.at),
        "case_key": NO_CASE,
        "action": happening.event.value,
        "script": None,
        "script_sha256": None,
        "record_id": None,
        "hold_key": None,
    }


def gone_columns(seq: int) -> dict[str, Any]:
    """Return the columns of an act whose time is over: its place and hash are all that is left."""
    names = ("case_key", "script", "script_sha256", "record_id", "hold_key")
    return {
        **dict.fromkeys(names),
        "case_key": NO_CASE,
        "id": f"{seq:036d}",
        "at_us": 0,
        "action": GONE,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAct:
    """An act as its text states it, with what it is filed under."""

    act: Act
    up_to: int
    """The newest record of its time."""
    head: bytes
    """Hash of that record; nothing where an early act does not say it."""
    columns: tuple[Any, ...]
    """id, time, case_key, action, script, script_sha256, record_id, hold_key."""


def read_act(text: bytes | str) -> ReadAct:
    """Return the act in a stored text. Raises ValueError, which says why without any value."""
    if not text:
        raise ValueError(OVER)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("its text is damaged") from None
    if isinstance(value, dict) and value.get("schema") == SCHEMA:
        return _happened(value)
    review = review_of(text)
    event = review.event
    filed = (event.id, micros(event.at), event.case_key, event.action.value)
    return ReadAct(
        act=event,
        up_to=review.up_to,
        head=review.head,
        columns=(*filed, review.script, review.sha256, event.record_id, review.hold_key),
    )


def _happened(value: dict[str, Any]) -> ReadAct:
    fields = Fields(value, "event")
    happening = Happening(
        id=fields.text("id"),
        at=fields.time("at"),
        event=fields.word("event", _EVENT),
        who=fields.text_or_none("who"),
        facts=fields.values("facts") or {},
    )
    return ReadAct(
        act=happening,
        up_to=fields.whole("up_to"),
        head=fields.hash_or_none("records") or b"",
        columns=(
            *(happening.id, micros(happening.at), NO_CASE, happening.event.value),
            *(None, None, None, None),
        ),
    )


def opened_act(
    chain: str, row: tuple[int, bytes, bytes, str, bytes, bytes | None]
) -> StoredAct | UnreadableEntry:
    """Return the act of a row of `ACT_COLUMNS`; what stands for it where it cannot be read, or is
    not what was chained.
    """
    seq, prev, hash_, id_, text, follows = row
    place = ChainLink(chain_id=chain, seq=seq, prev=prev, hash=hash_)
    try:
        if follows not in {None, hash_} or (text and link(prev, seq, text) != hash_):
            raise ValueError(CHANGED)
        return StoredAct(act=read_act(text).act, link=place)
    except (ValueError, TypeError) as error:
        why = str(error) if isinstance(error, ValueError) else CHANGED
        return UnreadableEntry(id=id_, at=None, link=place, why=why)


def reviewed(stored: StoredAct | UnreadableEntry) -> ReviewEvent | UnreadableEntry:
    """Return the review event; what stands for it where it is none."""
    if isinstance(stored, UnreadableEntry):
        return stored
    if isinstance(stored.act, ReviewEvent):
        return stored.act
    return UnreadableEntry(id=stored.act.id, at=None, link=stored.link, why=CHANGED)
