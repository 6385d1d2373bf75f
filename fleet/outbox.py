"""What waits for the hub at an endpoint, and what of it is left out when more waits than the
settings allow. It stays in the evidence; that it is not shipped is an act in the chain, by which
the hub goes on behind it.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.happenings import Event, Fact, Happening, happening
from core.vocabulary.sizes import counted, size
from evidence.acts import append_happening, read_act
from evidence.database import Connection, connect, transaction
from evidence.merkle import HASH_BYTES, Frontier
from evidence.past import Past
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import micros

HUB = "the fleet's hub"
_WAITING = "SELECT seq, length(body) FROM entries WHERE seq > ? ORDER BY seq DESC"
_YOUNG = "SELECT min(seq) FROM entries WHERE seq > ? AND at_us >= ?"
_LAST = "SELECT max(seq) FROM entries WHERE seq > ?"
_HASHES = "SELECT seq, hash FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"
_ACTS = """SELECT CAST(body AS BLOB) FROM review_entries WHERE action = 'outbox_dropped'
    ORDER BY seq DESC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """How much may wait for the hub; 0: whatever the evidence holds."""

    bytes: int = 0
    """As the evidence keeps it, packed."""
    days: int = 0

    @property
    def is_none(self) -> bool:
        """Whether everything waits."""
        return not self.bytes and not self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Entries of the chain of records that are not shipped."""

    first: int
    last: int


def dropped_runs(path: Path) -> list[Dropped]:
    """Return what was left out, the newest first. Raises EvidenceError."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            return list(_runs(connection))
    except DatabaseFault as error:
        raise evidence_error(error) from None


def _runs(connection: Connection) -> Iterator[Dropped]:
    for (text,) in connection.execute(_ACTS).fetchall():
        try:
            act = read_act(text).act
        except ValueError:
            continue
        if not isinstance(act, Happening) or act.facts.get("collector") != HUB:
            continue
        first, last = act.facts.get("first"), act.facts.get("up_to_entry")
        if isinstance(first, int) and isinstance(last, int):
            yield Dropped(first=first, last=last)


def drop_over(path: Path, shipped: int, cap: Cap, clock: Callable[[], datetime]) -> Dropped | None:
    """Leave out the oldest of what waits where it is more, or older, than the cap, and chain that;
    `shipped`: up to which record the hub has them. Raises EvidenceError.
    """
    if cap.is_none or not path.is_file():
        return None
    try:
        with closing(connect(path)) as connection, transaction(connection):
            return _drop(connection, shipped, cap, clock())
    except DatabaseFault as error:
        raise evidence_error(error) from None


def _drop(connection: Connection, shipped: int, cap: Cap, now: datetime) -> Dropped | None:
    past = Past.of(connection)
    after = max(shipped, past.cut)
    for run in _runs(connection):
        if run.first <= after + 1 <= run.last:
            after = run.last
            break
    by_size, by_age = _too_much(connection, after, cap.bytes), _too_old(connection, after, cap, now)
    last = max(by_size, by_age)
    if last <= after:
        return None
    why = f"more than {size(cap.bytes)} waited"
    if by_age >= by_size:
        why = f"it waited longer than {counted(cap.days, 'day')}"
    found = Dropped(first=after + 1, last=last)
    append_happening(
        connection, happening(Event.OUTBOX_DROPPED, _facts(connection, past, found, why))
    )
    return found


def _too_much(connection: Connection, after: int, most: int) -> int:
    """Return the newest entry that is over the cap; 0 where none is."""
    waiting = 0
    for seq, length in connection.execute(_WAITING, (after,)) if most else ():
        waiting += length
        if waiting > most:
            return int(seq)
    return 0


def _too_old(connection: Connection, after: int, cap: Cap, now: datetime) -> int:
    """Return the entry before the first that is young enough; 0 where there is none."""
    if not cap.days:
        return 0
    limit = micros(now - timedelta(days=cap.days))
    young = connection.value(_YOUNG, (after, limit))
    return int(connection.value(_LAST, (after,)) or 0) if young is None else int(young) - 1


def _facts(connection: Connection, past: Past, found: Dropped, why: str) -> dict[str, Fact]:
    tree, head = past.frontier, b""
    for _, hash_ in connection.execute(_HASHES, (past.cut, found.last)):
        head = bytes(hash_)
        tree.append(head)
    return {
        "collector": HUB,
        "first": found.first,
        "last": found.last,
        "why": why,
        "up_to_entry": found.last,
        "hash": head.hex(),
        "frontier": _pieces(tree),
    }


def _pieces(tree: Frontier) -> list[str]:
    kept: Any = tree.to_bytes()
    return [kept[at : at + HASH_BYTES].hex() for at in range(0, len(kept), HASH_BYTES)]
