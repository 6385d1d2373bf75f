"""Names as carriers: labels of hosts, names of headers and of query values, as they are and
decoded.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from urllib.parse import unquote_plus

from classifiers.decoding.decode_state import Reading
from classifiers.payload import Carrier
from core.exchange import Exchange
from core.host_names import address_of

_FEWEST = 8
"""Shorter labels hold no value that could be told from a word."""
_DIGITS = 6
_LONG = 24
_JOINED = 10
"""So many labels at most are put together: more than a name has room for at 24 letters each."""
_MOST = 240
"""Names of query values that are looked at."""
_BASE32 = re.compile(r"(?i)[a-z2-7]{13,}")
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
    others = (name.host for name in exchange.other_names)
    return tuple(dict.fromkeys((*written, exchange.host, *others)))


def labels_of(host: str) -> list[str]:
    """Return the labels below the registrable domain; of an address none."""
    labels = host.rstrip(".").split(".")
    if address_of(host) is not None:
        return []
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return labels[:-kept]


def read_hosts(reading: Reading, hosts: Iterable[str]) -> None:
    """Emit labels that may hold a value, and what they hold encoded, alone and put together."""
    reading.carrier = Carrier.HOST
    for host in hosts:
        labels = labels_of(host)
        for index, label in enumerate(labels):
            if len(label) >= _FEWEST and telling(label):
                reading.emit(label, None, (index,))
                if label != label.upper():
                    reading.emit(label.upper(), None, (index,))
            for text in decoded(label):
                reading.emit(text, None, (index,))
        for start, end in combinations(range(min(len(labels), _JOINED) + 1), 2):
            if end - start > 1:
                for text in decoded("".join(labels[start:end])):
                    reading.emit(text, None, (start, end))
    reading.carrier = Carrier.BODY


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
    reading.emit(name, None, (NAME,))
    if name != name.upper():
        reading.emit(name.upper(), None, (NAME,))
    for text in decoded(name):
        reading.emit(text, None, (NAME,))


def telling(name: str) -> bool:
    """Return True for a name that may be a value: no field is called so by a programmer."""
    return len(name) >= _LONG or sum(map(str.isdecimal, name)) >= _DIGITS or "@" in name


def decoded(name: str) -> Iterator[str]:
    """Yield the texts that a name holds in hex, base32 and base64url, where they are texts."""
    if len(name) < 11:
        return
    found: list[bytes] = []
    if _HEX.fullmatch(name):
        found.append(bytes.fromhex(name))
    bare = name.rstrip("=")
    for pattern, decode in ((_BASE32, _from_32), (_BASE64, _from_64)):
        if pattern.fullmatch(bare):
            found.append(decode(bare))
    for data in found:
        text = data.decode("utf-8", "ignore")
        if len(text) >= _FEWEST and len(text.encode()) == len(data) and text.isprintable():
            yield text


def _from_32(text: str) -> bytes:
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return b""


def _from_64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
