"""A thousand generated starts of connections: each is told as what it is, or not at all."""

import random
import struct
from collections.abc import Callable, Iterator

import pytest

from capture.protocols import spoken_by_client, spoken_by_server

Makes = Callable[[random.Random], bytes]


def _words(dice: random.Random, most: int = 12) -> bytes:
    letters = b"abcdefghijklmnopqrstuvwxyz0123456789_-"
    return bytes(dice.choice(letters) for _ in range(dice.randint(1, most)))


def _pg_startup(dice: random.Random) -> bytes:
    fields = b"user\0" + _words(dice) + b"\0database\0" + _words(dice) + b"\0\0"
    version = dice.choice((196608, 196610))
    return struct.pack(">II", 8 + len(fields), version) + fields


def _mongo(dice: random.Random) -> bytes:
    body = dice.randbytes(dice.randint(20, 200))
    operation = dice.choice((2013, 2004))
    return struct.pack("<iiii", 16 + len(body), dice.randrange(1 << 30), 0, operation) + body


def _kafka(dice: random.Random) -> bytes:
    name = _words(dice)
    body = struct.pack(">hhih", 18, dice.randint(0, 3), dice.randrange(1 << 30), len(name)) + name
    return struct.pack(">i", len(body)) + body


def _ldap(dice: random.Random) -> bytes:
    name = b"cn=" + _words(dice)
    bind = b"\x02\x01\x03\x04" + bytes([len(name)]) + name + b"\x80\x04pass"
    message = b"\x02\x01" + bytes([dice.randint(1, 100)]) + b"\x60" + bytes([len(bind)]) + bind
    return b"\x30" + bytes([len(message)]) + message


def _redis(dice: random.Random) -> bytes:
    words = [_words(dice) for _ in range(dice.randint(1, 5))]
    told = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n" % len(words) + told


def _oracle(dice: random.Random) -> bytes:
    service = _words(dice)
    told = b"(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=" + service + b")))"
    head = bytes.fromhex("0000010000000139012c00000800ffff7f08000001000000")
    return struct.pack(">H", 2 + len(head) + len(told)) + head + told


def _cassandra(dice: random.Random) -> bytes:
    body = dice.randbytes(dice.randint(0, 100))
    kind = dice.choice((1, 5))
    head = bytes([dice.choice((3, 4, 5)), 0, 0, dice.randrange(4), kind])
    return head + struct.pack(">I", len(body)) + body


CLIENTS: dict[str, Makes] = {
    "postgresql": _pg_startup,
    "mongodb": _mongo,
    "kafka": _kafka,
    "ldap": _ldap,
    "redis": _redis,
    "oracle": _oracle,
    "cassandra": _cassandra,
    "sqlserver": lambda d: b"\x12\x01" + struct.pack(">H", 47) + b"\0\0\1\0" + d.randbytes(39),
    "clickhouse": lambda d: b"\0\x11ClickHouse client" + d.randbytes(30),
    "amqp": lambda d: b"AMQP" + bytes([0, d.randrange(2), d.randrange(10), d.randrange(10)]),
    "mqtt": lambda d: b"\x10" + bytes([d.randint(12, 90)]) + b"\0\4MQTT\4\2\0\x3c\0\3abc",
    "smb": lambda d: b"\0\0\0\x45\xfeSMB" + d.randbytes(65),
    "ssh": lambda d: b"SSH-2.0-" + _words(d) + b"\r\n",
    "smtp": lambda d: d.choice((b"EHLO ", b"HELO ")) + _words(d) + b"\r\n",
}
SERVERS: dict[str, Makes] = {
    "mysql": lambda d: b"\x4a\0\0\0\x0a" + b"8.%d.%d\0" % (d.randrange(9), d.randrange(40))
    + d.randbytes(60),
    "ssh": lambda d: b"SSH-2.0-OpenSSH_" + _words(d) + b"\r\n",
    "smtp": lambda d: b"220 " + _words(d) + b" ESMTP ready\r\n",
    "ftp": lambda d: b"220 " + _words(d) + b" FTP server\r\n",
    "imap": lambda d: b"* OK [CAPABILITY IMAP4rev1] " + _words(d) + b"\r\n",
    "pop3": lambda d: b"+OK " + _words(d) + b"\r\n",
}  # fmt: skip

