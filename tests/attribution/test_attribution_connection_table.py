"""The connection table: which HTTPS connections this user's other processes have open."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.leftovers import RUN_VARIABLE
from attribution.agreement import TEXT_ALONE
from attribution.backends.psutil_table import PsutilBackend
from attribution.connection_table import ConnectionTable
from attribution.factory import build
from attribution.facts import peer_of
from core.attribution import Certainty

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the table of this kernel")


def row(
    remote: str,
    *,
    state: str = "01",
    uid: int | None = None,
    inode: int = 999_999_999,
    local: str = "0100007F:1F90",
) -> str:
    owner = os.getuid() if uid is None else uid
    return (
        f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {owner} 0 {inode} 1"
        " 0000 20 4 30 10 -1"
    )


def table(tmp_path: Path, *rows: str, six: str = "", udp: str = "", udp6: str = "") -> list[str]:
    (tmp_path / "tcp").write_text("\n".join(["header", *rows]))
    (tmp_path / "tcp6").write_text(f"header\n{six}")
    (tmp_path / "udp").write_text(f"header\n{udp}")
    (tmp_path / "udp6").write_text(f"header\n{udp6}")
    return [f"{c.gate_host}:{c.gate_port}" for c in ConnectionTable(tmp_path).established()]


def test_open_connections_to_other_machines_are_listed(tmp_path: Path) -> None:
    """Whatever the port: a database and a mail server are as far away as a web server. Addresses of
    both families are read as people write them.
    """
    assert table(tmp_path, row("057100CB:1538")) == ["203.0.113.5:5432"]
    assert table(tmp_path, row("057100CB:01BB")) == ["203.0.113.5:443"]
    assert table(tmp_path, six=row("B80D0120000000000000000001000000:01BB")) == ["2001:db8::1:443"]


@pytest.mark.parametrize(
    "other",
    [
        row("0100007F:1538"),
        row("057100CB:01BB", state="06"),
        "",
        "garbage",
    ],
)
def test_nothing_else_is(tmp_path: Path, other: str) -> None:
    """Connections of this machine to itself, closing ones and broken lines are left out."""
    assert table(tmp_path, other) == []


@pytest.mark.parametrize(
    ("gate_of", "sees"), [(1000, ["of 1000"]), (1001, ["of 1001"]), (0, ["of 1000", "of 1001"])]
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_users_gate_sees_the_users_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
    gate_of: int,
    sees: list[str],
) -> None:
    """The gate of one of several users of a machine looks after that one; root's after all."""
    monkeypatch.setattr("os.getuid", lambda: gate_of)
    rows = [row("057100CB:01BB", uid=1000), row("067100CB:01BB", uid=1001)]
    listed = table(tmp_path, *rows) if transport == "tcp" else table(tmp_path, udp="\n".join(rows))
    names = {"203.0.113.5:443": "of 1000", "203.0.113.6:443": "of 1001"}
    assert [names[address] for address in listed] == sees


def test_a_machines_gate_sees_everybodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate of all users of a machine, which runs as nobody of them, looks after all."""
    monkeypatch.setattr("os.getuid", lambda: 999)
    rows = [row("057100CB:01BB", uid=1000), row("067100CB:01BB", uid=1001)]
    (tmp_path / "tcp").write_text("\n".join(["header", *rows]))

    assert ConnectionTable(tmp_path).established() == []
    assert len(ConnectionTable(tmp_path, everybody=True).established()) == 2


def test_a_program_of_a_run_is_known_by_its_environment() -> None:
    """What `outgate run` started, and what that started, carries its mark; nobody else does."""
    sleeps = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    marks = {"OUTGATE_RUN": ("417-ab", 417), "NO_OUTGATE_RUN": ("1", None)}
    for mark, wanted in (({name: text}, run) for name, (text, run) in marks.items()):
        with subprocess.Popen(
            sleeps, env=mark, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            assert ConnectionTable().run_of(process.pid) == wanted
            process.communicate()
    assert RUN_VARIABLE == "OUTGATE_RUN"


ANY, ANY6 = "00000000:0000", "00000000000000000000000000000000:0000"


def test_http3_shows_as_datagrams_to_the_https_port(tmp_path: Path) -> None:
    """A UDP socket that is connected to a server's HTTPS port is listed with where it goes."""
    assert table(tmp_path, udp=row("057100CB:01BB")) == ["203.0.113.5:443"]
    assert table(tmp_path, udp6=row("B80D0120000000000000000001000000:01BB")) == ["2001:db8::1:443"]


