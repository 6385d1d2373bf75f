"""Erasures that take two people: what somebody asked for, by a keyed mark of what is to go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from core.happenings import Event, Happening
from evidence.acts import read_act
from evidence.confirming import ASKED_LASTS
from evidence.database import Connection
from evidence.erasure import Wanted
from evidence.store import Store
from evidence.times import micros

_SINCE = """SELECT CAST(body AS BLOB) FROM review_entries
    WHERE action IN ('erasure_asked', 'erased') AND at_us >= ? ORDER BY seq"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedErasure:
    """What somebody asked to erase, which nobody has confirmed yet."""

    id: str
    who: str
    at: datetime
    before_us: int | None
    """The time that the first person meant, where one was named."""


def mark_of(wanted: Wanted, marked: Callable[[str, str], str]) -> str:
    """Return the keyed mark of what is to go: the same for the same wish on another day, and
    nobody can read from it whom it is about. `marked`: a keyed fingerprint of kind and text.
    """
    told = {
        "users": sorted(wanted.users),
        "fingerprints": sorted(wanted.fingerprints),
        "script": wanted.script,
        "before": wanted.before_us is not None,
    }
    return marked("erasure", orjson.dumps(told).decode())


def asked_for(store: Store, mark: str, now: datetime) -> AskedErasure | None:
    """Return the newest request for this erasure that still waits. Raises EvidenceError."""
    with store.reading() as connection:
        return _open(connection, mark, now)


def _open(connection: Connection, mark: str, now: datetime) -> AskedErasure | None:
    found: AskedErasure | None = None
    for (text,) in connection.execute(_SINCE, (micros(now - ASKED_LASTS),)):
        try:
            act = read_act(text).act
        except ValueError:
            continue
        if not isinstance(act, Happening):
            continue
        if act.event is Event.ERASED and found and act.facts.get("asked") == found.id:
            found = None
        elif act.event is Event.ERASURE_ASKED and act.facts.get("mark") == mark:
            before = act.facts.get("before_us")
            found = AskedErasure(
                id=act.id,
                who=act.who or "",
                at=act.at,
                before_us=before if isinstance(before, int) else None,
            )
    return found
