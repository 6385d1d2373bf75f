"""What a connection speaks, told from its first bytes; HTTP and TLS are none of these."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.protocols import spoken_by_client, spoken_by_server
from core.vocabulary.protocols import WORDS, protocol_at

CLIENTS = {
    "postgresql": [
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x08\x04\xd2\x16\x30",
        b"\0\0\0\x17\0\x03\0\0user\0alice\0\0",
        b"\0\0\0\x17\0\x03\0\x02user\0alice\0\0",
    ],
    "mongodb": [
        b"\x3a\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0" + bytes(42),
        b"\x3a\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0" + bytes(42),
    ],
    "redis": [b"*1\r\n$4\r\nPING\r\n", b"*3\r\n$3\r\nSET\r\n", b"*12\r\n"],
    "sqlserver": [
        b"\x12\x01\0\x2f\0\0\x01\0" + bytes(39),
        b"\x10\x01\0\xb6\0\0\x01\0\xae\0\0\0\0\0\0\x70" + bytes(166),
    ],
    "oracle": [
        b"\0\xf4\0\0\x01\0\0\0\x01\x3e\x01\x2c" + bytes(38),
        b"\0\x4a\0\0\x01\x08\0\0\x01\x3f\x01\x2c" + bytes(38),
        b"\0\xf4\0\0\x01\x04\0\0\x01\x39\x01\x2c" + bytes(38),
    ],
    "cassandra": [
        b"\x04\0\0\0\x05\0\0\0\0",
        b"\x05\0\0\0\x01\0\0\0\x16" + bytes(22),
        b"\x42\0\0\0\x01\0\0\0\x16" + bytes(22),
    ],
    "clickhouse": [b"\0\x11ClickHouse client\x18", b"\0\x10clickhouse/ch-go\0"],
    "kafka": [
        b"\0\0\0\x1a\0\x12\0\x03\0\0\0\x01\0\x07rdkafka",
        b"\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff",
        b"\0\0\0\x20\0\x03\0\x01\0\0\0\x01\0\x0ckafka-python\0\0\0\0",
        b"\0\0\0\x1a\0\x11\0\x01\0\0\0\x01\0\x05sarma\0\x05PLAIN",
    ],
    "amqp": [b"AMQP\0\0\x09\x01"],
    "mqtt": [b"\x10\x11\0\x04MQTT\x04\x02\0\x3c\0\x05abcde", b"\x10\x10\0\x06MQIsdp\x03\x02"],
    "ldap": [
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
        b"\x30\x84\0\0\0\x10\x02\x01\x05\x60\x84\0\0\0\x07\x02\x01\x03\x04\0\x80\0",
        b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
        b"\x30\x82\x01\x22\x02\x02\x01\x01\x63\x82\x01\x1a" + bytes(30),
    ],
    "smb": [b"\0\0\0\x45\xfeSMB" + bytes(60), b"\0\0\0\x45\xffSMB" + bytes(60)],
    "rdp": [b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0"],
    "ssh": [b"SSH-2.0-paramiko_3.4\r\n"],
    "git": [b"003egit-upload-pack /repo.git\0host=git.example\0"],
    "rsync": [b"@RSYNCD: 31.0\n"],
    "smtp": [b"EHLO there\r\n", b"Ehlo there\r\n", b"LHLO there\r\n"],
    "socks": [b"\x05\x01\0", b"\x04\x01\0\x50\xc0\0\2\1\0"],
}
SERVERS = {
    "ssh": [b"SSH-2.0-OpenSSH_9.2p1\r\n"],
    "smtp": [b"220 mx.example ESMTP Postfix\r\n", b"220-mx.example smtp\r\n"],
    "ftp": [
        b"220 ProFTPD Server\r\n",
        b"220 (vsFTPd 3.0.3)\r\n",
        b"220-FileZilla Server 1.7.0\r\n",
        b"220 Microsoft FTP Service\r\n",
    ],
    "pop3": [b"+OK ready\r\n"],
    "imap": [b"* OK [CAPABILITY IMAP4rev1] ready\r\n"],
    "mysql": [
        b"\x4a\0\0\0\x0a8.4.0\0",
        b"\x5d\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0",
        b"\x45\0\0\0\xffj\x04Host is blocked",
    ],
    "nats": [b'INFO {"server_id":"x"}\r\n'],
    "vnc": [b"RFB 003.008\n"],
}
NEITHER = [
    b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"POST /v1/chat HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\n",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    b"EHLOX / HTTP/1.1\r\n",
    b"",
    b"\0",
    bytes(64),
    b"hello there",
]
OTHERS = {
    "DNS over TCP": b"\0\x1c\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01",
    "SNMP": b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x04wwww",
    "SNMP, another word": b"\x30\x26\x02\x01\x01\x04\x06w`w`w`\xa0\x19\x02\x04wwww",
    "ZooKeeper": b"\0\0\0\x2d" + bytes(15) + b"\x75\x30" + bytes(27),
    "AJP": b"\x12\x34\0\x50\x02\x02\0\x08HTTP/1.1\0\0\x01/\0",
    "BitTorrent": b"\x13BitTorrent protocol" + bytes(48),
    "XMPP": b"<?xml version='1.0'?><stream:stream to='a.example'>",
    "IRC": b"NICK ada\r\nUSER ada 0 * :Ada\r\n",
    "Memcached": b"get key\r\n",
    "Memcached, binary": b"\x80\0\0\x03" + bytes(20),
    "Telnet": b"\xff\xfd\x18\xff\xfd\x20",
    "X11": b"l\0\x0b\0\0\0\0\0\0\0\0\0",
    "Thrift": b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\0",
    "STUN": b"\0\x01\0\0\x21\x12\xa4\x42" + bytes(12),
    "Neo4j": b"\x60\x60\xb0\x17\0\0\x04\x04" + bytes(12),
    "Java RMI": b"JRMI\0\x02\x4b",
    "pickled": b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94",
    "length and JSON": b'\0\0\0\x10{"kind": "ping"}',
    "length, little end first": b"\x10\0\0\0\x0a\x0b\x0c\x0d",
    "protobuf": b"\x0a\x05hello\x12\x05world",
    "220, no mail": b"220 bottles of beer",
}


@pytest.mark.parametrize(("name", "data"), [(n, d) for n, many in CLIENTS.items() for d in many])
def test_a_clients_first_bytes_name_its_protocol(name: str, data: bytes) -> None:
    """Databases, queues, shares and shells are told by what their clients say first."""
    assert spoken_by_client(data) == name
    assert name in WORDS


@pytest.mark.parametrize(("name", "data"), [(n, d) for n, many in SERVERS.items() for d in many])
def test_a_servers_greeting_names_its_protocol(name: str, data: bytes) -> None:
    """Where the server speaks first, its greeting tells."""
    assert spoken_by_server(data) == name
    assert name in WORDS


@pytest.mark.parametrize("data", NEITHER)
def test_http_tls_and_noise_are_none_of_these(data: bytes) -> None:
    """What is inspected, and what says nothing, is given no other name."""
    assert spoken_by_client(data) is None
    assert spoken_by_server(data) is None


@pytest.mark.parametrize("kind", OTHERS)
def test_what_others_say_is_not_taken_for_a_database(kind: str) -> None:
    """Protocols that are not told apart here are given no wrong name, from either side."""
    assert spoken_by_client(OTHERS[kind]) is None
    assert spoken_by_server(OTHERS[kind]) is None


def test_noise_is_given_no_name() -> None:
    """Of 20,000 connections that begin with noise none is named, be they short or long."""
    draw = random.Random(17)
    noise = [draw.randbytes(draw.choice((3, 8, 16, 64, 300))) for _ in range(20_000)]
    assert {spoken_by_client(data) for data in noise} == {None}
    assert {spoken_by_server(data) for data in noise} == {None}


@given(st.binary(max_size=300))
def test_no_bytes_are_a_fault(data: bytes) -> None:
    """Whatever comes first on a connection, it has a name or none."""
    for told in (spoken_by_client(data), spoken_by_server(data)):
        assert told is None or told in WORDS


def test_ports_stand_for_protocols() -> None:
    """Where nobody has spoken, the port's usual protocol is named, and nothing for other ports."""
    named = [protocol_at(port) for port in (5432, 3306, 22, 25, 6379, 4567, 443)]
    assert named == ["postgresql", "mysql", "ssh", "smtp", "redis", "tcp", "tcp"]