def test_other_datagrams_are_listed_with_their_port(tmp_path: Path) -> None:
    """Logs, measurements and the time go by UDP, too."""
    assert table(tmp_path, udp=row("057100CB:0202")) == ["203.0.113.5:514"]
    assert table(tmp_path, udp=row("057100CB:1FBD")) == ["203.0.113.5:8125"]


def test_what_asks_for_a_connection_is_listed_as_such(tmp_path: Path) -> None:
    """Who is not answered is seen before anything was sent."""
    (tmp_path / "tcp").write_text("\n".join(["header", row("057100CB:1538", state="02")]))
    [asked] = ConnectionTable(tmp_path).established()

    assert (asked.gate_host, asked.gate_port, asked.answered) == ("203.0.113.5", 5432, False)


def test_a_socket_without_a_far_side_is_listed_as_such(tmp_path: Path) -> None:
    """A UDP socket with a port that the system gave out may send anywhere: it is listed without a
    destination.
    """
    assert table(tmp_path, udp=row(ANY, state="07", local="00000000:C350")) == [":0"]
    assert table(tmp_path, udp6=row(ANY6, state="07", local=ANY6[:-4] + "C350")) == [":0"]


@pytest.mark.parametrize(
    "other",
    [
        row("0100007F:0035", local="0100007F:C350"),  # a name look-up
        row(ANY, state="07", local="00000000:0035"),  # a name server
        row(ANY, state="07", local="00000000:14E9"),  # mDNS
        row(ANY, state="07", local="00000000:01BB"),  # an HTTP/3 server
        row(ANY, state="07", local="0100007F:C350"),  # bound to this machine
        row(ANY, state="07", local="00000000:C350", inode=0),
        row("057100CB:0035"),  # a name look-up elsewhere
        "garbage",
    ],
)
def test_no_other_datagram_socket_is(tmp_path: Path, other: str) -> None:
    """Name look-ups, servers, sockets of this machine only and those of other users are no HTTP/3
    client.
    """
    assert table(tmp_path, udp=other) == []


_DATAGRAMS = """
import socket, sys
if sys.argv[2:]:
    import aioquic._buffer
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('127.0.0.1', int(sys.argv[1]))) if sys.argv[1] != '0' else s.bind(('0.0.0.0', 0))
print(s.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sending() -> Iterator[Callable[..., tuple[int, int]]]:
    """Start a real process with a UDP socket; return its pid and its port."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> tuple[int, int]:
        command = [sys.executable, "-c", _DATAGRAMS, *arguments]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(client)
        assert client.stdout is not None
        return client.pid, int(client.stdout.readline())

    yield start
    for client in started:
        with client:
            client.kill()


