"""A PostgreSQL of one's own goes with whoever started it, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub.own_postgres import OwnPostgres, ended_in_order

_STARTS = """
import sys, signal
from pathlib import Path
from hub.own_postgres import own_postgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background nobody hears of it
with own_postgres(Path(sys.argv[1]), durable=False) as server:
    print(server.pid, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_server_ends_with_whoever_is_told_to_end(postgres: OwnPostgres, number: int) -> None:
    """As a command is that runs into its time-out, or whose terminal is closed."""
    root = Path(__file__).parents[2]
    with TemporaryDirectory(prefix="og-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # it runs as another user where we are root
        command = [sys.executable, "-c", _STARTS, f"{folder}/pg"]
        _told_to_end(command, root, number)


def _told_to_end(command: list[str], root: Path, number: int) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as started:
        assert started.stdout is not None
        server = int(started.stdout.readline())
        os.kill(server, 0)
        started.send_signal(number)
        assert started.wait(120) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_signals_are_what_they_were_afterwards() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ended_in_order():
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
