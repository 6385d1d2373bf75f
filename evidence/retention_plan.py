"""What is kept, since when, and what of it is over its time: of each kind of evidence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.acts_retention import over
from evidence.database import Connection
from evidence.removed import LegalHold, Removed
from evidence.times import HOUR_US, from_micros, micros

_RECORDS = "SELECT count(*), min(at_us) FROM entries WHERE length(body) > 0"
_OLD_RECORDS = "SELECT count(*) FROM entries WHERE at_us < ? AND length(body) > 0"
_HOURS = "SELECT count(*), min(hour) FROM hours"
_OLD_HOURS = "SELECT count(*) FROM hours WHERE hour < ?"
_ACTS = "SELECT count(*), min(at_us) FROM review_entries WHERE action <> 'gone'"
_OLD_ACTS = "SELECT count(*) FROM review_entries WHERE action <> 'gone' AND at_us < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of evidence."""

    kind: str
    """`records`, `sums` or `reviews`."""
    days: int
    """How long it is kept; 0: for ever."""
    count: int
    oldest: datetime | None
    over: int
    """How many are past their time: the next rounds remove them, but for what a hold keeps."""
    stays: int = 0
    """How many acts are past it and stay: in force, under a legal hold or not signed."""

    @property
    def next(self) -> datetime | None:
        """When the oldest reaches its end."""
        if not self.days or self.oldest is None:
            return None
        return self.oldest + timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All kinds, and the legal holds that stand."""

    kinds: tuple[Kept, ...]
    holds: tuple[LegalHold, ...]


def plan(connection: Connection, now: datetime, *, records: int, sums: int, reviews: int) -> Plan:
    """Return what is kept by so many days of each kind. Raises sqlite3.Error."""
    holds = Removed.of(connection).holds
    return Plan(
        kinds=(
            _records(connection, now, records),
            _sums(connection, now, sums),
            _acts(connection, now, reviews, holds),
        ),
        holds=tuple(holds.values()),
    )


def _limit(now: datetime, days: int) -> int:
    return micros(now - timedelta(days=days)) if days else 0


def _records(connection: Connection, now: datetime, days: int) -> Kept:
    count, oldest = connection.execute(_RECORDS).fetchone()
    return Kept(
        kind="records",
        days=days,
        count=count,
        oldest=None if oldest is None else from_micros(oldest),
        over=int(connection.value(_OLD_RECORDS, (_limit(now, days),))),
    )


def _sums(connection: Connection, now: datetime, days: int) -> Kept:
    count, oldest = connection.execute(_HOURS).fetchone()
    return Kept(
        kind="sums",
        days=days,
        count=count,
        oldest=None if oldest is None else from_micros(oldest * HOUR_US),
        over=int(connection.value(_OLD_HOURS, (_limit(now, days) // HOUR_US,))),
    )


def _acts(connection: Connection, now: datetime, days: int, holds: dict[str, LegalHold]) -> Kept:
    count, oldest = connection.execute(_ACTS).fetchone()
    limit = _limit(now, days)
    goes = sum(1 for _ in over(connection, limit, holds)) if days else 0
    return Kept(
        kind="reviews",
        days=days,
        count=count,
        oldest=None if oldest is None else from_micros(oldest),
        over=goes,
        stays=int(connection.value(_OLD_ACTS, (limit,))) - goes,
    )
