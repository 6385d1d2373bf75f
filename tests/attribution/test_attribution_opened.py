"""The kernel's counters: they change when a connection is opened or a datagram sent, else not."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attribution.backends.opened import Came, Opened

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the counters of this kernel")
_GENERAL = (
    "Ip: Forwarding OutDatagrams\nIp: 2 {other}\n"
    "Tcp: RtoAlgorithm ActiveOpens InSegs\nTcp: 1 {tcp} {other}\n"
    "Udp: InDatagrams OutDatagrams\nUdp: {other} {udp}\n"
    "UdpLite: InDatagrams OutDatagrams\nUdpLite: {other} {other}\n"
)


def _counted(folder: Path, *, tcp: int = 0, udp: int = 0, six: int = 0, other: int = 0) -> None:
    (folder / "snmp").write_text(_GENERAL.format(tcp=tcp, udp=udp, other=other))
    (folder / "snmp6").write_text(
        f"Ip6OutRequests    \t{other}\nUdp6OutDatagrams \t{six}\nUdpLite6OutDatagrams\t{other}\n"
    )


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ({"tcp": 1}, True),
        ({"udp": 1}, True),
        ({"six": 1}, True),
        ({"other": 1}, False),
        ({}, False),
    ],
)
def test_only_what_is_opened_or_sent_counts(
    tmp_path: Path, later: dict[str, int], changed: bool
) -> None:
    """Bytes on open connections, and what is received, are no reason to look again."""
    _counted(tmp_path)
    opened = Opened(tmp_path)
    assert opened.changed()  # nothing is known before the first time
    assert not opened.changed()
    _counted(tmp_path, **later)
    assert opened.changed() is changed
    assert not opened.changed()


@pytest.mark.parametrize("text", ["", "Tcp: ActiveOpens\n", "Tcp: A B\nTcp: 1\nUdp: x\nUdp: 1\n"])
def test_counters_that_cannot_be_read_always_have_changed(tmp_path: Path, text: str) -> None:
    """Not to know is no reason not to look."""
    opened = Opened(tmp_path)
    (tmp_path / "snmp").write_text(text)
    assert [opened.changed() for _ in range(3)] == [True] * 3


def _came(folder: Path, *, numbers: str = "1 2 3", four: int = 4, six: int = 0) -> int | None:
    """Return what a count says first, and then with these numbers."""
    words = "ActiveOpens PassiveOpens CurrEstab InSegs"
    made = Came(folder)
    for told, v4, v6, other in (("1 2 3", 4, 0, 7), (numbers, four, six, 8)):
        (folder / "snmp").write_text(f"Ip: X\nIp: 1\nTcp: {words}\nTcp: {told} {other}\n")
        (folder / "sockstat").write_text(
            f"sockets: used {other}\nTCP: inuse {v4} orphan {other} tw {other}\nUDP: inuse {other}\n"
        )
        (folder / "sockstat6").write_text(f"TCP6: inuse {v6}\nUDP6: inuse {other}\n")
        before = made.times()
    return None if before is None else before - 1


@pytest.mark.parametrize(
    ("later", "came"),
    [
        ({}, 0),
        ({"numbers": "2 2 3"}, 1),
        ({"numbers": "1 3 3"}, 1),
        ({"numbers": "1 2 2"}, 1),
        ({"four": 5}, 1),
        ({"six": 1}, 1),
        ({"numbers": ""}, None),
    ],
)
def test_sockets_that_come_or_go_are_counted(
    tmp_path: Path, later: dict[str, Any], came: int | None
) -> None:
    """What is sent on them, and what is not TCP, is no reason to list them again; not to know is
    one.
    """
    assert _came(tmp_path, **later) == came


_ALONE = """
import socket
from attribution.backends.opened import Came, Opened
opened, seen = Opened(), []
opened.changed()
server = socket.create_server(("127.0.0.1", 0))
six = socket.create_server(("::1", 0), family=socket.AF_INET6)
seen.append(opened.changed())
client = socket.create_connection(server.getsockname())
seen.append(opened.changed())
client.send(b"data"), server.accept()[0].recv(9)
seen.append(opened.changed())
socket.create_connection(six.getsockname()[:2])
seen.append(opened.changed())
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 9))
    seen.append(opened.changed())
try:
    socket.create_connection(("127.0.0.1", 9))
except OSError:
    seen.append(opened.changed())
print(seen)
"""


def test_this_kernel_counts_so() -> None:
    """In a network in which nothing else happens: what listens and what is sent on an open
    connection counts nothing; each connection and each datagram does, of both families, and one
    that is refused as well.
    """
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    inside = 'ip link set lo up && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", inside, sys.executable, _ALONE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "[False, True, False, True, True, True, True]", done.stderr
