"""Where evidence goes on to: the address of a collector read, and what delivers to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

from core.errors import OutgateError, SettingsError
from core.text import printable
from evidence.entries import Entry

_PORTS = {"syslog+tcp": 514, "syslog+tls": 6514, "otlp+http": 4318, "otlp+https": 4318}
SCHEMES = ", ".join(f"{scheme}://" for scheme in _PORTS)
TIMEOUT_S = 10.0


class NotDeliveredError(OutgateError):
    """A collector did not take what it was sent; it is sent again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is delivered at once, in the order of both chains."""

    records: Sequence[Entry]
    acts: Sequence[Entry]
    machine: str
    """The id of this installation."""


class Collector(Protocol):
    """Delivers parcels to one collector."""

    def deliver(self, parcel: Parcel) -> int:
        """Return once the collector has all of the parcel; how much of it it refused for good.

        Raises NotDeliveredError where it may not have it: the same parcel is then sent again.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a collector listens."""

    scheme: str
    host: str
    port: int
    path: str
    authority: Path | None = None
    """PEM file of a private authority that it may be verified with."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request of OTLP; may hold a token."""

    @property
    def is_private(self) -> bool:
        """Whether it is spoken to under TLS."""
        return self.scheme.endswith(("tls", "https"))


def read_address(text: str, also: Mapping[str, int] = MappingProxyType({})) -> Address:
    """Return the address in a setting; `also`: further schemes with their ports. Raises ValueError,
    which says what is wrong.
    """
    parts, ports = urlsplit(text), {**_PORTS, **also}
    if parts.scheme not in ports:
        raise ValueError(f"{printable(text, 100)} begins with none of {SCHEMES}")
    if not parts.hostname:
        raise ValueError(f"{printable(text, 100)} names no host")
    check_host(parts.hostname)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address of a collector is scheme, host, port and path only")
    return Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        path=parts.path.rstrip("/"),
    )


def check_host(host: str) -> None:
    """Raise ValueError where no resolver can be asked for such a name (RFC 3490): a part of it is
    empty, or longer than 63 letters. To connect there would raise what is no OSError.
    """
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError("its host is no name that can be looked up") from None


def read_headers(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the headers in a file, one `Name: value` a line. Raises SettingsError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Cannot read {path} ({type(error).__name__}).",
            remedy="It holds one header a line, as Name: value.",
        ) from None
    found = []
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not (
            colon and name.isascii() and name.replace("-", "").isalnum() and value.isprintable()
        ):
            raise SettingsError(
                f"Line {number} of {path} is no header.", remedy="Write it as Name: value."
            )
        found.append((name, value.strip()))
    return tuple(found)


def collector_at(address: Address) -> Collector:
    """Return what delivers to this address."""
    from exports.outbox.otlp import Otlp
    from exports.outbox.syslog import Syslog

    return Otlp(address) if address.scheme.startswith("otlp") else Syslog(address)
