"""Names that a connection says in clear: server, database, user; never a password or a query."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.names_in_clear import _READERS, names_in_clear


def startup(**fields: str) -> bytes:
    told = b"".join(f"{k}\0{v}\0".encode() for k, v in fields.items()) + b"\0"
    return struct.pack(">II", 8 + len(told), 196608) + told


SSL_REQUEST = struct.pack(">II", 8, 80877103)
GREETING = b"\x4a\0\0\0\x0a8.4.2-log\0" + bytes(60)
MYSQL = (
    b"\x60\0\0\1" + struct.pack("<IIB23x", 0x200 | 0x8 | 0x80000, 1 << 24, 33)
    + b"analyst\0" + b"\x14" + b"p" * 20 + b"ledger\0mysql_native_password\0"
)  # fmt: skip
CLICKHOUSE = b"\0\x11ClickHouse client\x18\x03\xb7\xa9\x03\x07reports\x05carol\x06secret"
BIND = b"\x30\x2a\x02\x01\x01\x60\x25\x02\x01\x03\x04\x0dcn=ada,dc=org\x80\x11geheim-geheim-123"

CASES = [
    ("postgresql", startup(user="ada", database="ledger"), b"",
     {"user": "ada", "database": "ledger"}),
    ("postgresql", SSL_REQUEST + startup(user="ada"), b"N", {"user": "ada"}),
    ("postgresql", SSL_REQUEST, b"S", {}),
    ("postgresql", SSL_REQUEST + b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"S", {}),
    ("mysql", MYSQL, GREETING,
     {"server_version": "8.4.2-log", "user": "analyst", "database": "ledger"}),
    ("mysql", b"\x20\0\0\1\x85\xae\3\0" + bytes(28), GREETING, {"server_version": "8.4.2-log"}),
    (
        "oracle",
        b"\0\x90\0\0\1\0(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=ORCL)(CID=(PROGRAM=x)(USER=ada))))",
        b"",
        {"database": "ORCL", "user": "ada"},
    ),
    ("redis", b"*3\r\n$4\r\nAUTH\r\n$3\r\nada\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n", b"",
     {"user": "ada", "database": "3"}),
    ("redis", b"*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$6\r\nsecret\r\n", b"", {"user": "bob"}),
    ("redis", b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n", b"", {}),
    ("redis", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\nsecret\r\n", b"", {}),
    ("clickhouse", CLICKHOUSE, b"", {"database": "reports", "user": "carol"}),
    ("ldap", BIND, b"", {"user": "cn=ada,dc=org"}),
    ("ftp", b"USER ada\r\nPASS secret\r\n", b"220 ftp\r\n", {"user": "ada"}),
    ("imap", b'a1 LOGIN "ada" "secret"\r\n', b"* OK\r\n", {"user": "ada"}),
    ("ssh", b"SSH-2.0-paramiko\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", {"server_version": "OpenSSH_9.2"}),
    ("mongodb", b"\x3a\0\0\0", b"", {}),
    ("nothing known", b"user secret", b"", {}),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "client", "server", "told"), CASES)
def test_names_in_clear_are_told_and_nothing_else(
    protocol: str, client: bytes, server: bytes, told: dict[str, str]
) -> None:
    """Which database, as which user; what authorises is never among them."""
    found = names_in_clear(protocol, client, server)
    assert found == told
    assert not any(word in str(found) for word in ("secret", "geheim", "pppp"))


@pytest.mark.parametrize(("protocol", "client", "server", "told"), CASES)
def test_what_came_only_in_part_names_nothing_wrong(
    protocol: str, client: bytes, server: bytes, told: dict[str, str]
) -> None:
    """Cut anywhere, a name is the beginning of the right one, or not known."""
    for size in range(len(client)):
        for name, text in names_in_clear(protocol, client[:size], server).items():
            assert told.get(name, "").startswith(text)


@given(st.sampled_from(sorted(_READERS)), st.binary(max_size=200), st.binary(max_size=100))
def test_no_bytes_are_a_fault(protocol: str, client: bytes, server: bytes) -> None:
    """Whatever comes, the names are short lines, or none."""
    for text in names_in_clear(protocol, client, server).values():
        assert 0 < len(text) <= 200 and text.isprintable()
