"""Times as the file holds them: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

from core.errors import EvidenceError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BUCKET_US = 300 * 1_000_000
"""Traffic is added up by five minutes."""
HOUR_US = 3600 * 1_000_000
DAY_US = 24 * HOUR_US


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def from_micros(us: int) -> datetime:
    """Return the aware UTC time of so many microseconds since 1970. Raises EvidenceError where it
    is no number, or of a year that no calendar of ours has: only another hand wrote that.
    """
    try:
        return EPOCH + timedelta(0, 0, us)
    except (OverflowError, TypeError):
        raise EvidenceError(
            "The evidence holds a time that Outgate did not write.",
            remedy="outgate verify names what was changed.",
        ) from None
