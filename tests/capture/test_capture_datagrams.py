"""What is seen of datagrams that a sealed program sends: whence, where to, and no more."""

import socket
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.datagrams import Datagram, read

FOUR = struct.pack(
    "!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 17, 0, bytes([127, 0, 0, 1]), b"\xc6\x33\x64\x09"
)
SIX = struct.pack("!IHBB", 6 << 28, 20, 17, 64) + socket.inet_pton(socket.AF_INET6, "::1")
SIX += socket.inet_pton(socket.AF_INET6, "2001:db8::9")
ENDS = struct.pack("!HHHH", 4000, 443, 20, 0)


NOPS = bytes([1, 1, 1, 1])
OPTIONED = FOUR.replace(b"\x45", b"\x46") + NOPS
"""With options: what stands at the usual place of the ports are these."""
WORD_OPTIONED = OPTIONED.replace(b"\x40\x11", b"\x40\x01") + bytes([3, 3, 0, 0, 0, 0, 0, 0])


def unreachable(inner: bytes, protocol: int) -> bytes:
    """The kernel's word that nobody takes a datagram."""
    outer = bytearray(inner[: 20 if inner[0] >> 4 == 4 else 40])
    outer[9 if inner[0] >> 4 == 4 else 6] = protocol
    if inner[0] >> 4 == 4:
        outer[0] = 0x45
    return bytes(outer) + bytes([3, 3, 0, 0, 0, 0, 0, 0]) + inner


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (FOUR + ENDS + b"secret", Datagram(near=("127.0.0.1", 4000), far=("198.51.100.9", 443))),
        (SIX + ENDS, Datagram(near=("::1", 4000), far=("2001:db8::9", 443))),
        (
            unreachable(FOUR + ENDS, 1),
            Datagram(near=("127.0.0.1", 4000), far=("198.51.100.9", 443)),
        ),
        (unreachable(SIX + ENDS, 58), Datagram(near=("::1", 4000), far=("2001:db8::9", 443))),
        (unreachable(FOUR.replace(b"\x40\x11", b"\x40\x06") + ENDS, 1), None),
        (OPTIONED + ENDS, Datagram(near=("127.0.0.1", 4000), far=("198.51.100.9", 443))),
        (
            unreachable(OPTIONED + ENDS, 1),
            Datagram(near=("127.0.0.1", 4000), far=("198.51.100.9", 443)),
        ),
        (
            WORD_OPTIONED + FOUR + ENDS,
            Datagram(near=("127.0.0.1", 4000), far=("198.51.100.9", 443)),
        ),
        (FOUR.replace(b"\x40\x11", b"\x40\x06") + ENDS, None),
        (FOUR.replace(b"\x45", b"\x44") + ENDS, None),
        (FOUR, None),
        (b"", None),
    ],
)
def test_both_ends_are_read(packet: bytes, expected: Datagram | None) -> None:
    """Of a datagram, and of one that the kernel says nobody took; of nothing else."""
    assert read(packet) == expected


@given(st.binary(max_size=160))
def test_nothing_that_somebody_hands_in_does_harm(packet: bytes) -> None:
    """The socket comes from the program's user: what it says may be anything."""
    read(packet)
    for whole in (FOUR + ENDS, SIX + ENDS):
        read(whole[: len(packet)] + packet)


WATCHED = """
import socket, sys
from capture import datagrams, netlink, network
home = netlink.own_addresses()
network.enter_new_namespaces()
network.make(home)
with network.sockets() as found:
    seen = found[network.ROLES.index("datagrams")]
    def send(family, place, bound=None):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            if bound is not None:
                s.bind(bound)
            s.sendto(b"x" * 40, place)
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 7000))
    for family, place in (
        (socket.AF_INET, ("198.51.100.9", 443)),
        (socket.AF_INET6, ("2001:db8:1::9", 443)),
        (socket.AF_INET, ("127.0.0.1", 8125)),
        (socket.AF_INET6, ("::1", 8125)),
        (socket.AF_INET, ("127.0.0.1", 7000)),
        (socket.AF_INET, ("9.9.9.9", 53)),
        (socket.AF_INET, ("198.51.100.9", 53)),
    ):
        send(family, place)
    for place in (("198.51.100.9", 444), ("127.0.0.1", 8126)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([1, 1, 1, 1]))
            s.sendto(b"x" * 40, place)
    with socket.create_connection(("198.51.100.9", 443), 5) as s:
        s.sendall(b"TCP")
    while True:
        try:
            one = datagrams.read(seen.recv(999, socket.MSG_DONTWAIT))
        except BlockingIOError:
            break
        print(*one.far)
    for _ in range(3000):
        send(socket.AF_INET, ("198.51.100.9", 9))
    print(0 < datagrams.missed(seen) < 3000, datagrams.missed(seen))
"""


def test_the_kernel_tells_of_what_goes_nowhere_and_of_nothing_else(scratch: str) -> None:
    """Datagrams to places outside, and to servers of this machine's loopback that are not inside;
    not those of the program's own servers, no questions for names and no connections. Of a flood
    it is counted how much was missed.
    """
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, cwd=scratch, check=False
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("no namespaces can be made here")
    assert done.stdout.split("\n")[:-1] == [
        "198.51.100.9 443",
        "2001:db8:1::9 443",
        "127.0.0.1 8125",
        "::1 8125",
        "198.51.100.9 444",
        "127.0.0.1 8126",
        "True 0",
    ], done.stderr


@pytest.fixture
def scratch() -> str:
    from pathlib import Path

    return str(Path(__file__).resolve().parents[2])
