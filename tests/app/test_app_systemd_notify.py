"""What systemd hears of a gate."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from app.systemd_notify import keep_alive, notify, watchdog_s

pytestmark = pytest.mark.skipif(os.name != "posix", reason="systemd is Linux's")


@pytest.mark.parametrize("abstract", [False, True])
def test_readiness_is_told_where_somebody_listens(tmp_path: Path, abstract: bool) -> None:
    """By a path or an abstract name, as systemd gives it."""
    name = f"\0outgate-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(name)
        assert notify("READY=1", {"NOTIFY_SOCKET": name.replace("\0", "@")})
        assert end.recv(100) == b"READY=1"


@pytest.mark.parametrize("place", ["", "relative", "/nowhere/notify", "vsock:2:1"])
def test_nobody_listening_is_no_fault(place: str) -> None:
    """Without systemd a gate serves all the same."""
    assert not notify("READY=1", {"NOTIFY_SOCKET": place})
    assert not notify("READY=1", {})


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getpid())}, 0.001),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdogs_time_is_read(told: dict[str, str], seconds: float | None) -> None:
    """Only what systemd means for this process counts."""
    assert watchdog_s(told) == seconds


@pytest.mark.parametrize("well", [True, False])
async def test_a_gate_that_is_unwell_does_not_say_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, well: bool
) -> None:
    """Systemd starts again what hangs or is not well."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.setblocking(False)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await keep_alive(lambda: well, 0.01)
        try:
            told = end.recv(100)
        except BlockingIOError:
            told = b""
    assert told == (b"WATCHDOG=1" if well else b"")
