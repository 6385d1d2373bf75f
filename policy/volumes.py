"""How much a script would have sent somewhere, added up as a gate does: in buckets of 5 minutes."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from core.record import Record
from core.situation import Volume

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUCKET = timedelta(minutes=5)
_HOUR, _DAY = timedelta(hours=1) // _BUCKET, timedelta(days=1) // _BUCKET

type _Key = tuple[str, str]


class Volumes:
    """What went out, by script and destination. Records come in the order of time."""

    def __init__(self) -> None:
        self._sums: defaultdict[_Key, dict[int, list[float]]] = defaultdict(dict)

    def before(self, record: Record) -> Volume:
        """Return what this record's script had sent to its destination before."""
        key = _key(record)
        if key is None:
            return Volume()
        buckets, now = self._sums[key], _bucket(record.at)
        for when in [when for when in buckets if when < now - _DAY]:
            del buckets[when]
        return Volume(
            bytes_hour=int(
                sum(values[0] for when, values in buckets.items() if when >= now - _HOUR)
            ),
            bytes_day=int(sum(values[0] for values in buckets.values())),
            tokens_day=int(sum(values[1] for values in buckets.values())),
            cost_day_usd=sum(values[2] for values in buckets.values()) / 1_000_000,
            requests_hour=sum(
                int(values[3]) for when, values in buckets.items() if when >= now - _HOUR
            ),
            requests_day=int(sum(values[3] for values in buckets.values())),
            hour_exact=not any(
                values[4] for when, values in buckets.items() if when >= now - _HOUR
            ),
            day_exact=not any(values[4] for values in buckets.values()),
        )

    def add(self, record: Record, *, whole: bool = False) -> None:
        """Count a request that went out, as its record tells. `whole`: another policy would have
        let all of it out, and of one that was stopped nobody may know how much that is.
        """
        key, llm = _key(record), record.llm
        if key is None:
            return
        sums = self._sums[key].setdefault(_bucket(record.at), [0, 0, 0, 0, 0])
        sums[0] += record.request.bytes
        sums[3] += 1
        unknown = record.stopped and not record.request.complete
        sums[4] += not record.bytes_exact or (whole and (unknown or record.left_in_part))
        if llm is not None:
            sums[1] += (llm.input_tokens or 0) + (llm.output_tokens or 0)
            sums[2] += _millionths(llm.cost_usd)


def _key(record: Record) -> _Key | None:
    """Of a sender that is no script nothing is added up."""
    script, destination = record.sender.script, record.destination
    if script is None:
        return None
    return script.path or script.name, destination.service or destination.host


def _bucket(at: datetime) -> int:
    return (at - _EPOCH) // _BUCKET


def _millionths(cost: str | None) -> int:
    try:
        return 0 if cost is None else int(Decimal(cost) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        return 0
