"""Questions for names as programs write them, and answers as they read them."""

import ipaddress
import struct

from capture import dns


def query(name: str, kind: int = dns.A, *, flags: int = 0x0100, family: int = 1) -> bytes:
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".") if p)
    head = struct.pack(">HHHHHH", 77, flags, 1, 0, 0, 0)
    return head + labels + b"\0" + struct.pack(">HH", kind, family)


def addresses(answer: bytes) -> list[str]:
    """Read the addresses back out of an answer, by the record sizes that RFC 1035 gives."""
    asked = dns.question(answer[:2] + b"\1\0" + answer[4:6] + bytes(6) + answer[12:])
    assert asked is not None
    (count,) = struct.unpack_from(">H", answer, 6)
    at, found = 12 + len(asked.raw), []
    for _ in range(count):
        pointer, kind, family, ttl, size = struct.unpack_from(">HHHIH", answer, at)
        assert (pointer, family, ttl) == (0xC00C, 1, 60)
        found.append(str(ipaddress.ip_address(answer[at + 12 : at + 12 + size])))
        at += 12 + size
        assert kind in {dns.A, dns.AAAA}
    assert at == len(answer)
    return found
