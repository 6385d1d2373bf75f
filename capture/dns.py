"""The questions for names that a sealed program asks, read and answered, by as much of RFC 1035 as
that takes. Pure; reads what anybody may have written, and never raises on it.
"""

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass

A, AAAA, PTR = 1, 28, 12
SVCB, HTTPS, ANY = 64, 65, 255
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 1, 2, 3
TTL_S = 60
_HEADER = struct.Struct(">HHHHHH")
_KIND = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_INTERNET = 1
_IS_ANSWER, _RECURSION_ASKED, _RECURSION_DONE, _CUT = 0x8000, 0x0100, 0x0080, 0x0200
_OPCODE = 0x7800
_QUESTION_AT = _HEADER.size
_MOST_LABEL, _MOST_NAME = 63, 253
_DATAGRAM = 512
"""What every asker takes; who takes more asks again by TCP when told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question."""

    id: int
    flags: int
    name: str
    """In lower case, without the last dot; labels that are no ASCII text stand as `\\ddd`."""
    kind: int
    raw: bytes
    """The question's own section, as it is repeated in the answer."""


def question(data: bytes) -> Question | None:
    """Return the one question of a query; None for what is none."""
    if len(data) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(data)
    if flags & (_IS_ANSWER | _OPCODE) or questions != 1:
        return None
    labels, at = _labels(data)
    if labels is None or at + _KIND.size > len(data):
        return None
    kind, family = _KIND.unpack_from(data, at)
    name = ".".join(labels)
    if family != _INTERNET or len(name) > _MOST_NAME:
        return None
    raw = data[_QUESTION_AT : at + _KIND.size]
    return Question(id=number, flags=flags, name=name, kind=kind, raw=raw)


def _labels(data: bytes) -> tuple[list[str] | None, int]:
    """Return the labels of the first name, and where it ends; questions have no pointers."""
    labels: list[str] = []
    at = _QUESTION_AT
    while at < len(data):
        size = data[at]
        at += 1
        if not size:
            return labels, at
        if size > _MOST_LABEL or at + size > len(data):
            break
        labels.append(_text(data[at : at + size]))
        at += size
    return None, at


def _text(label: bytes) -> str:
    plain = label.lower()
    if all(0x21 <= byte < 0x7F and byte != 0x2E for byte in plain):
        return plain.decode("ascii")
    return "".join(chr(b) if 0x21 <= b < 0x7F and b not in b".\\" else f"\\{b:03d}" for b in plain)


def answer(asked: Question, addresses: Iterable[str] = (), code: int = NO_ERROR) -> bytes:
    """Return the answer with these addresses, of the family that was asked for."""
    size = 4 if asked.kind == A else 16
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    records = [_record(asked.kind, one) for one in packed if len(one) == size]
    return _assembled(asked, records, code)


def name_answer(asked: Question, name: str) -> bytes:
    """Return the answer to a question for the name of an address."""
    labels = [label.encode("ascii", "replace")[:_MOST_LABEL] for label in name.split(".") if label]
    packed = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return _assembled(asked, [_record(PTR, packed)], NO_ERROR)


def shortened(whole: bytes, most: int = _DATAGRAM) -> bytes:
    """Return an answer that fits a datagram: one that does not says that it is to be asked for by
    TCP.
    """
    if len(whole) <= most:
        return whole
    asked = question(_as_query(whole))
    if asked is None:
        return whole[:most]
    number, flags, *_ = _HEADER.unpack_from(whole)
    return _HEADER.pack(number, flags | _CUT, 1, 0, 0, 0) + asked.raw


def address_of(name: str) -> str | None:
    """Return the address that the name in a PTR question stands for; None where it is none."""
    labels = name.lower().split(".")
    try:
        if labels[-2:] == ["in-addr", "arpa"] and len(labels) == 6:
            return str(ipaddress.IPv4Address(".".join(reversed(labels[:4]))))
        if labels[-2:] == ["ip6", "arpa"] and len(labels) == 34:
            digits = "".join(reversed(labels[:32]))
            return str(ipaddress.IPv6Address(bytes.fromhex(digits)))
    except ValueError:
        return None
    return None


def _record(kind: int, content: bytes) -> bytes:
    pointer = 0xC000 | _QUESTION_AT
    head = _RECORD.pack(kind, _INTERNET, TTL_S, len(content))
    return pointer.to_bytes(2, "big") + head + content


def _assembled(asked: Question, records: list[bytes], code: int) -> bytes:
    flags = _IS_ANSWER | asked.flags & _RECURSION_ASKED | _RECURSION_DONE | code
    head = _HEADER.pack(asked.id, flags, 1, len(records), 0, 0)
    return b"".join([head, asked.raw, *records])


def _as_query(whole: bytes) -> bytes:
    number, _, questions, *_ = _HEADER.unpack_from(whole)
    return _HEADER.pack(number, 0, questions, 0, 0, 0) + whole[_HEADER.size :]
