"""The machine's file of names (/etc/hosts), as a sealed program sees it: only what names the
machine itself stays. All else is asked for, and the gate, which looks in that same file, knows by
which name a program goes where.
"""

import contextlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

HOSTS = Path("/etc/hosts")


def read() -> bytes:
    """Return it; empty where there is none."""
    try:
        return HOSTS.read_bytes()
    except OSError:
        return b""


def inside(text: bytes) -> bytes:
    """Return what of it is seen inside."""
    return b"".join(_own(text.splitlines(keepends=True)))


def addresses(text: bytes, name: str) -> tuple[str, ...]:
    """Return the addresses that it gives to this name, in the order in which they stand there."""
    wanted = name.rstrip(".").lower().encode()
    found: dict[str, None] = {}
    for line in text.splitlines():
        address, *names = line.partition(b"#")[0].split() or [b""]
        if wanted in (one.lower() for one in names):
            with contextlib.suppress(ValueError):
                found[str(ipaddress.ip_address(address.decode("latin-1")))] = None
    return tuple(found)


def _own(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        words = line.partition(b"#")[0].split()
        if not words or _is_of_this_machine(words[0].decode("latin-1")):
            yield line


def _is_of_this_machine(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or found.is_multicast or found.is_link_local or found.is_unspecified
