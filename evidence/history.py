"""What policy may ask of the past: when a script was first seen, whether its hash was approved, how
much it has sent.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.situation import ScriptHistory, Volume
from core.text import printable
from evidence.rollup import Rollup
from evidence.store import Store
from evidence.times import BUCKET_US, from_micros, micros

HOUR = 3600 * 1_000_000 // BUCKET_US
DAY = 24 * HOUR
_COLUMNS = 5
"""Of the traffic in a bucket: exchanges, bytes, tokens, cost, and those that may have sent more."""
_MOST_REMEMBERED = 4096
_FRESH_S = 60.0
_APPROVALS_FRESH_S = 1.0


@dataclass(slots=True)
class _Sums:
    """Traffic of one script to one destination, in buckets of five minutes, as of one entry of the
    chain.
    """

    seq: int
    read_at: float
    buckets: dict[int, list[int]] = field(default_factory=dict)
    _at: int | None = None
    """The bucket up to which `_hour` and `_day` are added up; None where they are not."""
    _hour: list[int] = field(default_factory=list)
    _day: list[int] = field(default_factory=list)

    def add(self, bucket: int, values: Sequence[int]) -> None:
        """Add what was sent in one bucket."""
        known = self.buckets.get(bucket)
        self.buckets[bucket] = list(values) if known is None else _added(known, values)
        if self._at is not None and bucket >= self._at - HOUR:
            self._hour = _added(self._hour, values)
        if self._at is not None and bucket >= self._at - DAY:
            self._day = _added(self._day, values)

    def up_to(self, bucket: int) -> tuple[Sequence[int], Sequence[int]]:
        """Return the sums of the last hour and of the last day. A day has 288 buckets, and each
        request asks: they are added up once for each bucket that is asked for.
        """
        if bucket != self._at:
            self._at = bucket
            self._hour, self._day = self._since(bucket - HOUR), self._since(bucket - DAY)
        return self._hour, self._day

    def _since(self, first: int) -> list[int]:
        rows = [values for when, values in self.buckets.items() if when >= first]
        return [sum(column) for column in zip(*rows, strict=True)] or [0] * _COLUMNS


def _added(some: Sequence[int], more: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(some, more, strict=True)]


class History:
    """Answers from memory (microseconds); reads the file at first sight of a script and once a
    minute after.

    Give `observe` to the writer, so that what this gate has committed counts at once.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._sums: OrderedDict[tuple[str, str], _Sums] = OrderedDict()
        self._first: OrderedDict[str, int] = OrderedDict()
        self._decided: dict[str, dict[str, bool]] = {}
        self._approvals_at = -_APPROVALS_FRESH_S
        self._approvals_seq = 0

    def script(self, script: str, sha256: str | None) -> ScriptHistory:
        """What is known of the script at this path (or of this name) with this hash.

        Raises EvidenceError.
        """
        script = printable(script)  # as records hold it
        with self._lock:
            self._refresh_approvals()
            first = self._first_seen(script)
            decided = self._decided.get(script, {})
        approved = None if sha256 is None else decided.get(sha256)
        return ScriptHistory(
            first_seen=None if first is None else from_micros(first),
            approved=approved,
            changed_since_approval=approved is None and any(decided.values()),
        )

    def first_seen(self, script: str, sha256: str) -> datetime | None:
        """When this version of this script was first seen. Raises EvidenceError."""
        query = "SELECT first_us FROM scripts WHERE script = ? AND sha256 = ?"
        with self._store.reading() as connection:
            found = connection.value(query, (script, sha256))
        return None if found is None else from_micros(found)

    def volume(self, script: str, destination: str, now: datetime) -> Volume:
        """What the script has sent there, up to the last full five minutes more than an hour or a
        day.

        `destination` is the service's id, else the host. Only what went out counts. Raises
        EvidenceError.
        """
        bucket = micros(now) // BUCKET_US
        script = printable(script)
        with self._lock:
            hour, day = self._sums_of((script, destination), bucket).up_to(bucket)
        return Volume(
            bytes_hour=hour[1],
            bytes_day=day[1],
            tokens_day=day[2],
            cost_day_usd=day[3] / 1_000_000,
            requests_hour=hour[0],
            requests_day=day[0],
            hour_exact=not hour[4],
            day_exact=not day[4],
        )

    def observe(self, first_seq: int, new: Rollup) -> None:
        """Count what was just committed together: the sums of those entries, of which the first has
        this place in the chain.
        """
        with self._lock:
            for (script, destination, bucket), values in new.traffic.items():
                sums = self._sums.get((script, destination))
                if sums is not None and first_seq > sums.seq:
                    sums.add(bucket, values)
            for (script, _), seen in new.scripts.items():
                known_first = self._first.get(script)
                if known_first is not None:
                    self._first[script] = min(known_first, seen[0])

    def _sums_of(self, key: tuple[str, str], bucket: int) -> _Sums:
        sums = self._sums.get(key)
        if sums is None or self._clock() - sums.read_at > _FRESH_S:
            sums = self._sums[key] = self._read(key, bucket)
            if len(self._sums) > _MOST_REMEMBERED:
                self._sums.popitem(last=False)
        self._sums.move_to_end(key)
        return sums

    def _read(self, key: tuple[str, str], bucket: int) -> _Sums:
        query = """SELECT bucket, exchanges, bytes, tokens, cost_micro_usd, least FROM traffic
            WHERE script = ? AND destination = ? AND bucket >= ?"""
        with self._store.reading() as connection:
            # One read transaction: the sums and the entry up to which they count belong together.
            connection.execute("BEGIN")
            seq = int(connection.value("SELECT coalesce(max(seq), 0) FROM entries"))
            rows = list(connection.execute(query, (*key, bucket - DAY)))
            connection.execute("COMMIT")
        return _Sums(seq, self._clock(), {row[0]: list(row[1:]) for row in rows})

    def _first_seen(self, script: str) -> int | None:
        if (known := self._first.get(script)) is not None:
            return known
        with self._store.reading() as connection:
            query = "SELECT min(first_us) FROM scripts WHERE script = ?"
            found = connection.value(query, (script,))
        if found is None:
            return None
        self._first[script] = int(found)
        if len(self._first) > _MOST_REMEMBERED:
            self._first.popitem(last=False)
        return int(found)

    def _refresh_approvals(self) -> None:
        now = self._clock()
        if now - self._approvals_at < _APPROVALS_FRESH_S:
            return
        query = """SELECT seq, script, script_sha256, action FROM review_entries
            WHERE seq > ? AND action IN ('approve_script', 'withdraw_script') ORDER BY seq"""
        with self._store.reading() as connection:
            rows = list(connection.execute(query, (self._approvals_seq,)))
        for seq, script, sha256, action in rows:
            self._approvals_seq = seq
            if sha256 is not None:
                self._decided.setdefault(script, {})[sha256] = action == "approve_script"
        self._approvals_at = now
