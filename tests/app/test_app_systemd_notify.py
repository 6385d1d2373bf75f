"""What systemd hears of a gate."""

import asyncio
import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from app.systemd_notify import keep_alive, notify, starting, watchdog_s

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
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "this"}, 0.001),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdogs_time_is_read(told: dict[str, str], seconds: float | None) -> None:
    """Only what systemd means for this process counts."""
    own = str(os.getpid())
    assert watchdog_s({name: own if of == "this" else of for name, of in told.items()}) == seconds


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


def test_systemd_waits_as_long_as_a_start_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again and again, and no more once all is there."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        with starting(every_s=0.001):
            asked = [end.recv(100) for _ in range(3)]
        assert asked == [b"EXTEND_TIMEOUT_USEC=3000"] * 3
        end.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while end.recv(100):
                pass
        notify("READY=1")
        assert end.recv(100) == b"READY=1"


def test_a_start_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Systemd is asked so many times, and then ends it."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        with starting(every_s=0.001, most=2):
            asked = [end.recv(100) for _ in range(2)]
            for one in threading.enumerate():
                if one.name == "starting":
                    one.join()
        end.setblocking(False)
        assert len(asked) == 2
        with pytest.raises(BlockingIOError):
            end.recv(100)


def test_without_systemd_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with starting():
        pass
