"""What a test says is there, and fails when it is not."""

from collections.abc import Iterable

from core.review import ReviewEvent
from core.stored import UnreadableEntry


def there[T](value: T | None) -> T:
    """Return the value; it is not None."""
    assert value is not None
    return value


def readable(events: Iterable[ReviewEvent | UnreadableEntry]) -> list[ReviewEvent]:
    """Return the events; each of them can be read."""
    told = list(events)
    found = [event for event in told if isinstance(event, ReviewEvent)]
    assert len(found) == len(told)
    return found