OTHERS: dict[str, Makes] = {
    "http": lambda d: d.choice((b"GET", b"POST", b"PUT", b"QUERY")) + b" /" + _words(d)
    + b" HTTP/1.1\r\nHost: " + _words(d) + b"\r\n\r\n",
    "http2": lambda d: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + d.randbytes(20),
    "tls": lambda d: b"\x16\x03" + bytes([d.randrange(4)]) + struct.pack(">H", 512)
    + b"\x01\0\x01\xfc\x03\x03" + d.randbytes(60),
    "x11": lambda d: d.choice((b"l\0\x0b\0", b"B\0\0\x0b")) + bytes(8),
    "bittorrent": lambda d: b"\x13BitTorrent protocol" + d.randbytes(48),
    "dns": lambda d: b"\0\x1d" + d.randbytes(2) + b"\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1",
    "rtsp": lambda d: b"OPTIONS rtsp://" + _words(d) + b" RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "sip": lambda d: b"REGISTER sip:" + _words(d) + b" SIP/2.0\r\n\r\n",
    "fix": lambda d: b"8=FIX.4.4\x019=65\x0135=A\x0149=" + _words(d) + b"\x01",
    "modbus": lambda d: struct.pack(">HHHBBHH", d.randrange(1, 99), 0, 6, 1, 3, d.randrange(9), 1),
    "stun": lambda d: b"\0\1\0\0\x21\x12\xa4\x42" + d.randbytes(12),
    "json lines": lambda d: b'{"id": ' + str(d.randrange(1000)).encode() + b', "m": "x"}\n',
    "xmpp": lambda d: b"<?xml version='1.0'?><stream:stream to='" + _words(d) + b"'>",
    "memcached": lambda d: d.choice((b"get ", b"set ", b"stats ")) + _words(d) + b"\r\n",
    "irc": lambda d: b"NICK " + _words(d) + b"\r\nUSER a 0 * :b\r\n",
    "telnet": lambda d: b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23" + d.randbytes(3),
    "zookeeper": lambda d: struct.pack(">iiqiq", 45, 0, 0, d.randrange(1, 40000), 0)
    + b"\0\0\0\x10" + bytes(16) + b"\0",
    "neo4j": lambda d: b"\x60\x60\xb0\x17\0\0\4\4\0\0\0\4\0\0\0\3\0\0\0\0",
    "thrift": lambda d: b"\0\0\0\x1e\x80\1\0\1\0\0\0\4" + _words(d, 4).ljust(4, b"x") + bytes(8),
    "pickle": lambda d: struct.pack(">I", d.randint(20, 4000)) + b"\x80\x05\x95" + d.randbytes(20),
    "counted text": lambda d: struct.pack(">I", d.randint(1, 9000)) + _words(d, 40),
    "words": lambda d: _words(d, 30) + b"\n",
    "hello": lambda d: b"hello " + _words(d) + b"\r\n",
    "noise": lambda d: d.randbytes(d.randint(1, 64)),
}  # fmt: skip
TURNS = 40


def _starts(kinds: dict[str, Makes]) -> Iterator[tuple[str, bytes]]:
    for number, (name, make) in enumerate(kinds.items()):
        dice = random.Random(number)
        for _ in range(TURNS):
            yield name, make(dice)


def test_of_over_a_thousand_starts_of_other_protocols_none_is_called_wrong() -> None:
    """A web request, a name look-up, a game's or a machine's protocol is no database."""
    starts = list(_starts(OTHERS))
    for name, data in _starts(SERVERS):
        starts.append((f"the server of {name}", data))
    wrong = [
        (name, told, data[:24])
        for name, data in starts
        if (told := spoken_by_client(data)) is not None and told not in name
    ]
    assert len(starts) > 1000 and wrong == []


def test_a_greeting_is_of_its_own_protocol_or_none() -> None:
    """What clients say, and what nobody knows, is no server's greeting."""
    starts = [*_starts(OTHERS), *_starts(CLIENTS)]
    wrong = [
        (name, told) for name, d in starts if (told := spoken_by_server(d)) not in {None, name}
    ]
    assert len(starts) > 1000 and wrong == []


@pytest.mark.parametrize("name", CLIENTS)
def test_whatever_a_client_of_it_says_first_is_told(name: str) -> None:
    """All users, names, versions and lengths."""
    dice = random.Random(name)
    assert {spoken_by_client(CLIENTS[name](dice)) for _ in range(TURNS)} == {name}


@pytest.mark.parametrize("name", SERVERS)
def test_whatever_a_server_of_it_greets_with_is_told(name: str) -> None:
    """All versions and names."""
    dice = random.Random(name)
    assert {spoken_by_server(SERVERS[name](dice)) for _ in range(TURNS)} == {name}
