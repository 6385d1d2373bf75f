"""What a connection speaks that is not HTTP, told from the first bytes of either side. Pure.

Nothing here is sure to be right: what matters is that HTTP and TLS are told by others before.
"""

import struct
from collections.abc import Callable

_POSTGRES = frozenset({80877102, 80877103, 80877104, 196608, 196610})
"""Cancel, TLS and GSS requests, and versions 3.0 and 3.2 of its protocol."""
_MONGO = frozenset({2004, 2012, 2013})
"""Operations that a client begins with."""
_KAFKA = frozenset({3, 17, 18})
"""Metadata, the handshake of SASL, versions: what clients begin with."""
_LINE = 256


def spoken_by_client(data: bytes) -> str | None:
    """Return the protocol that a client's first bytes are of; None where that cannot be told."""
    return _first(_CLIENTS, data)


def spoken_by_server(data: bytes) -> str | None:
    """Return the protocol that a server's first bytes are of; None where that cannot be told."""
    return _first(_SERVERS, data)


def _first(tests: tuple[tuple[str, Callable[[bytes], bool]], ...], data: bytes) -> str | None:
    return next((name for name, holds in tests if holds(data[:_LINE])), None)


def _number(form: str, data: bytes, at: int) -> int:
    size = struct.calcsize(form)
    return int(struct.unpack_from(form, data, at)[0]) if len(data) >= at + size else -1


def _postgres(data: bytes) -> bool:
    return 8 <= _number(">I", data, 0) <= 10_000 and _number(">I", data, 4) in _POSTGRES


def _mongo(data: bytes) -> bool:
    asks = data[8:12] == bytes(4) and _number("<I", data, 12) in _MONGO
    return asks and 16 <= _number("<I", data, 0) <= 48_000_000


def _redis(data: bytes) -> bool:
    head, ended, rest = data.partition(b"\r\n")
    return bool(ended) and head[:1] == b"*" and head[1:].isdigit() and rest[:1] in {b"$", b""}


def _sql_server(data: bytes) -> bool:
    """A pre-login, whose first option is its version; or the login of a client before 7.1."""
    if data[1:2] != b"\x01" or not 8 <= _number(">H", data, 2) <= 4096:
        return False
    return data[:1] == b"\x12" or (data[:1] == b"\x10" and data[12:15] == b"\0\0\0")


def _oracle(data: bytes) -> bool:
    """A packet that connects: no check sums, any flags, a version from 8 on and the one that it
    would make do with.
    """
    version, lowest = _number(">H", data, 8), _number(">H", data, 10)
    connects = data[2:5] == b"\0\0\x01" and data[6:8] == b"\0\0"
    sized = 34 <= _number(">H", data, 0) <= 8192
    return sized and connects and 300 <= lowest <= version < 512


def _cassandra(data: bytes) -> bool:
    return (
        data[:1] in {b"\x03", b"\x04", b"\x05", b"\x41", b"\x42"}
        and data[4:5] in {b"\x01", b"\x05"}
        and (0 <= _number(">I", data, 5) <= 4096)
    )


def _mqtt(data: bytes) -> bool:
    return data[:1] == b"\x10" and (b"\0\x04MQTT" in data[:12] or b"\0\x06MQIsdp" in data[:14])


def _ldap(data: bytes) -> bool:
    """A message with its number, that binds, searches, or asks for more (TLS)."""
    long = data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0
    at = 2 + long
    size = data[at + 1] if len(data) > at + 1 else 0
    numbered = data[:1] == b"\x30" and long <= 4 and data[at : at + 1] == b"\x02"
    asks = data[at + 2 + size : at + 3 + size] in {b"\x60", b"\x63", b"\x77"}
    return numbered and 1 <= size <= 4 and asks


def _smb(data: bytes) -> bool:
    return data[:1] == b"\0" and data[4:8] in {b"\xfeSMB", b"\xffSMB"}


def _clickhouse(data: bytes) -> bool:
    return data[:1] == b"\0" and b"clickhouse" in data[2:40].lower()


def _kafka(data: bytes) -> bool:
    """A request that a client begins with, of one of few versions, and a client's name (or none)
    that fits in it.
    """
    size, name = _number(">I", data, 0), _number(">h", data, 12)
    begins = _number(">H", data, 4) in _KAFKA and 0 <= _number(">H", data, 6) <= 20
    named = data[14 : 14 + max(0, name)]
    return begins and 10 <= size <= 4096 and -1 <= name <= size - 10 and _is_plain(named)


def _remote_desktop(data: bytes) -> bool:
    return data[:2] == b"\x03\0" and data[5:6] == b"\xe0"


def _socks(data: bytes) -> bool:
    methods = data[1:2]
    return (data[:1] == b"\x05" and bool(methods) and len(data) == 2 + methods[0]) or (
        data[:2] == b"\x04\x01" and data[2:4] != b"\0\0" and len(data) >= 9 and data[-1:] == b"\0"
    )


def _git(data: bytes) -> bool:
    return data[4:8] == b"git-" and data[:4].isalnum()


def _mysql(data: bytes) -> bool:
    """A greeting with the server's version, or the refusal of one."""
    size, kind = _number("<I", data, 0), data[4:5]
    if not 4 <= size <= 4096:  # its highest byte counts packets: the first is 0
        return False
    if kind == b"\xff":
        return 1000 <= _number("<H", data, 5) < 5000
    version, ended, _ = data[5:].partition(b"\0")
    return (
        kind in {b"\x09", b"\x0a"} and bool(ended) and version[:1].isdigit() and _is_plain(version)
    )


def _is_plain(name: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in name)


def _says(*words: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.upper().startswith(words)


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(beginnings)


def _greets_with(*words: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:3] == b"220" and any(word in data.upper() for word in words)


_CLIENTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("postgresql", _postgres),
    ("mongodb", _mongo),
    ("redis", _redis),
    ("sqlserver", _sql_server),
    ("oracle", _oracle),
    ("clickhouse", _clickhouse),
    ("kafka", _kafka),
    ("cassandra", _cassandra),
    ("ssh", _begins(b"SSH-")),
    ("amqp", _begins(b"AMQP")),
    ("mqtt", _mqtt),
    ("ldap", _ldap),
    ("smb", _smb),
    ("rdp", _remote_desktop),
    ("git", _git),
    ("rsync", _begins(b"@RSYNCD:")),
    ("smtp", _says(b"EHLO ", b"HELO ", b"LHLO ")),
    ("socks", _socks),
)
_SERVERS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("ssh", _begins(b"SSH-")),
    ("smtp", _greets_with(b"SMTP")),
    ("ftp", _greets_with(b"FTP", b"FILEZILLA")),
    ("pop3", _begins(b"+OK")),
    ("imap", _begins(b"* OK", b"* PREAUTH", b"* BYE")),
    ("mysql", _mysql),
    ("nats", _begins(b"INFO {")),
    ("rsync", _begins(b"@RSYNCD:")),
    ("vnc", _begins(b"RFB 0")),
)
