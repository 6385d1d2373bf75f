"""Of short connections it is told what is known, and of nobody's own what is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.exchange import Connection
from proxy.short_connections import ShortConnections

_AT = datetime(2026, 11, 26, tzinfo=UTC)


def _one(port: int = 5432, **changed: Any) -> Connection:
    values: dict[str, Any] = {
        "id": "d",
        "client_host": "10.0.0.1",
        "client_port": 40_000,
        "gate_host": "10.0.0.7",
        "gate_port": port,
        "at": _AT,
    }
    return Connection(**{**values, **changed})


class _Clock:
    now = 100.0


def _short(clock: _Clock | None = None) -> ShortConnections:
    clock = clock or _Clock()
    return ShortConnections(lambda: _AT + timedelta(seconds=clock.now))


@pytest.mark.parametrize(
    ("ended", "place"),
    [
        (_one(), "10.0.0.7 port 5432"),
        (_one(gate_host="2001:db8::7"), "2001:db8::7 port 5432"),
        (_one(answered=False), "10.0.0.7 port 5432, not answered"),
        (_one(port=0, client_host="0.0.0.0", answered=False), "10.0.0.7, not answered"),
        (_one(port=0, gate_host="", transport="udp"), "datagrams (UDP) to nobody knows where"),
    ],
)
def test_what_ended_unseen_is_told_with_what_is_known(ended: Connection, place: str) -> None:
    """Each kind is told by its place, as often as it came, from the moment that is asked for."""
    clock = _Clock()
    short = _short(clock)
    short.ended([ended])
    clock.now += 10
    short.ended([ended, ended])

    assert short.since(_AT) == [(place, 3)]
    assert short.since(_AT + timedelta(seconds=105)) == [(place, 2)]
    assert short.since(_AT + timedelta(seconds=111)) == []


@pytest.mark.parametrize(
    ("seen", "ended"),
    [
        (_one(), _one()),
        (_one(client_host="::ffff:10.0.0.1", gate_host="::ffff:10.0.0.7"), _one()),
        (_one(answered=False), _one(port=0, client_host="0.0.0.0", answered=False)),
    ],
)
def test_what_was_asked_about_is_none_of_them(seen: Connection, ended: Connection) -> None:
    """A connection that stood in the table is told by its own record, and not a second time."""
    short = _short()
    short.seen(seen)
    short.ended([ended])

    assert short.since(_AT) == []


def test_another_connection_is_not_taken_for_one_that_was_seen() -> None:
    """One more from the same port, or to the same place, is told."""
    short = _short()
    short.seen(_one())
    short.ended([_one(client_port=40_001), _one(port=5433)])

    assert short.since(_AT) == [("10.0.0.7 port 5432", 1), ("10.0.0.7 port 5433", 1)]


def test_what_the_kernel_could_not_tell_is_not_told_as_nothing() -> None:
    """Where some were lost, nobody says that there was none."""
    short = _short()
    short.ended(None)

    assert short.since(_AT) is None


def test_memory_of_them_is_bounded() -> None:
    """However many there are, the gate does not grow with them."""
    short = _short()
    for number in range(20_000):
        short.seen(_one(client_port=number))
        short.found(_one(client_port=number))

    assert max(len(short._seen), len(short._found)) <= 8192
