"""What a connection speaks that is not HTTP, told from the first bytes of either side. Pure.

Nothing here is sure to be right: what matters is that HTTP and TLS are told by others before.
"""

import struct
from collections.abc import Callable

_POSTGRES = frozenset({80877102, 80877103, 80877104, 196608, 196610})
"""Cancel, TLS and GSS requests, and versions 3.0 and 3.2 of its protocol."""
_MONGO = frozenset({2004, 2012, 2013})
"""Operations that a client begins with."""
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
    return 16 <= _number("<I", data, 0) <= 48_000_000 and _number("<I", data, 12) in _MONGO


def _redis(data: bytes) -> bool:
    head, ended, rest = data.partition(b"\r\n")
    return bool(ended) and head[:1] == b"*" and head[1:].isdigit() and rest[:1] in {b"$", b""}


def _sql_server(data: bytes) -> bool:
    return data[:2] == b"\x12\x01" and 8 <= _number(">H", data, 2) <= 4096


def _oracle(data: bytes) -> bool:
    return 10 <= _number(">H", data, 0) <= 4096 and data[2:9] == b"\0\0\x01\0\0\0\x01"


def _cassandra(data: bytes) -> bool:
    return (
        data[:1] in {b"\x03", b"\x04", b"\x05"}
        and data[4:5] in {b"\x01", b"\x05"}
        and (0 <= _number(">I", data, 5) <= 4096)
    )


def _mqtt(data: bytes) -> bool:
    return data[:1] == b"\x10" and (b"\0\x04MQTT" in data[:12] or b"\0\x06MQIsdp" in data[:14])


def _ldap(data: bytes) -> bool:
    return data[:1] == b"\x30" and b"\x02\x01" in data[2:7] and bool({0x60, 0x77} & {*data[5:12]})


def _smb(data: bytes) -> bool:
    return data[:1] == b"\0" and data[4:8] in {b"\xfeSMB", b"\xffSMB"}


def _clickhouse(data: bytes) -> bool:
    return data[:1] == b"\0" and b"ClickHouse" in data[2:40]


def _kafka(data: bytes) -> bool:
    asks_versions = data[4:6] == b"\0\x12" and data[6:7] == b"\0"
    return asks_versions and 10 <= _number(">I", data, 0) <= 4096


def _remote_desktop(data: bytes) -> bool:
    return data[:2] == b"\x03\0" and data[5:6] == b"\xe0"


def _socks(data: bytes) -> bool:
    methods = data[1:2]
    return (data[:1] == b"\x05" and bool(methods) and len(data) == 2 + methods[0]) or (
        data[:2] == b"\x04\x01" and len(data) >= 9
    )


def _git(data: bytes) -> bool:
    return data[4:8] == b"git-" and data[:4].isalnum()


def _mysql(data: bytes) -> bool:
    return data[3:5] in {b"\0\x0a", b"\0\x09", b"\0\xff"} and _number("<I", data, 0) & 0xFFFFFF >= 4


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(beginnings)


def _greets_with(word: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:3] == b"220" and word in data.upper()


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
    ("smtp", _begins(b"EHLO ", b"HELO ", b"ehlo ", b"helo ")),
    ("socks", _socks),
)
_SERVERS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("ssh", _begins(b"SSH-")),
    ("smtp", _greets_with(b"SMTP")),
    ("ftp", _greets_with(b"FTP")),
    ("pop3", _begins(b"+OK")),
    ("imap", _begins(b"* OK", b"* PREAUTH")),
    ("mysql", _mysql),
    ("nats", _begins(b"INFO {")),
    ("rsync", _begins(b"@RSYNCD:")),
    ("vnc", _begins(b"RFB 0")),
)
