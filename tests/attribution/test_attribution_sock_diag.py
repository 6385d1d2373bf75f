"""The codec for the kernel's socket table, byte by byte."""

import errno
import os
import socket
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.backends.sock_diag import (
    DiagRefused,
    NoSuchSocket,
    SockDiag,
    SocketEntry,
    address_bytes,
    decode,
    encode,
)

SOURCE, TARGET = ("127.0.0.1", 40000), ("127.0.0.1", 8080)


def answer(inode: int = 77, uid: int = 1000, sequence: int = 5) -> bytes:
    tail = bytes(4) + bytes(48) + struct.pack("=IIIII", 0, 0, 0, uid, inode)
    return struct.pack("=IHHII", 16 + len(tail), 20, 0, sequence, 0) + tail


def error(code: int, sequence: int = 5) -> bytes:
    return struct.pack("=IHHII", 36, 2, 0, sequence, 0) + struct.pack("=i", -code) + bytes(16)


def test_a_request_asks_for_exactly_one_socket() -> None:
    """The question names both ends, so that no other socket can be the answer."""
    request = encode(SOURCE, TARGET, 5)
    length, kind, flags, sequence, _ = struct.unpack_from("=IHHII", request)
    assert (length, kind, flags, sequence) == (len(request), 20, 1, 5)
    assert request[16:18] == b"\x02\x06"
    assert request[24:28] == struct.pack("!HH", 40000, 8080)
    assert request[28:32] == request[44:48] == bytes([127, 0, 0, 1])
    assert request[-8:] == b"\xff" * 8


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_a_socket_for_datagrams_is_found_by_the_kernel_itself() -> None:
    """Of datagrams as well the kernel names the one socket, whether it is bound to a far side or
    not.
    """
    for far in (("127.0.0.1", 53), None):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.bind(("127.0.0.1", 0))
            if far is not None:
                asked.connect(far)
            diag = SockDiag()
            found = diag.find(asked.getsockname(), ("127.0.0.1", 53), udp=True)
            diag.close()
            assert found.inode == os.fstat(asked.fileno()).st_ino


@pytest.mark.parametrize(
    ("host", "size"),
    [
        ("10.0.0.1", 4),
        ("::ffff:10.0.0.1", 4),
        ("::1", 16),
        ("fe80::1%eth0", 16),
        ("2001:db8::1", 16),
    ],
)
def test_addresses_of_every_spelling_are_understood(host: str, size: int) -> None:
    """IPv4, IPv6, scoped and v4-mapped addresses reach the kernel in its own form."""
    assert len(address_bytes(host)) == size


@pytest.mark.parametrize("host", ["", "localhost", "1.2.3", "256.1.1.1", "::g", "1.2.3.4.5"])
def test_what_is_no_address_is_refused(host: str) -> None:
    """A name is never resolved: only addresses are asked for."""
    with pytest.raises(ValueError, match=r"\S"):
        address_bytes(host)


def test_ends_of_different_families_are_refused() -> None:
    """A connection has one address family."""
    with pytest.raises(ValueError, match="families"):
        encode(("127.0.0.1", 1), ("::1", 2), 1)


def test_the_answer_gives_socket_and_user() -> None:
    """From the answer only the socket's number and its user are taken."""
    assert decode(answer(), 5) == SocketEntry(77, 1000)


def test_an_answer_to_another_question_is_no_answer() -> None:
    """A late answer to an earlier question is never taken for this one's."""
    assert decode(answer(sequence=4), 5) is None
    assert decode(error(errno.ENOENT, 4), 5) is None


def test_errors_are_told_apart() -> None:
    """No such socket is an answer; everything else is a refusal."""
    with pytest.raises(NoSuchSocket):
        decode(error(errno.ENOENT), 5)
    with pytest.raises(DiagRefused):
        decode(error(errno.EPERM), 5)


@given(st.integers(min_value=0, max_value=71))
def test_a_cut_answer_is_refused_at_every_byte(size: int) -> None:
    """Half an answer never names a process."""
    with pytest.raises(DiagRefused):
        decode(answer()[:size], 5)


@given(st.binary(max_size=200))
def test_no_bytes_from_the_kernel_can_break_the_gate(data: bytes) -> None:
    """Whatever comes back is an answer, no answer, or a refusal."""
    try:
        found = decode(data, 5)
    except (NoSuchSocket, DiagRefused):
        return
    assert found is None or isinstance(found, SocketEntry)