def test_a_real_process_that_sends_datagrams_is_seen_and_named(sending: Any) -> None:
    """The kernel's own table lists another process's UDP socket, and the attributor names the
    process that holds it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        pid, own_port = sending(str(port))
        [seen] = [c for c in ConnectionTable().established() if c.gate_port == port]
        assert (seen.transport, seen.client_port, seen.gate_port) == ("udp", own_port, port)
        attributor = build()
        found = attributor.attribute(seen)
        attributor.close()

    assert (found.certainty, found.reason) == (Certainty.LIKELY, TEXT_ALONE)
    assert found.process is not None
    assert found.process.pid == pid
    assert found.is_python


@pytest.mark.parametrize(("library", "speaks"), [(("quic",), True), ((), False)])
def test_a_real_process_without_a_far_side_is_told_by_its_libraries(
    sending: Any, library: Any, speaks: bool
) -> None:
    """Where a socket shows no destination, only a program that has loaded a library for HTTP/3 is
    worth a case.
    """
    pid, own_port = sending("0", *library)
    connections = ConnectionTable()
    [seen] = [
        c for c in connections.established() if c.transport == "udp" and c.client_port == own_port
    ]

    assert (seen.gate_host, seen.gate_port) == ("", 0)
    assert connections.speaks_quic(pid) is speaks
    assert not connections.speaks_quic(2**22 + 1)


def test_other_systems_tables_are_read_alike(monkeypatch: pytest.MonkeyPatch, sending: Any) -> None:
    """Where there is no kernel table to read, the portable one lists the same sockets and names the
    same process.
    """
    monkeypatch.setattr("attribution.connection_table.sys.platform", "darwin")
    pid, own_port = sending("0", "quic")
    connections = ConnectionTable()
    [seen] = [
        c for c in connections.established() if c.transport == "udp" and c.client_port == own_port
    ]
    owner = PsutilBackend().search(peer_of(seen), seen.at.timestamp())

    assert owner.pids == (pid,)
    assert connections.speaks_quic(pid)


def test_a_missing_table_is_an_empty_one(tmp_path: Path) -> None:
    """Where there is no table, nothing is listed and nothing breaks."""
    assert ConnectionTable(tmp_path / "none").established() == []


def test_what_was_connected_to_this_machine_is_not_listed(tmp_path: Path) -> None:
    """A server's side of a connection sends to whoever asked; it was not opened here."""
    server = row(ANY, state="0A", local="00000000:1F90")
    taken = row("057100CB:C350", local="027100CB:1F90")
    assert table(tmp_path, server, taken) == []
    assert table(tmp_path, taken) == ["203.0.113.5:50000"]


_TWO_ADDRESSES = """
ip link set lo up && ip addr add 10.77.0.1/24 dev lo && ip addr add 10.77.0.2/24 dev lo \\
  && ip addr add fd77::1/64 dev lo nodad && ip addr add fd77::2/64 dev lo nodad \\
  && exec "$0" -c "$1" "$2"
"""
"""A network namespace of our own, with an address that stands for another machine's."""
_AMONG_OTHERS = """
import os, socket, subprocess, sys
from attribution.connection_table import ConnectionTable
client = "import socket,sys; s=socket.create_connection((sys.argv[2],int(sys.argv[3])),"
client += "source_address=(sys.argv[1],0)); print(s.getsockname()[1],flush=True); sys.stdin.read()"
def begin(near, far, port):
    process = subprocess.Popen([sys.executable, "-c", client, near, far, str(port)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return int(process.stdout.readline())
serves = "import socket,sys; kept=[socket.create_server((host,0),family=socket.AF_INET6 if ':' in "
serves += "host else socket.AF_INET) for host in sys.argv[1:]]; "
serves += "print(*[one.getsockname()[1] for one in kept],flush=True); sys.stdin.read()"
servers = subprocess.Popen(
    [sys.executable, "-c", serves, "10.77.0.2", "fd77::2", "127.0.0.1"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
port4, port6, near_port = map(int, servers.stdout.readline().split())
gate = socket.create_server(("10.77.0.2", 0))
begin("10.77.0.1", "10.77.0.2", gate.getsockname()[1])
taken, _ = gate.accept()
begin("10.77.0.1", "10.77.0.2", gate.getsockname()[1])
wanted = {begin("10.77.0.1", "10.77.0.2", port4), begin("fd77::1", "fd77::2", port6)}
begin("127.0.0.1", "127.0.0.1", near_port)
own = socket.create_connection(("10.77.0.2", port4), source_address=("10.77.0.1", 0))
found = ConnectionTable().established()
from attribution.backends import tcp_table
def refused():
    raise tcp_table.DiagRefused("too old a kernel")
tcp_table.request_open = refused
again = ConnectionTable().established()
assert {c.id for c in found} == {c.id for c in again}, again
assert {c.client_port for c in found} == wanted, found
assert {c.gate_host for c in found} == {"10.77.0.2", "fd77::2"}, found
print("right")
"""


def test_real_connections_of_other_processes_are_seen_and_our_own_are_not() -> None:
    """The kernel's own table lists what other processes opened to other machines, of both families
    and at any port; not what stays here, not the gate's own, and not what is connected to the
    gate, whether it has taken it yet or not.
    """
    allowed = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip("network namespaces cannot be made here")
    command = ["unshare", "-n", "sh", "-c", _TWO_ADDRESSES, sys.executable, _AMONG_OTHERS, "-"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stdout.strip() == "right", done.stderr
