"""Where streams go to: files and standard output as JSON lines or OCSF, webhooks, and whatever a
gate's own collectors speak (syslog, OTLP).
"""

import hashlib
import hmac
import http.client
import ipaddress
import os
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from core.errors import InputError
from evidence.chain import canonical
from evidence.entries import Entry
from exports.contents import Contents
from exports.formats import format_named
from exports.outbox.collectors import TIMEOUT_S, NotDeliveredError, Parcel

FORMATS = ("jsonl", "ocsf")
_PIECE = 1 << 16
_TAKEN = range(200, 300)


def lines(parcel: Parcel, format_: str) -> bytes:
    """Return a parcel as lines; each says which endpoint it is of."""
    if format_ == "ocsf":
        out = BytesIO()
        format_named("ocsf").write(Contents(parcel.records, parcel.acts), None, out)
        return out.getvalue()
    return b"".join(_lines(parcel.machine, [*parcel.records, *parcel.acts]))


def _lines(machine: str, entries: Sequence[Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield canonical({**entry.exported(), "endpoint": machine}) + b"\n"


def appended(path: Path) -> BinaryIO:
    """Open a file to append to, its owner's only; a line that was cut off by a crash is taken off,
    for it is sent again. Raises InputError.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(handle, "r+b")
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - _PIECE)
            file.seek(begin)
            at = file.read(end - begin).rfind(b"\n")
            end = begin if at < 0 else begin + at + 1
            if at >= 0:
                break
        file.truncate(end)
        file.seek(end)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}.") from None
    return file


@dataclass(frozen=True, slots=True)
class ToFile:
    """Appends to a file, or to standard output; a file has it on its disk before it counts."""

    out: BinaryIO
    format: str

    def deliver(self, parcel: Parcel) -> int:
        """Write it. Raises NotDeliveredError."""
        try:
            self.out.write(lines(parcel, self.format))
            self.out.flush()
            if self.out.seekable():
                os.fsync(self.out.fileno())
        except OSError as error:
            raise NotDeliveredError(f"It cannot be written: {error.strerror}.") from None
        return 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts lines to a URL; with a secret each message is signed: `Outgate-Signature: sha256=HEX`,
    HMAC-SHA256 of the body.
    """

    url: str
    format: str
    secret: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    authority: Path | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise InputError(
                "That is no address of a webhook.", remedy="--to https://siem.corp.example/outgate"
            ) from None
        plain = parts.scheme == "http" and _is_here(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or plain):
            raise InputError(
                "A webhook is an https:// address; http:// only on this machine.",
                remedy="--to https://siem.corp.example/outgate",
            )
        if parts.username or parts.password:
            raise InputError("An address holds no password.", remedy="--headers FILE")

    def deliver(self, parcel: Parcel) -> int:
        """Post it. Raises NotDeliveredError."""
        parts, body = urlsplit(self.url), lines(parcel, self.format)
        first, last = _reach(parcel)
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": f"outgate-hub/{version('outgate')}",
            # The same parcel has the same key: who keeps it takes none twice.
            "Idempotency-Key": f"{parcel.machine}:{first}-{last}",
            **dict(self.headers),
        }
        if self.secret:
            mark = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
            headers["Outgate-Signature"] = f"sha256={mark}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection()
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise NotDeliveredError(f"The webhook did not take it: {why}.") from None
        finally:
            connection.close()
        if status not in _TAKEN:
            raise NotDeliveredError(f"The webhook answered {status}.")
        return 0

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port or 80, timeout=TIMEOUT_S)
        context = ssl.create_default_context()
        if self.authority is not None:
            context.load_verify_locations(self.authority)
        return http.client.HTTPSConnection(
            host, parts.port or 443, timeout=TIMEOUT_S, context=context
        )


def _reach(parcel: Parcel) -> tuple[str, int]:
    entries = [*parcel.records, *parcel.acts]
    return f"{entries[0].link.chain_id}:{entries[0].link.seq}", entries[-1].link.seq


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
