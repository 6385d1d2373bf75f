"""What is known of a time whose records have expired: what they added up to, by the chain of acts;
and what the file keeps as sums of hours, to be held against the records of that time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evidence.case_sums import CaseSums
from evidence.merkle import Frontier
from evidence.past import Past, all_past
from evidence.rollup import Hour
from evidence.store import Store
from evidence.times import HOUR_US, micros

_KEPT = """SELECT hour, sum(exchanges), sum(sent), sum(bytes), sum(found), sum(tokens),
    sum(cost_micro_usd), sum(least) FROM hours WHERE hour >= ? AND hour < ? GROUP BY hour"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bygone:
    """Records that expired."""

    passes: int = 0
    """How many steps of retention went by so far."""
    told: str | None = None
    """When the newest of them went, and by which rule."""
    problem: str | None = None
    """What is wrong with their sums, if anything: then they say nothing."""
    sums_before: datetime | None = None
    """Sums of hours before this time are gone, too."""
    hours: Mapping[Hour, Sequence[int]] = field(default_factory=dict)
    cases: Mapping[str, CaseSums] = field(default_factory=dict)


def bygone(store: Store) -> Bygone:
    """Return what records that expired added up to. Raises EvidenceError."""
    with store.reading() as connection:
        past = Past.of(connection)
        if not past.digests:
            return Bygone()
        problem = past.problem(connection)
        sums = None if problem is not None else all_past(connection).rollup
    before = None if past.sums_before is None else datetime.fromisoformat(past.sums_before)
    return Bygone(
        passes=len(past.digests),
        told="; ".join(filter(None, (past.told, past.apart_told))) or None,
        problem=problem,
        sums_before=before,
        hours={} if sums is None else sums.hours,
        cases={} if sums is None else sums.cases,
    )


def passes_of(store: Store) -> int:
    """Return how many steps of retention went by so far. Raises EvidenceError."""
    with store.reading() as connection:
        return len(Past.of(connection).digests)


def expired_tree(store: Store) -> Frontier:
    """Return the tree of all records that expired. Raises EvidenceError."""
    with store.reading() as connection:
        return Past.of(connection).frontier


def kept_hours(store: Store, since: datetime, until: datetime) -> dict[int, list[int]]:
    """Return the sums that the file keeps of each hour that begins in this time: exchanges, of
    these what left, bytes of what left, values found, tokens, millionths of a dollar, how many
    may have sent more than is counted. Nobody held them against the chain. Raises
    EvidenceError.
    """
    first, last = -(-micros(since) // HOUR_US), -(-micros(until) // HOUR_US)
    with store.reading() as connection:
        return {hour: sums for hour, *sums in connection.execute(_KEPT, (first, last))}
