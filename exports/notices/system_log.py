"""Tells the system's log, or a syslog collector, that something needs a person (RFC 5424)."""

import contextlib
import socket
import ssl
from dataclasses import dataclass

from exports.notices.notice import Notice
from exports.outbox.collectors import Address, NotDeliveredError
from exports.outbox.syslog import connected, finish

_ALERT = 8 * 13 + 1
"""Facility log audit, severity alert."""


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
        head = f"<{_ALERT}>1 {one.at} {socket.gethostname() or '-'} outgate - {one.about} - "
        message = head.encode("ascii", "replace") + b"\xef\xbb\xbf" + words.encode()
        with connected(address) as connection:
            connection.sendall(b"%d %b" % (len(message), message))
            finish(connection)
