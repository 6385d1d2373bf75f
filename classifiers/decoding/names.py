"""Names as carriers: labels of hosts, names of headers and of query values, as they are and
decoded.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from urllib.parse import unquote_plus

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.limits import INLINE
from classifiers.codecs.magic import packed_as
from classifiers.codecs.unnamed import coding_by_content
from classifiers.decoding import number_bases
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.payload import Carrier, Path
from core.exchange import Exchange
from core.host_names import address_of

_FEWEST = 8
"""Shorter labels hold no value that could be told from a word."""
_DIGITS = 6
_LONG = 24
_OPAQUE_LABELS = 96
_JOINED = 10
"""So many labels at most are put together: more than a name has room for at 24 letters each."""
_OWNED = 3
"""With none, one or two last labels as those of whoever owns the name."""
_REMEMBERED = 1024
_MOST = 240
"""Names of query values that are looked at."""
_BASE32 = re.compile(r"(?i)[a-z2-7]{13,}")
_BASE32_HEX = re.compile(r"(?i)[0-9a-v]{13,}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{11,}")
_HEX = re.compile(r"(?i)(?:[0-9a-f]{2}){8,}")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
NAME = "(name)"
"""Stands for a name in places: the name itself may be what was found."""


def names_of(exchange: Exchange) -> tuple[str, ...]:
    """Return the hosts that a request names, as they were written where that is known, each
    once.
    """
    written = [v.partition(":")[0] for k, v in exchange.headers if k in {"host", ":authority"}]
    if exchange.other_names:
        others = [name.host for name in exchange.other_names]
        return tuple(dict.fromkeys((*written, exchange.host, *others)))
    if written == [exchange.host]:
        return (exchange.host,)
    return tuple(dict.fromkeys((*written, exchange.host)))


def labels_of(host: str) -> list[str]:
    """Return the labels that may hold anything: all but the public suffix, for whoever names a host
    need not own it, nor need there be one; of a name without a point, that. Of an address none.
    """
    labels = host.rstrip(".").split(".")
    if address_of(host) is not None:
        return []
    kept = 2 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 1
    return labels[:-kept] or labels


def read_hosts(reading: Reading, hosts: Iterable[str]) -> None:
    """Emit labels that may hold a value, and what they hold encoded, alone and put together."""
    reading.carrier = Carrier.HOST
    for host in hosts:
        texts, is_opaque = _told_by(host)
        for text, path in texts:
            reading.emit(text, None, path)
        if is_opaque:
            reading.unread("labels of the host may be encoded data", ("host",))
    reading.carrier = Carrier.BODY


@lru_cache(_REMEMBERED)
def _told_by(host: str) -> tuple[tuple[tuple[str, Path], ...], bool]:
    """Return the texts that the labels of a host may hold, and whether it holds what nobody can
    read.
    """
    labels = labels_of(host)
    alone: list[tuple[str, Path]] = []
    for index, label in enumerate(labels):
        if len(label) >= _FEWEST and telling(label):
            alone += [(text, (index,)) for text in dict.fromkeys((label, label.upper()))]
    inside = tuple(_in_labels(labels))
    return (*alone, *inside), not inside and _is_opaque(labels[:-1])


def _in_labels(labels: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield what labels hold encoded: each, all without what numbers them, and neighbours."""
    for index, label in enumerate(labels):
        for text in decoded(label):
            yield text, (index,)
    bare = [max(label.split("-"), key=len) for label in labels]
    if bare != labels:
        for end in range(len(bare), max(0, len(bare) - _OWNED), -1):
            for text in decoded("".join(bare[:end])):
                yield text, (0, end)
    for start, end in combinations(range(min(len(labels), _JOINED) + 1), 2):
        if end - start > 1:
            for text in decoded("".join(labels[start:end])):
                yield text, (start, end)


def _is_opaque(labels: list[str]) -> bool:
    """True for more letters without words than any resource is named by."""
    long = [label for label in labels if len(label) >= _LONG and "-" not in label]
    whole = "".join(long)
    digits = sum(map(str.isdecimal, whole))
    return len(long) > 1 and len(whole) >= _OPAQUE_LABELS and digits * 12 > len(whole)


def read_header_names(reading: Reading, names: Iterable[str]) -> None:
    """Emit names of headers that may hold a value."""
    reading.carrier = Carrier.HEADER
    for name in names:
        if telling(name):
            _name(reading, name)
    reading.carrier = Carrier.BODY


def read_query_names(reading: Reading, query: str) -> None:
    """Emit names of query values that may hold a value."""
    reading.carrier = Carrier.QUERY
    for pair in query.split("&")[:_MOST]:
        name = pair.partition("=")[0]
        if len(name) >= _FEWEST and (telling(name) or "%" in name):
            _name(reading, unquote_plus(name))
    reading.carrier = Carrier.BODY


def _name(reading: Reading, name: str) -> None:
    read_name(reading, name, (NAME,))
    if name != name.upper():
        reading.emit(name.upper(), None, (NAME,))
    if "-" in name:
        for text in decoded(max(name.split("-"), key=len)):
            reading.emit(text, None, (NAME,))


def read_name(reading: Reading, name: str, path: Path) -> None:
    """Emit a name that may be a value, and what it holds encoded; a long one is read like any
    text.
    """
    if len(name) >= _LONG and reading.later(Piece(name, "text/plain", None, path, 1)):
        return
    reading.emit(name, None, path)
    for text in decoded(name):
        reading.emit(text, None, path)


def telling(name: str) -> bool:
    """Return True for a name that may be a value: no field is called so by a programmer."""
    return len(name) >= _LONG or sum(map(str.isdecimal, name)) >= _DIGITS or "@" in name


def decoded(name: str) -> Iterator[str]:
    """Yield the texts that a name holds in hex, base32 and base64url, where they are texts."""
    if len(name) < 11:
        return
    found: list[bytes] = list(number_bases.read(name.encode("utf-8", "replace")))
    if _HEX.fullmatch(name):
        found.append(bytes.fromhex(name))
    bare = name.rstrip("=")
    ways = ((_BASE32, _from_32), (_BASE32_HEX, _from_32_hex), (_BASE64, _from_64))
    for pattern, decode in ways:
        if pattern.fullmatch(bare):
            found.append(decode(bare))
    for data in map(_unpacked, found):
        text = data.decode("utf-8", "ignore")
        if len(text) >= _FEWEST and len(text.encode()) == len(data) and text.isprintable():
            yield text


def _from_32(text: str) -> bytes:
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return b""


def _from_32_hex(text: str) -> bytes:
    try:
        return base64.b32hexdecode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return b""


def _unpacked(data: bytes) -> bytes:
    coding = packed_as(data) or (coding_by_content(data) if data[:1] == b"x" else None)
    return undo_content_encoding(data, coding, INLINE).data if coding else data


def _from_64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
