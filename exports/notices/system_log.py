"""Tells the system's log, or a syslog collector, that something needs a person (RFC 5424)."""

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exports.notices.notice import Notice
from exports.outbox.collectors import Address, NotDeliveredError
from exports.outbox.syslog import connected, finish

_ALERT = 8 * 13 + 1
"""Facility log audit, severity alert."""
UNANSWERED: Mapping[str, int] = MappingProxyType({"syslog+udp": 514})
"""Schemes over which nobody says that a message came, with their ports: notices may go so, evidence
never.
"""
_MOST_OF_A_DATAGRAM = 2048
"""Bytes; what receivers should take (RFC 5426)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLog:
    """Implements `Channel`: on this machine's socket where no address is named."""

    address: Address | None = None
    local: str = "/dev/log"

    def tell(self, one: Notice) -> None:
        """Send one message. Raises NotDeliveredError."""
        words = f"{one.title}. {one.text} {one.command}".strip()
        try:
            if self.address is None:
                self._here(f"<{_ALERT}>outgate: {words}".encode())
            else:
                self._there(self.address, one, words)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise NotDeliveredError(f"The system's log did not take it: {why}.") from None

    def _here(self, message: bytes) -> None:
        # A datagram that nobody listens for is an error only on a connected socket.
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
            log.connect(self.local)
            log.send(message)

    def _there(self, address: Address, one: Notice, words: str) -> None:
        message = _head(one) + words.encode()
        with connected(address) as connection:
            connection.sendall(b"%d %b" % (len(message), message))
            finish(connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagrams:
    """Implements `Channel` for syslog over UDP (RFC 5426), where nobody answers: what it tells was
    sent, once, and may have come to nobody.
    """

    address: Address

    def tell(self, one: Notice) -> None:
        """Send one message. Raises NotDeliveredError where it could not even be sent, or the
        collector's machine says at once that nobody listens there.
        """
        head, end = _head(one) + f"{one.title}. ".encode(), f" {one.command}".encode()
        room = _MOST_OF_A_DATAGRAM - len(head) - len(end)
        text = one.text.encode()[:room].decode(errors="ignore")
        try:
            self._send(head + text.encode() + end)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise NotDeliveredError(f"The message was not sent: {why}.") from None

    def _send(self, message: bytes) -> None:
        where = socket.getaddrinfo(self.address.host, self.address.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, place = where[0]
        with socket.socket(family, kind, protocol) as sending:
            sending.connect(place)
            sending.send(message)
            sending.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sending.recv(1)


def _head(one: Notice) -> bytes:
    head = f"<{_ALERT}>1 {one.at} {socket.gethostname() or '-'} outgate - {one.about} - "
    return head.encode("ascii", "replace") + b"\xef\xbb\xbf"
