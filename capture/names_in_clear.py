"""Which server, database and user a connection names in clear, told from its first bytes. Pure.

Names only: never a password, never a query, and nothing of what follows. What is encrypted, or
stands in no first message, is not known.
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping

KEPT = 2048
"""So many first bytes of each side are looked at."""
_LONGEST = 200
_POSTGRES_ASKS = frozenset({80877103, 80877104})
"""Requests for encryption, behind which the client begins once more where it is refused."""
_ORACLE = re.compile(
    rb"\(\s*(SERVICE_NAME|SID|USER|HOST)\s*=\s*([^()\s=]{1,200})\s*\)", re.IGNORECASE
)
_LINE_USER = re.compile(rb"(?:USER|user) ([^\r\n]{1,200})\r?\n")
_IMAP_USER = re.compile(rb'[A-Za-z0-9.]{1,16} (?:LOGIN|login) "?([^" \r\n]{1,200})')
_GREETS = re.compile(rb"(?:SSH-[0-9.]{1,8}-)([^\r\n]{1,200})")

type Names = dict[str, str]


def names_in_clear(protocol: str, client: bytes, server: bytes) -> Names:
    """Return what is named by the first bytes of both sides: `database`, `user`,
    `server_version`. Never raises.
    """
    read = _READERS.get(protocol)
    if read is None:
        return {}
    try:
        found = dict(read(client[:KEPT], server[:KEPT]))
    except (struct.error, IndexError, ValueError):
        return {}
    return {name: text for name, text in found.items() if _is_name(text)}


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and text.isprintable()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _postgres(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    while len(client) >= 8 and struct.unpack_from(">I", client, 4)[0] in _POSTGRES_ASKS:
        client = client[8:]
    size, version = struct.unpack_from(">II", client)
    if version >> 16 != 3 or size > len(client):
        return
    parts = client[8:size].split(b"\0")
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        if name in {b"user", b"database"} and value:
            yield name.decode(), _text(value)


def _mysql(client: bytes, server: bytes) -> Iterator[tuple[str, str]]:
    if server[4:5] == b"\x0a":
        yield "server_version", _text(server[5:].partition(b"\0")[0])
    flags = struct.unpack_from("<I", client, 4)[0]
    # A client that asks for encryption sends no more than 32 bytes in clear; 0x200: protocol 4.1.
    if not flags & 0x200 or len(client) <= 36:
        return
    user, _, rest = client[36:].partition(b"\0")
    yield "user", _text(user)
    if flags & 0x8 and rest:
        answer = rest[0]
        yield "database", _text(rest[1 + answer :].partition(b"\0")[0])


def _oracle(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    names = {b"service_name": "database", b"sid": "database", b"user": "user"}
    for key, value in _ORACLE.findall(client):
        if (name := names.get(key.lower())) is not None:
            yield name, _text(value)


def _redis(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    words = _redis_words(client)
    for command in words:
        head = command[0].upper() if command else b""
        if head == b"AUTH" and len(command) == 3:
            yield "user", _text(command[1])
        elif head == b"HELLO" and b"AUTH" in (upper := [w.upper() for w in command]):
            yield "user", _text(command[upper.index(b"AUTH") + 1])
        elif head == b"SELECT" and len(command) == 2:
            yield "database", _text(command[1])


def _redis_words(data: bytes) -> Iterator[list[bytes]]:
    """Yield the commands that are there whole."""
    at = 0
    while data[at : at + 1] == b"*":
        end = data.find(b"\r\n", at)
        count, at = int(data[at + 1 : end]), end + 2
        if end < 0 or not 0 < count <= 16:
            return
        words = []
        for _ in range(count):
            end = data.find(b"\r\n", at)
            if data[at : at + 1] != b"$" or end < 0:
                return
            size = int(data[at + 1 : end])
            words.append(data[end + 2 : end + 2 + size])
            at = end + 2 + size + 2
            if at > len(data):
                return
        yield words


def _clickhouse(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    at = 1
    at += 1 + client[at]  # its own name
    for _number in range(3):  # two parts of its version, and a revision
        while client[at] & 0x80:
            at += 1
        at += 1
    for name in ("database", "user"):
        size = client[at]
        if size < 0x80:
            yield name, _text(client[at + 1 : at + 1 + size])
        at += 1 + size


def _ldap(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    at = client.find(b"\x02\x01\x03\x04")
    if 0 <= at < 24 and client[at + 4] < 0x80:
        yield "user", _text(client[at + 5 : at + 5 + client[at + 4]])


def _lines(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    if (found := _LINE_USER.match(client)) is not None:
        yield "user", _text(found[1])


def _imap(client: bytes, _: bytes) -> Iterator[tuple[str, str]]:
    if (found := _IMAP_USER.match(client)) is not None:
        yield "user", _text(found[1])


def _ssh(_: bytes, server: bytes) -> Iterator[tuple[str, str]]:
    if (found := _GREETS.match(server)) is not None:
        yield "server_version", _text(found[1])


_READERS: Mapping[str, Callable[[bytes, bytes], Iterator[tuple[str, str]]]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "oracle": _oracle,
    "redis": _redis,
    "clickhouse": _clickhouse,
    "ldap": _ldap,
    "ftp": _lines,
    "pop3": _lines,
    "imap": _imap,
    "ssh": _ssh,
}
