"""The connection table: which HTTPS connections this user's other processes have open."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from attribution.direct import ConnectionTable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the table of this kernel")

_CLIENT = "import socket,sys; s=socket.create_connection(('127.0.0.1',int(sys.argv[1]))); print('up',flush=True); sys.stdin.read()"


def row(remote: str, *, state: str = "01", uid: int | None = None, inode: int = 999_999_999) -> str:
    owner = os.getuid() if uid is None else uid
    return f"   0: 0100007F:1F90 {remote} {state} 00000000:00000000 00:00000000 00000000 {owner} 0 {inode} 1 0000 20 4 30 10 -1"


def table(tmp_path: Path, *rows: str, six: str = "") -> list[str]:
    (tmp_path / "tcp").write_text("\n".join(["header", *rows]))
    (tmp_path / "tcp6").write_text(f"header\n{six}")
    return [f"{c.gate_host}:{c.gate_port}" for c in ConnectionTable(tmp_path).established()]


def test_open_connections_to_https_servers_are_listed(tmp_path: Path) -> None:
    """Addresses of both families are read as people write them."""
    assert table(tmp_path, row("057100CB:01BB")) == ["203.0.113.5:443"]
    assert table(tmp_path, six=row("B80D0120000000000000000001000000:01BB")) == ["2001:db8::1:443"]


@pytest.mark.parametrize(
    "other",
    [row("057100CB:0050"), row("057100CB:01BB", state="06"), row("057100CB:01BB", uid=os.getuid() + 1), "", "garbage"],
)
def test_nothing_else_is(tmp_path: Path, other: str) -> None:
    """Other ports, closing connections, other users and broken lines are left out."""
    assert table(tmp_path, other) == []


def test_a_missing_table_is_an_empty_one(tmp_path: Path) -> None:
    """Where there is no table, nothing is listed and nothing breaks."""
    assert ConnectionTable(tmp_path / "none").established() == []


def test_a_real_connection_of_another_process_is_seen_and_our_own_is_not() -> None:
    """The kernel's own table lists another process's connection; those of the gate itself are left out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as client:
            assert client.stdin is not None and client.stdout is not None
            client.stdout.readline()
            with socket.create_connection(("127.0.0.1", port)) as own:
                found = {c.client_port for c in ConnectionTable(port=port).established()}
                assert own.getsockname()[1] not in found
                assert len(found) == 1
            client.stdin.close()
